"""The decision on a plain purchase: nearly every event there is."""

from __future__ import annotations

from collections.abc import Mapping

from libs.ledger.late import effective_time
from libs.promotions.decide import evaluate
from libs.promotions.pages import Outcome
from libs.promotions.switches import ALL_KILLED, SWITCHED_OFF, killed
from services.earning.arrivals import Arrival
from services.earning.exchange import NO_RATE, exchange
from services.earning.placement import PERIOD_CLOSED, place_grants
from services.earning.verdict import Standing, Verdict


def judge(arrival: Arrival, standing: Standing | None, counters: Mapping[str, int]) -> Verdict:
    """Judge a purchase by the version in force at its time, for the member who made it, if anybody is known."""
    judged_at, ahead = effective_time(arrival.event.time, arrival.arrived_at)
    if standing is None:
        outcome: Outcome = "unclaimed" if arrival.identifiers else "no_member"
        return Verdict(outcome, ahead, judged_at)
    version = arrival.programme.at(judged_at)
    if version is None:
        return Verdict("awaiting_operator", "no-programme-yet", judged_at)
    purchase, rate = arrival.event.data, None
    if purchase.currency != version.compiled.currency:
        exchanged = exchange(purchase, arrival.programme, version, judged_at)
        if exchanged is None:
            return Verdict("awaiting_operator", NO_RATE, judged_at)
        purchase, rate = exchanged
    judged = None if rate is None else purchase
    off = killed(arrival.programme.switches, version.compiled, purchase)
    evaluation = evaluate(version.compiled, purchase, standing.facts, judged_at, counters, killed=off)
    if not evaluation.grants:
        reason = SWITCHED_OFF if off is ALL_KILLED else evaluation.reason or ahead
        return Verdict("no_points", reason, judged_at, evaluation, (), judged, rate)
    credits = place_grants(version, evaluation, judged_at, arrival.arrived_at)
    if credits is None:
        return Verdict("awaiting_operator", PERIOD_CLOSED, judged_at, evaluation, (), judged, rate)
    return Verdict("credited", ahead, judged_at, evaluation, credits, judged, rate)
