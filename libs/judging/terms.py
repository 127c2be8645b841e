"""On which terms points are given: the calendar of a wallet, of some of its members, or of one effect. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from libs.ledger.boundary import ExpiryCalendar
from libs.ledger.periods import EveryDay, Fiscal, Listed, Period, Rhythm, Yearly
from libs.ledger.policies import CustomPeriods, ExpiryPolicy, FixedDates, NaturalPeriod, Never, Rolling
from libs.promotions.evaluation import Evaluation, Grant
from libs.promotions.expiry import (
    AnniversaryExpiry,
    AnyExpiry,
    CalendarExpiry,
    FixedExpiry,
    InactivityExpiry,
    NaturalExpiry,
    NeverExpiry,
    RollingExpiry,
)
from libs.promotions.facts import MemberFacts
from libs.promotions.payouts import Payout
from libs.promotions.programme import Programme
from libs.promotions.wallets import Wallet

PaidBy = tuple[str, int]
"""A campaign, and the number of its effect."""

_EVERY_DAY = EveryDay()
_DAY = timedelta(days=1)


def policy_of(expiry: AnyExpiry, member: MemberFacts | None = None) -> ExpiryPolicy:
    """Make of a document's words what the ledger's calendar understands.

    Of who is not known to have enrolled on any day, an anniversary is a year and the rest of its month.
    """
    policy: ExpiryPolicy
    match expiry:
        case NeverExpiry():
            policy = Never()
        case NaturalExpiry():
            period = Period(expiry.period)
            policy = NaturalPeriod(period, expiry.extra_periods, expiry.year_starts_in, expiry.at_least_days)
        case CalendarExpiry():
            ends = Yearly(tuple(map(_month_day, expiry.yearly))) if expiry.yearly else Listed(expiry.last_days)
            policy = CustomPeriods(ends, expiry.extra_periods, expiry.at_least_days)
        case RollingExpiry():
            policy = Rolling(expiry.months or 0, expiry.days or 0, _rhythm(expiry), expiry.at_least_days)
        case InactivityExpiry():
            policy = Rolling(expiry.months or 0, expiry.days or 0, _rhythm(expiry), kept_alive=True)
        case FixedExpiry():
            policy = FixedDates(expiry.rows, expiry.at_least_days)
        case AnniversaryExpiry():
            policy = _anniversary(expiry, member)
        case _:
            assert_never(expiry)
    return policy


class Terms:
    """The calendars of a version: each policy has one in the zone, but for one a birthday of membership.

    Safe to share between threads: whoever makes a calendar a second time makes the same.
    """

    __slots__ = (
        "_known", "_others", "_own", "_own_wallets", "_wallets", "alive", "by_effect", "by_member", "varied", "zone",
    )  # fmt: skip

    def __init__(self, document: Programme, zone: ZoneInfo) -> None:
        self.zone = zone
        self._wallets = {wallet.name: wallet for wallet in document.wallets}
        self._known: dict[object, ExpiryCalendar] = {}
        self._own = own_expiries(document)
        self._own_wallets = _wallets_of(document, self._own)
        self._others = {wallet.name: _cases(wallet) for wallet in document.wallets if wallet.expiry_for}
        self.by_effect = bool(self._own)
        """Whether any effect has a policy of its own."""
        self.alive = frozenset(
            [wallet for wallet, expiry in expiries_of(document) if isinstance(expiry, InactivityExpiry)]
        )
        """The wallets whose points members keep alive."""
        personal = any(isinstance(expiry, AnniversaryExpiry) for _, expiry in expiries_of(document))
        self.by_member = bool(self._others) or personal
        """Whether a wallet gives the points of some members other dates than those of others."""
        self.varied = self.by_effect or self.by_member
        """Whether two receipts of one day may bring points of one wallet with different dates."""

    def plain(self) -> Mapping[str, ExpiryCalendar]:
        """The calendar of each wallet, for members of whom nothing is known."""
        return {name: self._of(wallet.expiry, None) for name, wallet in self._wallets.items()}

    def of(self, wallet: str, member: MemberFacts | None) -> ExpiryCalendar:
        """The calendar of a wallet for a member."""
        return self._of(self.expiry(wallet, member), member)

    def of_effect(self, effect: PaidBy, member: MemberFacts | None) -> ExpiryCalendar:
        """The calendar of the points that an effect with a policy of its own brings."""
        return self._of(self._own[effect], member)

    def own_calendars(self, wallet: str, member: MemberFacts | None) -> list[ExpiryCalendar]:
        """The calendars of all effects of a wallet that have a policy of their own."""
        return [self.of_effect(effect, member) for effect, of in self._own_wallets.items() if of == wallet]

    def all_calendars(self, wallet: str, member: MemberFacts | None) -> list[ExpiryCalendar]:
        """The calendars of a wallet: those of members of any tier and segment, and those of effects."""
        policies = (self._wallets[wallet].expiry, *(expiry for _, _, expiry in self._others.get(wallet, ())))
        return [*(self._of(each, member) for each in policies), *self.own_calendars(wallet, member)]

    def expiry(self, wallet: str, member: MemberFacts | None) -> AnyExpiry:
        """The policy of a wallet for a member, as the document has it."""
        if member is not None:
            for tiers, segments, expiry in self._others.get(wallet, ()):
                if member.tier in tiers or (segments and not segments.isdisjoint(member.segments or ())):
                    return expiry
        return self._wallets[wallet].expiry

    def portions(self, evaluation: Evaluation, grant: Grant) -> list[tuple[PaidBy | None, int]]:
        """Cut what was granted to a wallet by what brought it: first what has the wallet's terms, None; then others.

        Each gets whole points, rounded down, and the first the rest; where there is no first, that goes to the last.
        """
        denominator = next(each.denominator for each in evaluation.remainders if each.wallet == grant.wallet)
        exact: dict[PaidBy | None, int] = {}
        for paid in evaluation.paid:
            if paid.wallet == grant.wallet:
                name = (paid.campaign, paid.effect)
                key = name if name in self._own else None
                exact[key] = exact.get(key, 0) + paid.amount
        ordinary = exact.pop(None, 0)
        own = [(key, amount // denominator) for key, amount in exact.items()]
        rest = grant.points - sum(points for _, points in own)
        if own and not ordinary:
            own[-1], rest = (own[-1][0], own[-1][1] + rest), 0
        return [(key, points) for key, points in [(None, rest), *own] if points > 0]

    def _of(self, expiry: AnyExpiry, member: MemberFacts | None) -> ExpiryCalendar:
        joined_on = member.joined_on if member is not None and isinstance(expiry, AnniversaryExpiry) else None
        key = (expiry, None if joined_on is None else (joined_on.month, joined_on.day))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = ExpiryCalendar(self.zone, policy_of(expiry, member))
        return found


def own_expiries(document: Programme) -> dict[PaidBy, AnyExpiry]:
    """The policies that effects have of their own."""
    return {
        (campaign.id, number): effect.expiry
        for campaign in document.campaigns
        for number, effect in enumerate(campaign.benefits)
        if isinstance(effect, Payout) and effect.expiry is not None
    }


def expiries_of(document: Programme) -> Iterable[tuple[str, AnyExpiry]]:
    """Every policy that points of a programme may have, with the wallet that they are in."""
    for wallet in document.wallets:
        yield wallet.name, wallet.expiry
        for other in wallet.expiry_for:
            yield wallet.name, other.expiry
    for campaign in document.campaigns:
        for effect in campaign.benefits:
            if isinstance(effect, Payout) and effect.expiry is not None:
                yield document.wallet_for(effect), effect.expiry


def _wallets_of(document: Programme, own: Iterable[PaidBy]) -> dict[PaidBy, str]:
    by_id = {campaign.id: campaign for campaign in document.campaigns}
    found = {}
    for campaign, number in own:
        effect = by_id[campaign].benefits[number]
        assert isinstance(effect, Payout), "only points have a date"
        found[campaign, number] = document.wallet_for(effect)
    return found


def _cases(wallet: Wallet) -> tuple[tuple[frozenset[str | None], frozenset[str], AnyExpiry], ...]:
    return tuple([(frozenset(one.tiers), frozenset(one.segments), one.expiry) for one in wallet.expiry_for])


def _anniversary(expiry: AnniversaryExpiry, member: MemberFacts | None) -> ExpiryPolicy:
    years = 1 + expiry.extra_years
    if member is None or member.joined_on is None:
        return Rolling(12 * years, 0, Period.MONTH, expiry.at_least_days)
    last = member.joined_on - _DAY
    return CustomPeriods(Yearly(((last.month, last.day),)), expiry.extra_years, expiry.at_least_days)


def _rhythm(expiry: RollingExpiry | InactivityExpiry) -> Rhythm:
    if expiry.rounded_to == "day":
        return _EVERY_DAY
    return Fiscal(Period(expiry.rounded_to), expiry.year_starts_in)


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)
