"""The verdict on an arrival that is a plain purchase."""

from __future__ import annotations

from collections.abc import Mapping

from libs.judging import judge as purchases
from libs.judging.verdict import Verdict
from services.earning.arrivals import Arrival
from services.earning.carts import explained
from services.earning.verdict import Standing


def judge(arrival: Arrival, standing: Standing | None, counters: Mapping[str, int]) -> Verdict:
    """Judge a purchase by the version in force at its time, for the member who made it, if anybody is known."""
    facts = None if standing is None else standing.facts
    event = arrival.event
    verdict = purchases.judge(arrival.programme, event.data, facts, event.time, arrival.arrived_at, counters)
    return explained(arrival, verdict)
