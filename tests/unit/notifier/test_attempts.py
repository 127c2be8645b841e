"""What follows an attempt, how long a provider is left alone, and how fast it is written to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.attempts import LONGEST, MOST_ATTEMPTS, after, pause
from services.notifier.breaker import FIRST, TRIES, Breaker
from services.notifier.channels.channel import Handed, Outcome, Postponed, Refused, Unanswered
from services.notifier.pace import Pace
from services.notifier.states import Bounced, Clicked, Delivered, Failed, Opened, heard
from services.notifier.states import Handed as WasHanded
from services.notifier.states import Postponed as Waits

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = NOW + 48 * HOUR


def test_an_answer_says_what_becomes_of_it() -> None:
    assert after(Handed("x"), 1, NOW, LATER, 0.5) == WasHanded(NOW, "x")
    assert after(Refused("address-unknown", "550", True), 1, NOW, LATER, 0.5) == Failed(NOW, "address-unknown", "550")
    assert after(Postponed("provider-busy"), 1, NOW, LATER, 0.5) == Waits(NOW + timedelta(seconds=30), "provider-busy")
    wanted = after(Postponed("provider-busy", after=HOUR), 1, NOW, LATER, 0.5)
    assert wanted == Waits(NOW + HOUR, "provider-busy"), "what the provider asks for is waited for"
    assert after(Unanswered(safe=False, detail="x"), 2, NOW, LATER, 0.5) == Waits(
        NOW + timedelta(seconds=20), "no-answer", "x"
    )


@pytest.mark.parametrize(("attempt", "until"), [(MOST_ATTEMPTS, LATER), (1, NOW + timedelta(seconds=20))])
def test_it_is_given_up_in_the_end(attempt: int, until: datetime) -> None:
    assert after(Postponed("provider-busy", "451"), attempt, NOW, until, 0.5) == Failed(NOW, "provider-busy", "451")


@settings(max_examples=50)
@given(st.integers(1, 100), st.floats(0, 1))
def test_pauses_grow_within_bounds_and_differ(attempt: int, chance: float) -> None:
    assert timedelta(seconds=3) < pause("provider-away", attempt, chance) <= LONGEST * 1.25
    assert pause("provider-away", attempt, 1.0) > pause("provider-away", attempt, 0.0)


def test_a_breaker_opens_tries_and_closes() -> None:
    breaker = Breaker()
    for _ in range(TRIES - 1):
        breaker = breaker.after(1, 0, 100.0)
    assert breaker.state(100.0) == "closed"
    breaker = breaker.after(1, 0, 100.0)
    assert breaker.state(100.0) == "open"
    assert breaker.state(100.0 + FIRST) == "trying"
    breaker = breaker.after(1, 0, 100.0 + FIRST)
    assert breaker.state(100.0 + 2 * FIRST) == "open", "the next pause is longer"
    assert breaker.after(0, 1, 200.0) == Breaker()
    assert Breaker().after(0, 0, 1.0) == Breaker(), "what says nothing of the provider changes nothing"


def test_a_rate_is_kept_over_time() -> None:
    pace, now = Pace(10.0), 50.0
    sent = 0
    while now < 60.0:
        now += pace.take(5, now) or 0.01
        sent += 5
    assert 100 <= sent <= 120
    assert Pace(None).take(1_000, 0.0) == 0.0
    assert (Pace(10.0).most(300), Pace(0.5).most(300), Pace(None).most(300)) == (10, 1, 300)


@pytest.mark.parametrize(
    ("state", "kind", "expected"),
    [
        ("handed", "delivered", Delivered(NOW)),
        ("handed", "opened", Opened(NOW)),
        ("opened", "delivered", None),
        ("opened", "clicked", Clicked(NOW)),
        ("clicked", "opened", None),
        ("delivered", "bounced", Bounced(NOW, "r")),
        ("opened", "bounced", None),
        ("opened", "complained", Bounced(NOW, "r")),
        ("bounced", "delivered", None),
        ("waiting", "opened", None),
    ],
)
def test_what_is_heard_counts_once_whatever_its_order(state: str, kind: str, expected: object) -> None:
    assert heard(state, kind, "r", NOW) == expected  # type: ignore[arg-type]  # the texts are checked by the result


def test_every_outcome_is_known() -> None:
    outcomes: list[Outcome] = [Handed(), Refused("content-refused"), Postponed("no-answer"), Unanswered(safe=True)]
    assert [type(after(each, 1, NOW, None, 0.0)).__name__ for each in outcomes] == [
        "Handed", "Failed", "Postponed", "Postponed",
    ]  # fmt: skip
