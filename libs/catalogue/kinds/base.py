"""What every kind of reward says of itself. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from pydantic import Field

from libs.catalogue.facts import MemberFacts
from libs.catalogue.flow import Cancelling, Flow, Late, flow
from libs.promotions.parts import Part

Words = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Link = Annotated[str, Field(pattern=r"^https://[^\s]{1,500}$")]
Minor = Annotated[int, Field(strict=True, ge=1, le=10**12)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
ValidDays = Annotated[int, Field(strict=True, ge=1, le=3_650)]
Choices = Annotated[tuple[Words, ...], Field(max_length=200)]
Shape = Literal["code", "link", "status", "thanks", "pooled"]


class Issued(NamedTuple):
    """What a member can use at once: a code, a link, a status, words of thanks; until a day, or for ever.

    Of a `pooled` one the value is the id of a code, whose text is kept elsewhere.
    """

    shape: Shape
    value: str
    valid_until: date | None = None


class Issuing(NamedTuple):
    """For whom something is issued: the order, which piece of it, the business day, and unguessable letters."""

    order_id: UUID
    piece: int
    today: date
    letters: str

    def until(self, days: int | None) -> date | None:
        """The last day of so many from today on."""
        return None if days is None else self.today + timedelta(days=days)


class Asked(Part):
    """What has to be known of an order of this kind; most need nothing."""


def issues_nothing(data: Any, issuing: Issuing) -> Issued | None:
    """Of things that are brought, nothing is usable at once."""
    return None


def begins_never(data: Any, asked: Any) -> date | None:
    """Of things that are not dated, no day matters."""
    return None


def for_everybody(data: Any, facts: MemberFacts) -> str | None:
    """Nothing but the reward's own audience decides who may have it."""
    return None


def asks_nothing_more(data: Any, asked: Any) -> str | None:
    """Whatever was answered will do."""
    return None


class RewardKind(NamedTuple):
    """One of the sixteen kinds.

    `data` is what a reward of the kind says, `asked` what a member says who orders it; of that `personal` is sealed.
    `flow` is the way of an order, `issue` makes what is usable at once, `begins` tells the day on which it takes
    place. `bars` and `answers` give the code of why this member, or these answers, will not do.
    """

    name: str
    data: type[Part]
    flow: Callable[[Any], Flow]
    asked: type[Part] = Asked
    personal: frozenset[str] = frozenset()
    issue: Callable[[Any, Issuing], Issued | None] = issues_nothing
    begins: Callable[[Any, Any], date | None] = begins_never
    bars: Callable[[Any, MemberFacts], str | None] = for_everybody
    answers: Callable[[Any, Any], str | None] = asks_nothing_more


BROUGHT = flow(
    "ordered",
    "approved",
    "shipped",
    "delivered",
    back={
        "ordered": ("failed",),
        "approved": ("failed",),
        "shipped": ("returned", "failed"),
        "delivered": ("returned",),
    },
    cancelling=Cancelling(frozenset({"ordered", "approved"}), within_days=14),
)
"""Things that are brought: approved, shipped, delivered; given up until they are on their way."""

AT_ONCE = flow("issued", "used", back={}, cancelling=Cancelling(frozenset({"issued"}), within_days=14), restocks=False)
"""What is usable at once, and given up as long as nobody used it."""

GIVEN = flow("issued", back={}, cancelling=Cancelling(frozenset()), restocks=False)
"""What is given at once, and not by the member's own will taken back."""

DATED = flow(
    "booked",
    "attended",
    back={"booked": ("failed",)},
    cancelling=Cancelling(frozenset({"booked"}), late=(Late(2, 0), Late(7, 50))),
)
"""What takes place on a day: all comes back a week ahead, half until two days before, nothing later."""


class Delivery(Asked):
    """Where things are brought: to a store, or to an address."""

    pick_up_at: Code | None = None
    address: Annotated[str, Field(min_length=5, max_length=500)] | None = None


PERSONAL = frozenset({"address"})


def has_a_place(data: Any, asked: Delivery) -> str | None:
    """One of the two places has to be known."""
    return "answer-needed" if (asked.pick_up_at is None) == (asked.address is None) else None


def chosen(wanted: str | None, choices: tuple[str, ...]) -> str | None:
    """Why a choice is none: something has to be chosen where there is a choice, and of what there is."""
    if choices:
        return None if wanted in choices else "answer-needed"
    return None if wanted is None else "answer-needed"
