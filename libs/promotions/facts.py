"""What the engine knows about a purchase, another activity, and a member.

Everything here is read by attribute name only, so that a decoded `purchase.completed` payload is passed as it is,
without copying: the protocols say which attributes are needed, the dataclasses are for callers without such a payload.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Protocol, TypeVar
from uuid import UUID

from msgspec import Struct, structs

from libs.promotions.given import GivenDiscount, GivenLike
from libs.promotions.history import History

Like = TypeVar("Like")

Fact = str | int | bool
"""A value of a member's attribute or of an activity's data."""

NO_FACTS: Mapping[str, Fact] = MappingProxyType({})

ALL_LINES = -1
"""The set of all lines. A set of lines is an `int` whose bit i stands for line i, so `ALL_LINES & lines == lines`."""


class LineLike(Protocol):
    """One line of a receipt: `quantity` in pieces, `amount_minor` in minor units; both may be 0 or negative."""

    @property
    def sku(self) -> str: ...  # noqa: D102
    @property
    def category(self) -> str | None: ...  # noqa: D102
    @property
    def brand(self) -> str | None: ...  # noqa: D102
    @property
    def labels(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def quantity(self) -> int: ...  # noqa: D102
    @property
    def amount_minor(self) -> int: ...  # noqa: D102


class ReceiptLike(Protocol):
    """A purchase: `total_minor` in minor units of `currency`. When lines are given they add up to it.

    `discounts` are those that the till says it gave, all of them in the amounts already; None: it says nothing of them.
    `codes` names the pools of the codes that count for it.
    """

    @property
    def store(self) -> str | None: ...  # noqa: D102
    @property
    def channel(self) -> str: ...  # noqa: D102
    @property
    def partner(self) -> str | None: ...  # noqa: D102
    @property
    def payment(self) -> str | None: ...  # noqa: D102
    @property
    def currency(self) -> str: ...  # noqa: D102
    @property
    def total_minor(self) -> int: ...  # noqa: D102
    @property
    def lines(self) -> Sequence[LineLike]: ...  # noqa: D102
    @property
    def discounts(self) -> Sequence[GivenLike] | None: ...  # noqa: D102
    @property
    def codes(self) -> Sequence[str]: ...  # noqa: D102


class ActivityLike(Protocol):
    """What members do beside buying: `quantity` of it, `amount_minor` in `currency` (None: the programme's)."""

    @property
    def activity(self) -> str: ...  # noqa: D102
    @property
    def quantity(self) -> int: ...  # noqa: D102
    @property
    def amount_minor(self) -> int: ...  # noqa: D102
    @property
    def currency(self) -> str | None: ...  # noqa: D102
    @property
    def store(self) -> str | None: ...  # noqa: D102
    @property
    def channel(self) -> str: ...  # noqa: D102
    @property
    def partner(self) -> str | None: ...  # noqa: D102
    @property
    def labels(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def data(self) -> Mapping[str, Fact] | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Line:
    """A `LineLike` by itself."""

    sku: str
    quantity: int
    amount_minor: int
    category: str | None = None
    brand: str | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """A `ReceiptLike` by itself. Its instant is not part of it: `evaluate` takes the one to judge by as an argument."""

    currency: str
    total_minor: int
    lines: tuple[Line, ...] = ()
    store: str | None = None
    channel: str = "store"
    partner: str | None = None
    payment: str | None = None
    discounts: tuple[GivenDiscount, ...] | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    """An `ActivityLike` by itself."""

    activity: str
    quantity: int = 1
    amount_minor: int = 0
    currency: str | None = None
    store: str | None = None
    channel: str = "web"
    partner: str | None = None
    labels: tuple[str, ...] = ()
    data: Mapping[str, Fact] | None = None


@dataclass(frozen=True, slots=True)
class ActivityReceipt(Receipt):
    """An activity seen as a receipt: its own facts beside those of its one line."""

    data: Mapping[str, Fact] | None = None


class MemberFacts(Struct, frozen=True):
    """Who bought, as of the decision.

    What nobody has loaded is None, and then no condition on it is met, neither that
    something is so nor that it is not: `needs` of a compiled programme says what to load. `birthday` is the month and
    the day, `joined_on` the day of enrolment in the programme's zone. `profile` numbers the state of their profile that
    attributes and birthday are of.
    """

    member_id: UUID
    tier: str | None = None
    history: History | None = None
    segments: Collection[str] | None = None
    lists: Collection[str] | None = None
    attributes: Mapping[str, Fact] | None = None
    birthday: tuple[int, int] | None = None
    joined_on: date | None = None
    profile: int | None = None


def data_of(receipt: ReceiptLike) -> Mapping[str, Fact]:
    """Return the data of the activity that is seen as this receipt; a purchase has none."""
    return (receipt.data or NO_FACTS) if isinstance(receipt, ActivityReceipt) else NO_FACTS


def as_receipt(activity: ActivityLike, currency: str) -> Receipt:
    """See an activity as a receipt of one line, which has its quantity, amount and labels and no article.

    `currency` is the programme's; it stands also for an activity without an amount, whatever currency that names.
    """
    return ActivityReceipt(
        currency=(activity.amount_minor and activity.currency) or currency,
        total_minor=activity.amount_minor,
        lines=(Line("", activity.quantity, activity.amount_minor, labels=activity.labels),),
        store=activity.store,
        channel=activity.channel,
        partner=activity.partner,
        data=activity.data,
    )


def changed(like: Like, **changes: object) -> Like:
    """Copy a receipt or a line, whether it is a dataclass or a decoded struct, with some attributes changed."""
    kind: Any = like
    copy: Like = structs.replace(kind, **changes) if isinstance(like, Struct) else replace(kind, **changes)
    return copy


def amount_over(lines: Sequence[LineLike], chosen: int) -> int:
    """Add up the amounts of the chosen lines, in minor units; may be negative."""
    if chosen == ALL_LINES:
        return sum([line.amount_minor for line in lines])
    total = 0
    for line in lines:
        if chosen & 1:
            total += line.amount_minor
        chosen >>= 1
        if not chosen:
            break
    return total


def quantity_over(lines: Sequence[LineLike], chosen: int) -> int:
    """Add up the quantities of the chosen lines; may be negative."""
    if chosen == ALL_LINES:
        return sum([line.quantity for line in lines])
    total = 0
    for line in lines:
        if chosen & 1:
            total += line.quantity
        chosen >>= 1
        if not chosen:
            break
    return total
