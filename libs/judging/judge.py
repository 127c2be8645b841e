"""The verdict on a plain purchase: nearly every event there is, and every quote."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from libs.judging.blocks import BLOCKED
from libs.judging.exchange import NO_RATE, exchange
from libs.judging.placement import PERIOD_CLOSED, place_grants
from libs.judging.verdict import Verdict
from libs.judging.versions import RunningProgramme
from libs.ledger.late import effective_time
from libs.promotions.decide import evaluate
from libs.promotions.facts import MemberFacts
from libs.promotions.pages import Outcome
from libs.promotions.switches import ALL_KILLED, SWITCHED_OFF, killed


def judge(
    programme: RunningProgramme,
    purchase: Any,
    member: MemberFacts | None,
    occurred_at: datetime,
    arrived_at: datetime,
    counters: Mapping[str, int],
) -> Verdict:
    """Judge a purchase by the version in force at its time, for the member who made it, if anybody is known.

    `purchase` is the payload as the codec decodes it; `occurred_at` its own time and `arrived_at` its arrival, both
    aware; `counters` what limits have used. What the programme's switches have turned off does not pay, and
    what a blocked member brings waits for an operator. It changes nothing.
    """
    judged_at, ahead = effective_time(occurred_at, arrived_at)
    if member is None:
        outcome: Outcome = "unclaimed" if purchase.identifiers else "no_member"
        return Verdict(outcome, ahead, judged_at)
    version = programme.at(judged_at)
    if version is None or (programme.blocked and member.member_id in programme.blocked):
        return Verdict("awaiting_operator", "no-programme-yet" if version is None else BLOCKED, judged_at)
    rate = None
    if purchase.currency != version.compiled.currency:
        exchanged = exchange(purchase, programme, version, judged_at)
        if exchanged is None:
            return Verdict("awaiting_operator", NO_RATE, judged_at)
        purchase, rate = exchanged
    judged = None if rate is None else purchase
    off = killed(programme.switches, version.compiled, purchase)
    evaluation = evaluate(version.compiled, purchase, member, judged_at, counters, killed=off)
    if not evaluation.grants:
        reason = SWITCHED_OFF if off is ALL_KILLED else evaluation.reason or ahead
        return Verdict("no_points", reason, judged_at, evaluation, (), judged, rate)
    credits = place_grants(version, evaluation, judged_at, arrived_at, member)
    if credits is None:
        return Verdict("awaiting_operator", PERIOD_CLOSED, judged_at, evaluation, (), judged, rate)
    return Verdict("credited", ahead, judged_at, evaluation, credits, judged, rate)
