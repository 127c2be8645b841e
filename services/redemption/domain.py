"""Decisions about redemptions: what is held, redeemed, freed and given back, and why not. Pure.

A decision takes the member's ledger in hand, on which what time has done is recorded already, and records on it what it
makes. A "no" is a `Refusal`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from libs.catalogue.orders import Order
from libs.judging.terms import Terms
from libs.ledger.boundary import ExpiryCalendar
from libs.ledger.give_back import GivenBack, Share, commit, release, restore
from libs.ledger.model import Kind, MemberLedger, Movement
from libs.ledger.spend import Spending, hold, redeem, rested
from libs.lives.life import Life, MemberName
from libs.lives.made import Cause
from libs.promotions.choices import Choice
from libs.promotions.facts import MemberFacts
from libs.promotions.households import HouseholdTerms
from libs.promotions.paying import Payment, Tax
from libs.promotions.trades import TradeKind, Trades
from libs.promotions.transfers import Counted

State = Literal["held", "released", "expired", "redeemed", "cancelled"]
Doer = Literal["member", "operator", "partner"]
"""Who undoes a redemption: for others than the member what has passed its date lives a while longer."""


NO_DATES: Mapping[int, datetime] = MappingProxyType({})
NO_PEOPLE: Mapping[UUID, MemberFacts] = MappingProxyType({})


class Refusal(NamedTuple):
    """Why a request is not done, by a code and in words."""

    code: str
    detail: str


IN_DEBT = Refusal("in-debt", "Points are owed; nothing is redeemed until that is repaid.")


class Rules(Struct, frozen=True):
    """What a programme says of redemptions at an instant: its wallets in order, each with its decimals and calendar.

    `counts` says whether members' redemptions are counted by the day, `payment` how points pay bills in `currency`;
    `rest` is how long what came from another member may not be spent, `trades` what points may be traded for by this
    `version` of the programme, `choices` those that campaigns may grant, `household` what members share; `blocked` are
    members who begin nothing new. By `terms` the points of some have other dates, of whom `people` tells.
    """

    tenant: str
    programme: str
    zone: ZoneInfo
    scales: Mapping[str, int]
    calendars: Mapping[str, ExpiryCalendar]
    counts: bool = False
    currency: str = ""
    payment: Payment | None = None
    rest: timedelta = timedelta(0)
    trades: Trades | None = None
    version: int = 1
    choices: tuple[Choice, ...] = ()
    blocked: frozenset[UUID] = frozenset()
    household: HouseholdTerms | None = None
    terms: Terms | None = None
    people: Mapping[UUID, MemberFacts] = NO_PEOPLE

    @property
    def dates_by_member(self) -> bool:
        """Whether members have to be known for the dates of their points."""
        return self.terms is not None and self.terms.by_member

    def calendar(self, wallet: str, member_id: UUID) -> ExpiryCalendar:
        """The calendar that gives a member's points of a wallet their dates."""
        if self.terms is None or not self.terms.by_member:
            return self.calendars[wallet]
        return self.terms.of(wallet, self.people.get(member_id))

    @property
    def source(self) -> str:
        """The source under which redemptions are named as causes."""
        return f"/pointstream/{self.tenant}/{self.programme}/redemptions"


class Portion(NamedTuple):
    """Points of a lot that a redemption took by the movement `seq`, and how many of them came back since.

    `owner` is whose lot and movement it is, where that is another member of the household.
    """

    seq: int
    wallet: str
    lot_seq: int
    amount: int
    restored: int = 0
    owner: UUID | None = None


class Bill(Struct, frozen=True):
    """What a redemption pays: so much of a bill, by a rate of so many points for so much; minor units of a currency.

    `tax` is what points are for the tax on the bill. Of the bill, so much was `returned` since.
    """

    currency: str
    amount: int
    paid: int
    rate_points: int
    rate_minor: int
    tax: Tax
    returned: int = 0


class Trade(Struct, frozen=True):
    """Points that came or went for something else: `other` is money in a currency, or units of another programme.

    `party` is that programme or a charity, `opens` the lot that came. Of a loan `other` is what is to be repaid, by
    `rate_other` of each `rate_points` credited later, and what is left at `due_at` is owed.
    """

    kind: TradeKind
    wallet: str
    points: int
    other: int
    rate_points: int
    rate_other: int
    version: int
    currency: str | None = None
    party: str | None = None
    pool: str | None = None
    payment: str | None = None
    opens: int | None = None
    due_at: datetime | None = None


class Redemption(Struct, frozen=True):
    """A redemption as it stands, with the bill, the order or the trade that it is for.

    Portions are in the order of their taking; of a trade that brings points there are none. `household_id` is whose
    points it took, where it begins so.
    """

    name: MemberName
    redemption_id: UUID
    state: State
    points: int
    portions: tuple[Portion, ...]
    asked_at: datetime
    changed_at: datetime
    restored: int = 0
    hold_until: datetime | None = None
    extended: bool = False
    reference: str | None = None
    counted_on: date | None = None
    order: Order | None = None
    bill: Bill | None = None
    trade: Trade | None = None
    household_id: UUID | None = None

    @property
    def shares(self) -> tuple[Share, ...]:
        """What is left to be given back."""
        return tuple(
            Share(each.seq, each.wallet, each.lot_seq, each.amount - each.restored)
            for each in self.portions
            if each.amount > each.restored
        )


class Changed(NamedTuple):
    """What came of a request: the redemption as it stands, what lapsed of what came back, later dates, counters."""

    redemption: Redemption
    lapsed: int = 0
    later: Mapping[int, datetime] = NO_DATES
    uses: tuple[Counted, ...] = ()


def wallets_of(rules: Rules, wallet: str | None) -> list[str] | Refusal:
    """The wallets that points are taken from: the one named, or all that count in the same unit as the first."""
    if wallet is not None:
        if wallet not in rules.scales:
            return Refusal("wallet-unknown", f"The programme has the wallets {', '.join(rules.scales)}.")
        return [wallet]
    first = next(iter(rules.scales.values()))
    return [name for name, scale in rules.scales.items() if scale == first]


class Quoted(NamedTuple):
    """What would be taken now, or why nothing would; `spendable` is what there is."""

    portions: tuple[Portion, ...]
    spendable: int
    refused: str | None


def quoted(
    ledger: MemberLedger, points: int, wallets: Sequence[str], now: datetime, rest: timedelta = timedelta(0)
) -> Quoted:
    """What would be taken now; nothing is recorded."""
    made = redeem(rested(ledger, rest, now), points, wallets, now)
    return Quoted(portions_of(made.movements), made.spendable, made.refused)


def taken(
    life: Life,
    redemption_id: UUID,
    cause: Cause,
    points: int,
    wallets: Sequence[str],
    now: datetime,
    *,
    held_for: timedelta | None = None,
    zone: ZoneInfo,
    reference: str | None = None,
    rest: timedelta = timedelta(0),
    reason: str | None = None,
) -> Changed | Refusal:
    """Redeem points at once, or hold them for so long."""
    decide = redeem if held_for is None else hold
    made = decide(rested(life.ledger, rest, now), points, wallets, now)
    if (refusal := why_not(made, points)) is not None:
        return refusal
    life.record(made.movements, cause, reason)
    return Changed(
        Redemption(
            name=life.name,
            redemption_id=redemption_id,
            state="redeemed" if held_for is None else "held",
            points=points,
            portions=portions_of(made.movements),
            asked_at=now,
            changed_at=now,
            hold_until=None if held_for is None else now + held_for,
            reference=reference,
            counted_on=_day(now, zone) if held_for is None else None,
        )
    )


def extended(redemption: Redemption, now: datetime, by: timedelta) -> Changed | Refusal:
    """Put the end of a hold off, once."""
    if (refusal := not_held(redemption, now)) is not None:
        return refusal
    if redemption.extended:
        return Refusal("hold-extended", "A hold is put off once.")
    return Changed(replace(redemption, hold_until=now + by, extended=True, changed_at=now))


def committed(
    life: Life, redemption: Redemption, cause: Cause, points: int | None, now: datetime, zone: ZoneInfo
) -> Changed | Refusal:
    """Redeem what is held, or a part of it and free the rest."""
    if (refusal := not_held(redemption, now)) is not None:
        return refusal
    wanted = redemption.points if points is None else points
    if wanted > redemption.points:
        return Refusal("points-exceeded", f"{redemption.points} points are held.")
    made = commit(life.ledger, redemption.shares, wanted, now)
    life.record(made.movements, cause)
    redeemed = portions_of([movement for movement in made.movements if movement.kind is Kind.COMMIT])
    return Changed(
        replace(
            redemption,
            state="redeemed",
            points=wanted,
            portions=redeemed,
            changed_at=now,
            counted_on=_day(now, zone),
        ),
        made.lapsed,
    )


def released(
    life: Life, redemption: Redemption, cause: Cause, now: datetime, *, over: bool = False
) -> Changed | Refusal:
    """Free what is held: because it is not needed, or because the time is `over`."""
    if redemption.state != "held":
        return _not(redemption, "hold-ended")
    made = release(life.ledger, redemption.shares, now)
    life.record(made.movements, cause, "hold-expired" if over else None)
    return Changed(replace(redemption, state="expired" if over else "released", changed_at=now), made.lapsed)


def cancelled(
    life: Life,
    redemption: Redemption,
    cause: Cause,
    points: int | None,
    now: datetime,
    *,
    by: Doer,
    grace: timedelta,
    rules: Rules,
) -> Changed | Refusal:
    """Give what was redeemed back, or a part of it, into the lots that it came from."""
    if redemption.state != "redeemed":
        return not_redeemed(redemption)
    left = redemption.points - redemption.restored
    wanted = left if points is None else points
    if wanted > left:
        return Refusal("points-exceeded", f"{left} points of it can still be given back.")
    mercy = {}
    if by != "member":
        mercy = {wallet: _grace(rules.calendar(wallet, life.name[2]), now, grace) for wallet in rules.calendars}
    made = restore(life.ledger, redemption.shares, wanted, now, mercy)
    life.record(made.movements, cause, f"cancelled-by-{by}")
    restored = redemption.restored + wanted
    return Changed(
        replace(
            redemption,
            state="cancelled" if restored == redemption.points else "redeemed",
            restored=restored,
            portions=_with_back(redemption.portions, made),
            changed_at=now,
        ),
        made.lapsed,
        made.later,
    )


def not_redeemed(redemption: Redemption) -> Refusal:
    """Why nothing of it can be given back."""
    return _not(redemption, "not-redeemed")


def _grace(calendar: ExpiryCalendar, now: datetime, grace: timedelta) -> datetime:
    """So long from now, and not beyond the next boundary."""
    boundary = calendar.next_boundary(now)
    return now + grace if boundary is None else min(now + grace, boundary.instant)


def _with_back(portions: Sequence[Portion], made: GivenBack) -> tuple[Portion, ...]:
    back = {(share.seq, share.lot_seq): share.amount for share in made.shares}
    return tuple(each._replace(restored=each.restored + back.get((each.seq, each.lot_seq), 0)) for each in portions)


def portions_of(movements: Sequence[Movement]) -> tuple[Portion, ...]:
    """What movements took, in their order."""
    return tuple(
        Portion(movement.seq, movement.wallet, part.lot_seq, part.amount)
        for movement in movements
        for part in movement.allocations
    )


def why_not(made: Spending, points: int) -> Refusal | None:
    """Why nothing was taken; None where it was."""
    match made.refused:
        case None:
            return None
        case "in-debt":
            return IN_DEBT
        case "insufficient-points":
            detail = f"{made.spendable} points can be spent, and {points} are asked for."
            return Refusal("insufficient-points", detail)


def not_held(redemption: Redemption, now: datetime) -> Refusal | None:
    """Why a hold can't be committed or put off any more; None while it can."""
    if redemption.state != "held":
        return _not(redemption, "hold-ended")
    if redemption.hold_until is not None and redemption.hold_until <= now:
        return Refusal("hold-expired", "The time of the hold is over.")
    return None


def _not(redemption: Redemption, code: str) -> Refusal:
    if redemption.state == "expired":
        return Refusal("hold-expired", "The time of the hold was over, and its points are free again.")
    return Refusal(code, f"The redemption is {redemption.state}.")


def _day(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()
