"""What a year of somebody's habits would bring: a synthetic year of receipts, judged by the real engine. Pure.

The same habits, programme and instant give the same year. Purchases and activities are spread evenly over a year and
over the days of the week and the hours of a day, by whole numbers and without chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from libs.judging.judge import judge
from libs.judging.placement import place_grants
from libs.judging.verdict import NewCredit
from libs.judging.versions import ActiveVersion, RunningProgramme, activate
from libs.promotions.days import within
from libs.promotions.decide import evaluate_activity
from libs.promotions.evaluation import Evaluation
from libs.promotions.facts import Activity, Line, MemberFacts, Receipt
from libs.promotions.occasions import PREFIX
from libs.promotions.programme import Programme

MOST_TIMES = 1_000
"""Purchases a year, and times a year of all activities together."""
TIMES_A_YEAR: Mapping[str, int] = {"week": 52, "month": 12, "year": 1}
_DAYS = 365
_OPENS, _HOURS = 9, 11
_TICK = timedelta(microseconds=1)
# Steps that are coprime to a thousand, so that a run of them visits every part of it evenly.
_DAY_STEP, _HOUR_STEP = 619, 383


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody buys: purchases a year, the average basket in minor units, and activities a year by name."""

    purchases: int
    basket_minor: int
    activities: tuple[tuple[str, int], ...] = ()
    tier: str | None = None


class Lapse(NamedTuple):
    """Points that can be spent up to a last day in the programme's zone; None: for ever."""

    last_day: date | None
    points: int


class WalletYear(NamedTuple):
    """What a year brings in a wallet, when it lapses, and what it is worth in minor units, if anybody says so."""

    wallet: str
    scale: int
    points: int
    lapses: tuple[Lapse, ...]
    worth_minor: int | None


class CampaignYear(NamedTuple):
    """What a campaign pays in a year, before the rounding of each receipt, in whole minor units of its wallet."""

    campaign: str
    name: str
    wallet: str
    points: int


class Year(NamedTuple):
    """A year from a day on, by a version of the programme."""

    version: int
    begins: date
    currency: str
    wallets: tuple[WalletYear, ...]
    campaigns: tuple[CampaignYear, ...]


def shown_now(programme: RunningProgramme, at: datetime) -> ActiveVersion | None:
    """Return the version in force with the campaigns that run at an instant, and nothing that is still to come.

    So nobody learns from it what has not begun. None before the first version.
    """
    version = programme.at(at)
    if version is None:
        return None
    source = version.compiled.source
    live = tuple([one for one in source.campaigns if one.state in ("live", "scheduled") and within(one.frame, at)])
    if live == source.campaigns:
        return version
    document = source.model_copy(update={"campaigns": live}).model_dump(mode="json", by_alias=True, exclude_none=True)
    return activate(version.active_from, document)


def activities_of(version: ActiveVersion) -> list[str]:
    """Name the activities that earn anything."""
    return sorted([name for name in version.compiled.activities if not name.startswith(PREFIX)])


def tiers_of(source: Programme) -> list[str]:
    """Name the tiers that any campaign asks for."""
    return sorted({tier for one in source.campaigns for tier in one.when.tiers})


def calculate(programme: RunningProgramme, habits: Habits, at: datetime) -> Year | None:
    """Play a year of habits from the day of an aware instant on; None when the programme has not begun.

    Takes up to some hundred milliseconds: run it beside the loop.
    """
    version = shown_now(programme, at)
    if version is None:
        return None
    playing = replace(programme, versions=(replace(version, active_from=datetime.min.replace(tzinfo=UTC)),))
    member, counters = MemberFacts(UUID(int=0), habits.tier), Counter[str]()
    credits: list[NewCredit] = []
    paid: Counter[str] = Counter()
    begins = at.astimezone(version.zone).date()
    for instant, what in _events(habits, version, begins):
        if isinstance(what, Receipt):
            verdict = judge(playing, what, member, instant, instant, counters)
            evaluation, gained = verdict.evaluation, verdict.credits
        else:
            evaluation = evaluate_activity(version.compiled, what, member, instant, counters)
            gained = place_grants(version, evaluation, instant, instant, member) or ()
        if evaluation is not None and gained:
            credits += gained
            counters.update({use.key: use.points for use in evaluation.uses})
            _add(paid, evaluation)
    compiled = version.compiled
    return Year(
        compiled.version,
        begins,
        compiled.currency,
        tuple([_wallet(version, name, credits) for name in compiled.wallets]),
        tuple(_campaigns(compiled.source, paid)),
    )


def _add(paid: Counter[str], evaluation: Evaluation) -> None:
    """Add up what campaigns paid, in thousandths of a minor unit."""
    over = {rest.wallet: rest.denominator for rest in evaluation.remainders}
    for one in evaluation.paid:
        paid[one.campaign] += round(Fraction(one.amount * 1_000, over[one.wallet]))


def _events(habits: Habits, version: ActiveVersion, begins: date) -> list[tuple[datetime, Receipt | Activity]]:
    currency, basket = version.compiled.currency, habits.basket_minor
    receipt = Receipt(currency, basket, (Line("", 1, basket),))
    events: list[tuple[datetime, Receipt | Activity]] = [
        (instant, receipt) for instant in spread(habits.purchases, begins, version.zone)
    ]
    for name, times in habits.activities:
        activity = Activity(name, labels=_labels(version, name))
        events += [(instant, activity) for instant in spread(times, begins, version.zone)]
    return sorted(events, key=lambda event: event[0])


def _labels(version: ActiveVersion, activity: str) -> tuple[str, ...]:
    """All the labels that campaigns for an activity ask for: it is done as they want it."""
    rules = version.compiled.activities.get(activity)
    return (
        () if rules is None else tuple(sorted({label for one in rules.campaigns for label in one.source.when.labels}))
    )


def spread(times: int, begins: date, zone: tzinfo) -> Iterator[datetime]:
    """Spread so many events over the year from a day on: one in each equal part of it, on all days and hours alike."""
    for number in range(times):
        part = number * 1_000 + number * _DAY_STEP % 1_000
        day = begins + timedelta(days=part * _DAYS // (times * 1_000))
        hour, minute = divmod((number * _HOUR_STEP % 1_000) * _HOURS * 60 // 1_000, 60)
        yield datetime(day.year, day.month, day.day, _OPENS + hour, minute, tzinfo=zone).astimezone(UTC)


def _wallet(version: ActiveVersion, name: str, credits: list[NewCredit]) -> WalletYear:
    wallet = version.compiled.wallets[name]
    lapses: Counter[date | None] = Counter()
    for new in credits:
        if new.wallet == name:
            last = None if new.expires_at is None else (new.expires_at - _TICK).astimezone(version.zone).date()
            lapses[last] += new.points
    total = lapses.total()
    worth = None if wallet.worth is None else total * wallet.worth.minor // wallet.worth.points
    dated = sorted(((day, points) for day, points in lapses.items() if day is not None), key=lambda pair: pair[0])
    told = [Lapse(day, points) for day, points in dated]
    if lapses[None]:
        told.append(Lapse(None, lapses[None]))
    return WalletYear(name, wallet.scale, total, tuple(told), worth)


def _campaigns(source: Programme, paid: Counter[str]) -> Iterator[CampaignYear]:
    by_id = {one.id: one for one in source.campaigns}
    for name, thousandths in paid.most_common():
        points = (thousandths + 500) // 1_000
        if points:
            yield CampaignYear(name, by_id[name].name, source.wallet_of(by_id[name]), points)
