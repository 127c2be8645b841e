"""Kill switches: what they stop, and what they leave alone."""

from __future__ import annotations

import pytest

from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.document import parse_programme
from libs.promotions.facts import Activity
from libs.promotions.switches import ALL_KILLED, killed, stops
from tests.unit.promotions.build import BASE, MEMBER, THURSDAY, campaign, document, fixed, multiplier, total

PROGRAMME = parse_programme(
    document(campaign("base", BASE), campaign("twice", multiplier(200)), campaign("gift", fixed(5)))
)
COMPILED = compile_programme(PROGRAMME)


@pytest.mark.parametrize(
    ("switches", "points"),
    [
        ((), 25),
        (("campaign:twice",), 15),
        (("effect:fixed",), 20),
        (("effect:fixed", "effect:per_amount"), 0),
        (("campaign:gift", "effect:multiplier"), 10),
        (("campaign:nobody", "effect:per_quantity"), 25),
        (("everything",), 0),
        (("store:7",), 0),
        (("store:8", "partner:fuel", "channel:web"), 25),
        (("channel:app",), 0),
        (("partner:esso",), 0),
    ],
)
def test_a_switch_stops_what_it_names(switches: tuple[str, ...], points: int) -> None:
    bought = total(1_000, store="7", channel="app", partner="esso")
    off = killed(switches, COMPILED, bought)
    found = evaluate(COMPILED, bought, MEMBER, THURSDAY, {}, killed=off)
    assert sum(grant.points for grant in found.grants) == points
    stopped = {failed.campaign for failed in found.failed if failed.condition == "killed"}
    if off is ALL_KILLED:
        assert stopped == {"base", "twice", "gift"}
    else:
        assert stopped == {each.id for each in PROGRAMME.campaigns if any(stops(one, each) for one in switches)}


def test_activities_have_a_place_too() -> None:
    assert killed(("channel:web",), COMPILED, Activity("like", channel="web")) is ALL_KILLED
    assert not killed(("store:1",), COMPILED, Activity("like"))
