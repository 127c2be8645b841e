"""The bodies of requests about households."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.codes.bodies import MemberBody

_BY = (
    "Whose doing it is: a member of the household. Without, it is an operator's, which takes the scope `points:adjust`."
)


class FoundBody(MemberBody):
    """Who founds a household."""


class _ByBody(MemberBody):
    by_member_id: UUID | None = Field(default=None, description=_BY)


class InviteBody(_ByBody):
    """Who is asked to belong to it, in which role."""

    role: Literal["owner", "adult", "child"] = Field(default="adult", description="`owner`, `adult` or `child`.")


class AnswerBody(MemberBody):
    """What a member who was asked says: send it for nobody who has not said so."""

    accept: bool = Field(strict=True, description="Whether the member agrees.")


class RoleBody(_ByBody):
    """Who gets which role."""

    role: Literal["owner", "adult", "child"] = Field(description="`owner`, `adult` or `child`.")


class DepartBody(_ByBody):
    """Who goes. To leave, `by_member_id` is the member's own id."""


class DissolveBody(BaseModel):
    """Who ends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by_member_id: UUID | None = Field(default=None, description=_BY)
