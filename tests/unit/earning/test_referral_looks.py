"""Looks at referrals that a switch cut short are kept, and made as soon as it is on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from services.earning.referral_events import asked_for
from tests.support.brokerless import Earning
from tests.support.in_memory import in_memory
from tests.support.receipts import Record, purchase
from tests.support.referred import BEGIN, HOUR, enrolled, member, programmes
from tests.unit.earning.test_referrals import METRICS, World


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    with in_memory():
        yield


def test_what_was_bought_while_it_was_off_counts_when_it_is_on() -> None:
    world = World(programmes())
    world.say(enrolled(1, BEGIN), enrolled(10, BEGIN, brought_by=1), enrolled(11, BEGIN, brought_by=1))
    world.say(purchase("R-10", 2_000, card="10", time=BEGIN + HOUR))
    dark = Earning(programmes(off=True), METRICS)
    dark.memory, world.earning = world.earning.memory, dark
    world.say(purchase("R-11", 2_000, card="11", time=BEGIN + HOUR))
    assert (world.points(1), world.points(11), world.state(11)) == (100, 0, "started")

    waiting = dark.memory.referrals.waiting
    assert waiting.keys() == {(1, 1, member(11))}, "the look that was cut short, and nobody else's"
    lit = Earning(world.programmes, METRICS)
    lit.memory, world.earning = dark.memory, lit
    running = world.programmes.by_key()[1, 1]
    asked = [asked_for(running, name[2], cause, BEGIN) for name, cause in waiting.items()]
    world.own += [Record(each.topic, each.key, each.value) for each in asked]
    world.settle(BEGIN + timedelta(days=9))
    assert (world.points(1), world.points(11), world.state(11)) == (250, 7, "converted")
