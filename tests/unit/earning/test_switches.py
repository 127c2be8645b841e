"""Kill switches as of the decision: a receipt is judged for ever by those that were off when it was first judged."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.judging.programmes import Stops
from libs.promotions.pages import StoredDecision, read_page
from tests.support.lives import returned
from tests.support.receipts import line, purchase
from tests.support.simulated import World
from tests.unit.earning.test_lives import MEMBER, NOW, Fact, at, lives, programmes

SWITCHES = ("campaign:coffee", "campaign:base", "effect:fixed", "store:1", "channel:store", "store:2", "everything")
off = st.lists(st.sampled_from(SWITCHES), unique=True, max_size=2).map(tuple)


def switch(world: World, *names: str) -> None:
    world.programmes = world.programmes.stopped(Stops({(1, 1): names}))


def enrolled(*names: str) -> World:
    world = World(programmes())
    world.enrol(MEMBER, ["card:1"], at(-1))
    switch(world, *names)
    return world


@given(life=lives(), first=off, later=off)
@settings(max_examples=60, deadline=None)
def test_what_follows_is_judged_by_the_switches_of_the_first_time(
    life: tuple[list[Fact], list[int], list[int]], first: tuple[str, ...], later: tuple[str, ...]
) -> None:
    facts, order, cuts = life
    turned, kept = enrolled(*first), enrolled(*first)
    for world in (turned, kept):
        world.batch([facts[0].record], NOW)
    switch(turned, *later)
    for world in (turned, kept):
        for start, end in pairwise([0, *cuts, len(order)]):
            world.batch([facts[index].record for index in order[start:end]], NOW)
    assert turned.points(MEMBER) == kept.points(MEMBER)
    assert turned.flaws() == []


@pytest.mark.parametrize(("first", "points", "left"), [("", 40 + 25, 25 + 25), ("campaign:coffee", 40, 25)])
def test_a_return_is_judged_by_what_was_allowed_then(first: str, points: int, left: int) -> None:
    world = enrolled(*filter(None, [first]))
    goods = [line("coffee-500g", 2_500, quantity=1), line("any", 1_500, quantity=1)]
    world.batch([purchase("R-1", goods, time=at(0))], NOW)
    assert world.points(MEMBER) == points
    switch(world, *filter(None, ["" if first else "campaign:coffee"]))
    world.batch([returned("B-1", "R-1", [{"line": 2}], time=at(1))], NOW)
    assert world.points(MEMBER) == left


def test_the_decision_says_what_was_off() -> None:
    world = enrolled("campaign:coffee", "store:9")
    world.batch([purchase("R-1", [line("coffee-500g", 1_000)], time=at(0))], NOW)
    switch(world, "everything")
    world.batch([purchase("R-2", 1_000, time=at(1))], NOW)
    by_id: dict[str, StoredDecision] = {
        decision.id: decision for page in world.pages.values() for decision in read_page(page)
    }
    first, second = by_id["R-1"], by_id["R-2"]
    assert first.switches == ("campaign:coffee", "store:9")
    assert first.evaluation is not None
    assert ("coffee", "killed") in [(each.campaign, each.condition) for each in first.evaluation.failed]
    assert (second.outcome, second.reason, second.switches) == ("no_points", "switched-off", ("everything",))
