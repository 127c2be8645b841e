"""What the body of a quote says of codes, points and gift cards. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Len
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libs.codes.proof import MOST_CODES
from services.gateway.door.problems import FieldError, ProblemError, pointer

Typed = Annotated[str, Field(min_length=1, max_length=128)]
_MOST_CARDS = 8


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PointsWanted(_Body):
    """The member's points are to pay: as many as may, as the balance has, or so many at most."""

    points: int | None = Field(
        default=None, strict=True, ge=1, le=10**15, description="So many at most, in the wallet's minor unit."
    )


class CardWanted(_Body):
    """A gift card is to pay: what is left to be paid, as far as its balance goes, or so much at most."""

    number: Typed = Field(description="With or without spaces and dashes.")
    amount_minor: int | None = Field(default=None, strict=True, ge=1, le=10**12, description="At most; minor units.")


class CartWants(_Body):
    """What is to count and to pay for a cart."""

    codes: Annotated[tuple[Typed, ...], Len(0, MOST_CODES)] = Field(
        default=(), description="Codes of coupons and vouchers, as typed or scanned."
    )
    points: PointsWanted | None = Field(default=None, description="Points of the member that are to pay.")
    gift_cards: Annotated[tuple[CardWanted, ...], Len(0, _MOST_CARDS)] = Field(
        default=(), description="Gift cards that are to pay what points leave."
    )


FIELDS = frozenset(CartWants.model_fields)


def read_wants(document: Mapping[str, Any]) -> CartWants | None:
    """Read those fields of a body; None where it has none of them.

    Raises:
        ProblemError: what is wrong with them.
    """
    said = {name: document[name] for name in FIELDS if name in document}
    if not said:
        return None
    try:
        return CartWants.model_validate(said)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        raise ProblemError(
            "request-invalid",
            errors=[FieldError(pointer=pointer("body", *each["loc"]), detail=each["msg"]) for each in faults],
        ) from None
