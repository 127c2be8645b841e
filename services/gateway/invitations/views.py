"""What is sent and answered about invitations to friends."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from services.gateway.rules.bodies import Body
from services.gateway.views import View


class Inviting(Body):
    """Whom a member invites. The address is used for one notice and not kept."""

    model_config = ConfigDict(json_schema_extra={"example": {"address": "friend@example.org", "language": "en"}})

    address: str = Field(min_length=3, max_length=254, description="The friend's mail address.")
    language: Literal["en", "de"] = Field(default="en", description="The language of the notice.")


class InvitationsView(View):
    """How many friends a member has invited, and what they answered; nobody is named."""

    model_config = ConfigDict(json_schema_extra={"example": {"invited": 3, "agreed": 1, "refused": 0}})

    invited: int
    agreed: int = Field(description="Who agreed to hear more.")
    refused: int = Field(description="Who said no.")
