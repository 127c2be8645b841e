"""The bodies of requests to spend points, read and described."""

from __future__ import annotations

from typing import Any, Literal, Self, TypeVar
from uuid import UUID

from fastapi import Request
from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from libs.contracts.orders import OrderAsk
from libs.contracts.primitives import CurrencyCode, Name32, Name64, Name256
from services.gateway.door.openapi import inlined
from services.gateway.door.problems import FieldError, ProblemError, pointer
from services.gateway.intake.bodies import read_json
from services.gateway.intake.description import KEY

MOST = 64 * 1024
_MOST_POINTS = 10**15
_MOST_MINOR = 10**12
T = TypeVar("T", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class QuoteBody(_Body):
    """Whose points, and how many or for which reward; the member by id, or by an identifier that a till has read."""

    member_id: UUID | None = Field(default=None, description="Whose points.")
    identifier: str | None = Field(
        default=None,
        pattern="^[a-z_]{1,32}:[^\\x00-\\x1f]{1,128}$",
        description="Instead of the id: `card:98123456`.",
    )
    points: int | None = Field(
        default=None,
        strict=True,
        ge=0,
        le=_MOST_POINTS,
        description="How many, in the wallet's minor unit. Of a bill: the most that is taken. "
        "Of a reward whose price slides: how many for each piece.",
    )
    wallet: Name32 | None = Field(
        default=None,
        description="From this wallet alone; else from all that count in the unit of the first, in their order.",
    )

    household: bool = Field(
        default=False,
        strict=True,
        description="Spend out of what the member's household shares, lot by lot as they lapse; the answer's lots name "
        "whose each is. Without, the member's own points alone.",
    )
    bill_minor: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=_MOST_MINOR,
        description="Instead of so many points: the bill that points are to pay, in the currency's minor unit, by the "
        "programme's rate and as far as it lets them.",
    )
    currency: CurrencyCode | None = Field(default=None, description="The bill's currency; it is the programme's.")
    partial: bool = Field(default=False, strict=True, description="Of a bill: with too few points, pay what these pay.")
    reward: Name64 | None = Field(default=None, description="A reward of the catalogue, instead of a number of points.")
    quantity: int = Field(default=1, strict=True, ge=1, le=10_000, description="Of a reward: how many pieces.")
    plan: Name64 | None = Field(
        default=None, description="Of a reward: its price plan; else the cheapest that can be paid."
    )
    store: Name64 | None = Field(default=None, description="Of a reward: where it is asked for.")
    channel: Name64 | None = Field(default=None, description="Of a reward: `app`, `web`, `till`, `call_centre`, …")
    partner: Name64 | None = Field(default=None, description="Of a reward: at which partner.")
    country: str | None = Field(
        default=None, pattern="^[A-Z]{2}$", description="Of a reward: in which country (ISO 3166)."
    )

    def order(self) -> OrderAsk | None:
        """What is asked of a reward; None where it is about points alone."""
        if self.reward is None:
            return None
        return OrderAsk(
            reward=self.reward,
            quantity=self.quantity,
            store=self.store,
            channel=self.channel,
            partner=self.partner,
            country=self.country,
            plan=self.plan,
        )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.reward is not None:
            if self.wallet is not None or self.bill_minor is not None:
                raise PydanticCustomError("reward", "a reward's price names its wallet, and pays no bill")
        elif self.points is None and self.bill_minor is None:
            raise PydanticCustomError("points", "either points, bill_minor or reward says how much is to be spent")
        elif self.points == 0:
            raise PydanticCustomError("points", "points are 1 or more, but for the pieces of a reward")
        return self

    @model_validator(mode="after")
    def _one_member(self) -> Self:
        if (self.member_id is None) == (self.identifier is None):
            raise PydanticCustomError("member", "the member is named by member_id or by identifier, one of the two")
        return self


class RedeemBody(QuoteBody):
    """The same, to be redeemed at once or held for a while."""

    answers: dict[str, Any] = Field(
        default_factory=dict, description="Of a reward: what its kind asks for, such as a size or where to bring it."
    )
    hold: bool = Field(default=False, strict=True, description="Hold them for 15 minutes, to commit or release.")
    reference: Name64 | None = Field(default=None, description="What you call it: it is kept and shown.")

    def order(self) -> OrderAsk | None:
        """What is asked of a reward, with what was answered."""
        asked = super().order()
        return None if asked is None else replace(asked, answers=self.answers)


class CommitBody(_Body):
    """How much of a hold is redeemed; the rest is free again."""

    points: int | None = Field(default=None, strict=True, ge=1, le=_MOST_POINTS, description="Default: all.")


class CancelBody(_Body):
    """How much of a redemption comes back, and whose doing that is."""

    points: int | None = Field(
        default=None, strict=True, ge=1, le=_MOST_POINTS, description="Default: all that is left."
    )
    quantity: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=10_000,
        description="Of a reward: how many pieces; default: all that are left.",
    )
    note: Name256 | None = Field(default=None, description="Of a reward: why; it is kept and shown.")
    returned_minor: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=_MOST_MINOR,
        description="Instead of points: so much of the bill came back, and the points that paid it come back in "
        "proportion to the whole bill. Each return is told once; what comes back follows from all of them together.",
    )
    by: Literal["member", "operator", "partner"] = Field(
        default="member",
        description="What has passed its date lapses at once when the member cancels, and lives up to 30 days, not "
        "beyond the next boundary, when an operator or partner does; these take the scope `points:adjust`.",
    )


class NoBody(_Body):
    """Nothing needs to be said."""


async def read_body(request: Request, model: type[T]) -> tuple[T, Any]:
    """Return the body as `model`, and as it was sent; none at all is an empty object.

    Raises:
        ProblemError: it is no JSON, too large or too slow, or not what is expected.
    """
    document = {} if request.headers.get("content-length") == "0" else await read_json(request, MOST)
    try:
        return model.model_validate(document), document
    except ValidationError as error:
        faults = [FieldError(pointer=pointer(("body", *fault["loc"])), detail=fault["msg"]) for fault in error.errors()]
        raise ProblemError("request-invalid", errors=faults) from None


def described(model: type[BaseModel], specimen: dict[str, Any], *, keyed: bool = True) -> dict[str, Any]:
    """Describe a body, and the key that it is sent under."""
    schema = model.model_json_schema()
    content = {"application/json": {"schema": inlined(schema), "example": specimen}}
    body: dict[str, Any] = {"requestBody": {"required": bool(schema.get("required")), "content": content}}
    return {"parameters": [dict(KEY)], **body} if keyed else body
