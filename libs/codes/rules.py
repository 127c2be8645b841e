"""What a pool says of its codes, and whether a code counts for an order. Pure; every reason against it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Names = Annotated[tuple[Name, ...], Meta(max_length=1_000)]
Minor = Annotated[int, Meta(ge=0, le=10**12)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
State = Literal["created", "assigned", "published", "redeemed", "void"]
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HUNDRED = 100


class Benefit(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a code takes off: an amount, or so many percent with a most; of the lines that it is for."""

    amount_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    percent: Annotated[int, Meta(ge=1, le=_HUNDRED)] | None = None
    most_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None


class PoolRules(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When the codes of a pool count. What is not said is not asked.

    Instants and days are half-open; weekdays and hours are those of the programme's zone. `uses` is how often one code
    is redeemed (null: without end), `per_member` how often by one member. `own_only` keeps a code for whoever it was
    assigned to. Of `skus`, `categories` and `brands` a line has to meet one.
    """

    valid_from: datetime | None = None
    valid_until: datetime | None = None
    valid_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    uses: Annotated[int, Meta(ge=1, le=10**9)] | None = 1
    per_member: Annotated[int, Meta(ge=1, le=10**6)] | None = None
    own_only: bool = False
    stores: Names = ()
    channels: Names = ()
    tiers: Names = ()
    weekdays: tuple[Weekday, ...] = ()
    from_hour: Annotated[int, Meta(ge=0, le=23)] | None = None
    to_hour: Annotated[int, Meta(ge=1, le=24)] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    min_total_minor: Minor | None = None
    skus: Names = ()
    categories: Names = ()
    brands: Names = ()
    benefit: Benefit | None = None
    combines: bool = True

    @property
    def names_products(self) -> bool:
        """Whether only some lines count."""
        return bool(self.skus or self.categories or self.brands)


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of an order; the amount in minor units."""

    sku: Name
    amount_minor: Annotated[int, Meta(ge=-(10**12), le=10**12)]
    category: Annotated[str, Meta(max_length=64)] | None = None
    brand: Annotated[str, Meta(max_length=64)] | None = None


class Order(Struct, frozen=True, forbid_unknown_fields=True):
    """What a code is to count for."""

    total_minor: Minor = 0
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    store: Name | None = None
    channel: Name | None = None
    lines: Annotated[tuple[Line, ...], Meta(max_length=5_000)] = ()


class Code(NamedTuple):
    """A code as it stands."""

    code_id: UUID
    state: State
    uses: int
    member_id: UUID | None
    expires_at: datetime | None


class Asker(NamedTuple):
    """Who shows a code: the member, if one is named, the tier, and how often they redeemed codes of this pool."""

    member_id: UUID | None = None
    tier: str | None = None
    used: int = 0


class RulesWrong(ValueError):
    """A document is no rules."""


class Reason(NamedTuple):
    """Why a code does not count, by a code and in words."""

    code: str
    detail: str


def read_rules(document: Any) -> PoolRules:
    """Read the rules of a pool.

    Raises:
        RulesWrong: what is wrong with them.
    """
    try:
        rules = msgspec.convert(document, PoolRules, strict=True)
    except msgspec.ValidationError as error:
        raise RulesWrong(str(error)) from None
    if (wrong := _contradiction(rules)) is not None:
        raise RulesWrong(wrong)
    return rules


def _contradiction(rules: PoolRules) -> str | None:
    start, end, first, last = rules.valid_from, rules.valid_until, rules.from_hour, rules.to_hour
    benefit = rules.benefit
    amounts = rules.min_total_minor or (benefit is not None and benefit.amount_minor)
    wrong = {
        "valid_from: an RFC 3339 date-time with an offset": start is not None and start.tzinfo is None,
        "valid_until: an RFC 3339 date-time with an offset": end is not None and end.tzinfo is None,
        "from_hour and to_hour: both or neither": (first is None) != (last is None),
        "to_hour: later than from_hour": first is not None and last is not None and first >= last,
        "currency: an amount has one": amounts and rules.currency is None,
        "benefit: amount_minor or percent, one of the two": benefit is not None
        and (benefit.amount_minor is None) == (benefit.percent is None),
    }
    if (found := next((says for says, holds in wrong.items() if holds), None)) is not None:
        return found
    return "valid_until: later than valid_from" if start and end and start >= end else None


def reasons(
    rules: PoolRules, code: Code, order: Order, asker: Asker, now: datetime, zone: ZoneInfo, *, paused: bool = False
) -> tuple[Reason, ...]:
    """Say everything that keeps a code from counting for an order; nothing when it counts."""
    found = [*_of_code(rules, code, now), *_of_asker(rules, code, asker), *_of_order(rules, order, now, zone)]
    if paused:
        found.insert(0, Reason("paused", "Codes of this kind are stopped for now."))
    return tuple(found)


def _of_code(rules: PoolRules, code: Code, now: datetime) -> Iterator[Reason]:
    if code.state == "void":
        yield Reason("void", "The code was made void.")
    if rules.uses is not None and code.uses >= rules.uses:
        yield Reason("used-up", "The code was redeemed already.")
    if rules.valid_from is not None and now < rules.valid_from:
        yield Reason("not-yet", f"The code counts from {rules.valid_from.isoformat()} on.")
    ends = [end for end in (rules.valid_until, code.expires_at) if end is not None]
    if ends and now >= min(ends):
        yield Reason("expired", f"The code counted until {min(ends).isoformat()}.")


def _of_asker(rules: PoolRules, code: Code, asker: Asker) -> Iterator[Reason]:
    if asker.member_id is None:
        if rules.own_only or rules.per_member is not None or rules.tiers:
            yield Reason("member-needed", "The code counts for members: say whose it is.")
        return
    if rules.own_only and code.member_id != asker.member_id:
        yield Reason("other-member", "The code belongs to another member.")
    if rules.per_member is not None and asker.used >= rules.per_member:
        yield Reason("member-used-up", f"A member redeems {rules.per_member} of these at most.")
    if rules.tiers and asker.tier not in rules.tiers:
        yield Reason("tier", f"The code counts for {', '.join(rules.tiers)}.")


def _of_order(rules: PoolRules, order: Order, now: datetime, zone: ZoneInfo) -> Iterator[Reason]:
    if rules.stores and order.store not in rules.stores:
        yield Reason("store", "The code does not count in this store.")
    if rules.channels and order.channel not in rules.channels:
        yield Reason("channel", f"The code counts in {', '.join(rules.channels)}.")
    local = now.astimezone(zone)
    if rules.weekdays and _WEEKDAYS[local.weekday()] not in rules.weekdays:
        yield Reason("weekday", f"The code counts on {', '.join(rules.weekdays)}.")
    if rules.from_hour is not None and rules.to_hour is not None and not rules.from_hour <= local.hour < rules.to_hour:
        yield Reason("hour", f"The code counts from {rules.from_hour} to {rules.to_hour} o'clock.")
    if rules.currency is not None and order.currency is not None and order.currency != rules.currency:
        yield Reason("currency", f"The code counts in {rules.currency}.")
    elif rules.min_total_minor is not None and order.total_minor < rules.min_total_minor:
        yield Reason("minimum", f"The order comes to less than {rules.min_total_minor} minor units.")
    if rules.names_products and not _lines(rules, order.lines):
        yield Reason("products", "Nothing in the order is what the code is for.")


def discount(rules: PoolRules, order: Order) -> int:
    """How much a code takes off an order for which it counts, in minor units; never more than there is to pay."""
    benefit = rules.benefit
    if benefit is None:
        return 0
    base = order.total_minor
    if rules.names_products:
        base = min(base, sum(max(line.amount_minor, 0) for line in _lines(rules, order.lines)))
    off = benefit.amount_minor or base * (benefit.percent or 0) // _HUNDRED
    return min(base, off if benefit.most_minor is None else min(off, benefit.most_minor))


def _lines(rules: PoolRules, lines: Sequence[Line]) -> list[Line]:
    return [
        line
        for line in lines
        if line.sku in rules.skus or line.category in rules.categories or line.brand in rules.brands
    ]
