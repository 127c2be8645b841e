"""Extensions that people ask for: decided once, told once, and kept by whatever comes after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate
from services.earning import reinstating_store
from tests.support.brokerless import Earning, Sent
from tests.support.database import ACME, programme_document
from tests.support.in_memory import in_memory
from tests.support.lives import asked
from tests.support.receipts import Record, enrolment, member_id, purchase

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADA = member_id("1")
Q4, Q1 = datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2027, 3, 31, 22, tzinfo=UTC)
DOCUMENT = {
    **programme_document(ACME),
    "wallets": [
        {"name": "points", "expiry": {"kind": "natural", "period": "quarter"}},
        {"name": "coins", "expiry": {"kind": "never"}},
    ],
}
RULES = activate(datetime(2016, 1, 1, tzinfo=UTC), DOCUMENT)


YEARLY = activate(
    datetime(2016, 1, 1, tzinfo=UTC),
    {**DOCUMENT, "wallets": [{"name": "points", "expiry": {"kind": "anniversary"}}]},
)
BY_THE_MEMBER = pytest.mark.parametrize("earning", [YEARLY], indirect=True)


@pytest.fixture
def earning(request: pytest.FixtureRequest) -> Iterator[Earning]:
    with in_memory():
        rules = getattr(request, "param", RULES)
        programme = RunningProgramme(1, 1, "acme", "main", (rules,), knows=True)
        found = Earning(by_prefix([("/acme/pos", (1, 1)), ("/pointstream/acme/main", (1, 1))], {(1, 1): programme}))
        play(found, enrolment("1"), purchase("R-1", 6_000, time=NOON - 2 * HOUR), now=NOON - HOUR)
        yield found


def play(earning: Earning, *records: Record, now: datetime = NOON) -> list[dict[str, Any]]:
    """Apply records one by one, and return what was told of them on loyalty.points."""
    told = []
    for record in records:
        decision = earning.batch([Sent(record, now)], now)
        told += [event for some in decision.events for event in some if event.topic == "loyalty.points"]
    return [orjson.loads(event.value) for event in told]


def extension(name: str, **wish: Any) -> Record:
    return asked(name, "extension", ADA, wallet=wish.pop("wallet", "points"), time=NOON, **wish)


def outcome(earning: Earning, name: str) -> tuple[str, str | None]:
    (found,) = (each for each in earning.memory.decisions().values() if each is not None and each.id == name)
    return found.outcome, found.reason


def test_points_lapse_a_boundary_later_and_the_world_hears_of_it_once(earning: Earning) -> None:
    told = play(earning, extension("X-1", boundaries=1), extension("X-1", boundaries=1))
    (lot,) = earning.memory.ledger((1, 1, ADA)).lots
    assert (lot.remaining, lot.expires_at) == (60, Q1)
    (event,) = [each for each in told if each["type"] == "org.pointstream.points.redated.v1"]
    data = event["data"]
    assert (data["points"], data["expires_at"], data["expired_before"]) == (
        60,
        "2027-03-31T22:00:00Z",
        "2026-12-31T23:00:00Z",
    )
    assert (event["memberseq"], data["lots"], data["reason"]) == (2, [{"lot": 1, "points": 60}], "support")
    assert outcome(earning, "X-1")[0] == "adjusted"
    play(earning, purchase("R-2", 1_000, time=Q4 + HOUR), now=Q4 + HOUR)
    assert earning.memory.points((1, 1, ADA)) == 70, "the old boundary takes nothing"
    play(earning, purchase("R-3", 100, time=Q1 + HOUR), now=Q1 + HOUR)
    assert earning.memory.points((1, 1, ADA)) == 1
    assert earning.memory.flaws() == []


@BY_THE_MEMBER
def test_the_next_boundary_is_that_of_the_member(earning: Earning) -> None:
    (before,) = earning.memory.ledger((1, 1, ADA)).lots
    assert before.expires_at is not None
    play(earning, extension("X-1", boundaries=1))
    (after,) = earning.memory.ledger((1, 1, ADA)).lots
    assert after.expires_at == before.expires_at.replace(year=before.expires_at.year + 1)


async def nothing(*_: object) -> dict[Any, Any]:
    """What had lapsed before: it does so only as the request is decided."""
    return {}


@BY_THE_MEMBER
def test_what_lapsed_comes_back_up_to_the_next_boundary_of_the_member(
    earning: Earning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reinstating_store, "load", nothing)
    (before,) = earning.memory.ledger((1, 1, ADA)).lots
    assert before.expires_at is not None
    now = before.expires_at + timedelta(days=2)
    span: dict[str, Any] = {"lapsed_after": before.expires_at - HOUR, "lapsed_until": now, "requested_at": now}
    play(earning, asked("B-1", "reinstatement", ADA, wallet="points", points=60, time=now, **span), now=now)
    (back,) = earning.memory.ledger((1, 1, ADA)).lots
    assert (back.remaining, back.expires_at) == (60, before.expires_at.replace(year=before.expires_at.year + 1))


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"wallet": "coins", "boundaries": 1}, "never-lapses"),
        ({"wallet": "gems", "boundaries": 1}, "wallet-unknown"),
        ({"days": 1, "from_now": True}, "nothing-to-extend"),
    ],
)
def test_what_can_not_be_extended_is_refused(earning: Earning, wish: dict[str, Any], reason: str) -> None:
    play(earning, extension("X-1", **wish))
    assert outcome(earning, "X-1") == ("refused", reason)


def test_how_far_is_said_in_one_way(earning: Earning) -> None:
    play(earning, extension("X-1", boundaries=1, days=3))
    assert {each.id for each in earning.memory.decisions().values() if each is not None} == {"R-1"}
    assert earning.memory.ledger((1, 1, ADA)).lots[0].expires_at == Q4
    play(earning, extension("X-2"))
    assert earning.memory.ledger((1, 1, ADA)).lots[0].expires_at == Q1, "by one boundary where nothing is said"
