"""Activities, adjustments, and what the clock says is due: decisions on a member whose ledger is in hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from libs.judging.alive import told_late
from libs.judging.blocks import BLOCKED
from libs.judging.occasions import is_ours
from libs.judging.placement import PERIOD_CLOSED, place_grants, place_points, portions
from libs.judging.verdict import NewCredit, Verdict
from libs.judging.versions import ActiveVersion
from libs.ledger.adjust import adjust
from libs.ledger.late import effective_time
from libs.ledger.model import Lot
from libs.lives.made import Cause
from libs.promotions.decide import evaluate_activity
from libs.promotions.evaluation import Evaluation
from libs.promotions.facts import MemberFacts
from libs.promotions.switches import ALL_KILLED, SWITCHED_OFF, killed
from services.earning.alive import stay_alive
from services.earning.arrivals import Arrival
from services.earning.lives import Life
from services.earning.prolonging import prolong_by


@dataclass(frozen=True, slots=True)
class Acted:
    """What became of an activity or an adjustment: the verdict, the lots, and how many points moved in all."""

    verdict: Verdict
    lots: tuple[tuple[Lot, bool], ...] = ()
    points: int = 0


def act(arrival: Arrival, life: Life | None, counters: Mapping[str, int], now: datetime) -> Acted:
    """Judge an activity by the campaigns that wait for it."""
    judged_at, ahead = effective_time(arrival.event.time, arrival.arrived_at)
    if life is None:
        return Acted(Verdict("no_member", ahead, judged_at))
    version = arrival.programme.at(judged_at)
    if version is None:
        return Acted(Verdict("no_points", "no-programme-yet", judged_at))
    if life.name[2] in arrival.programme.blocked:
        return Acted(Verdict("no_points", BLOCKED, judged_at))
    cause = Cause(arrival.key, arrival.event.source, arrival.event.id)
    off = killed(arrival.programme.switches, version.compiled, arrival.event.data)
    facts = life.standing.facts
    evaluation = evaluate_activity(version.compiled, arrival.event.data, facts, judged_at, counters, killed=off)
    credits = _credits(arrival, version, evaluation, judged_at, now, facts)
    found = Verdict("no_points", ahead, judged_at, evaluation, credits or ())
    prolong_by(arrival.programme, life, found, now, cause)
    if arrival.programme.revives and not is_ours(arrival.programme, arrival.event.source):
        stay_alive(arrival.programme, life, arrival.event.data.activity, judged_at, now, cause)
    if not evaluation.grants:
        reason = SWITCHED_OFF if off is ALL_KILLED else evaluation.reason or ahead
        return Acted(Verdict("no_points", reason, judged_at, evaluation))
    if credits is None:
        return Acted(Verdict("no_points", PERIOD_CLOSED, judged_at, evaluation))
    life.catch_up(now, cause)
    kept = told_late(arrival.programme, life.ledger, credits)
    lots = tuple([(life.credit(new, now, cause), new.carried) for new in kept])
    return Acted(replace(found, outcome="credited"), lots, sum([lot.amount for lot, _ in lots]))


def _credits(
    arrival: Arrival,
    version: ActiveVersion,
    evaluation: Evaluation,
    judged_at: datetime,
    now: datetime,
    member: MemberFacts,
) -> Sequence[NewCredit] | None:
    """The lots that an activity brings; None when it is too late for them."""
    credits = place_grants(version, evaluation, judged_at, arrival.arrived_at, member)
    if credits is None and is_ours(arrival.programme, arrival.event.source):
        credits = _carried(version, evaluation, judged_at, arrival.arrived_at, now, member)
    return credits


def _carried(
    version: ActiveVersion,
    evaluation: Evaluation,
    judged_at: datetime,
    arrived_at: datetime,
    now: datetime,
    member: MemberFacts,
) -> list[NewCredit]:
    """The credits of an occasion that is told late: nobody but the platform is late then, and no member loses by it."""
    placed = [
        place_points(version, grant.wallet, points, judged_at, arrived_at, anew_at=now, member=member, effect=effect)
        for grant in evaluation.grants
        for effect, points in portions(version, evaluation, grant)
    ]
    return [credit for credit in placed if credit is not None]


class InHand(NamedTuple):
    """What a person's word is about: from when it counts, the member, the version of then, and what brings it about."""

    at: datetime
    life: Life
    version: ActiveVersion
    cause: Cause


def in_hand(arrival: Arrival, life: Life | None, now: datetime) -> InHand | Acted:
    """Take a member in hand for a person's word about a wallet, what time has done recorded; or refuse the word."""
    at = effective_time(arrival.event.time, arrival.arrived_at).instant
    if life is None:
        return Acted(Verdict("refused", "member-unknown", at))
    version = arrival.programme.at(at)
    if version is None or arrival.event.data.wallet not in version.calendars:
        return Acted(Verdict("refused", "wallet-unknown", at))
    cause = Cause(arrival.key, arrival.event.source, arrival.event.id)
    life.catch_up(now, cause)
    return InHand(at, life, version, cause)


def correct(arrival: Arrival, life: Life | None, now: datetime) -> Acted:
    """Give or take points because a person said so, or bring an opening balance."""
    data = arrival.event.data
    found = in_hand(arrival, life, now)
    if isinstance(found, Acted):
        return found
    at, life, version, cause = found
    earned_at = data.earned_at or at
    decided = adjust(
        life.ledger,
        data.wallet,
        data.points,
        earned_at=earned_at,
        recorded_at=now,
        expires_at=_expiry(arrival, version, earned_at, now, life.standing.facts) if data.points > 0 else None,
        policy_version=version.compiled.version,
    )
    if decided.refused is not None:
        return Acted(Verdict("refused", decided.refused, at))
    life.record(decided.movements, cause, data.reason)
    lots = () if decided.opened is None else ((decided.opened, False),)
    return Acted(Verdict("adjusted", data.reason, at), lots, abs(data.points))


def _expiry(
    arrival: Arrival, version: ActiveVersion, earned_at: datetime, now: datetime, member: MemberFacts
) -> datetime | None:
    """As the request says, else by the wallet's calendar; a boundary that has passed gives way to the next."""
    data = arrival.event.data
    if data.never_expires:
        return None
    if data.expires_at is not None:
        expires_at: datetime = data.expires_at
        return expires_at
    placed: NewCredit | None = place_points(
        version, data.wallet, data.points, earned_at, arrival.arrived_at, anew_at=now, member=member
    )
    assert placed is not None, "what is decided anew is always placed"
    return placed.expires_at
