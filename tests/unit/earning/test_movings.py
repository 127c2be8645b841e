"""Merges and transfers in the hands of a batch: wherever it is cut, all members end the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.history.needs import Needs
from libs.judging.programmes import by_prefix
from libs.judging.versions import ActiveVersion, RunningProgramme, activate
from libs.promotions.history import EVER
from tests.support.brokerless import Earning, Sent
from tests.support.database import ACME, programme_document
from tests.support.in_memory import in_memory
from tests.support.lives import adjusted, asked, corrected, resolved, returned, voided
from tests.support.receipts import Record, enrolment, member_id, purchase

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADA, BEN, CID = (member_id(card) for card in "123")


def compiled(transfers: Any = None, **pending: Any) -> ActiveVersion:
    """The rules of a programme, compiled once for all examples."""
    document = programme_document(ACME) | ({} if transfers is None else {"transfers": transfers})
    document["wallets"] = [
        {"name": "points", "expiry": {"kind": "natural", "period": "quarter", "extra_periods": 0}, **pending}
    ]
    return activate(datetime(2016, 1, 1, tzinfo=UTC), document)


AT_ONCE, LATER = compiled(), compiled(pending={"kind": "after", "days": 2})


def running(version: ActiveVersion = AT_ONCE, blocked: Collection[UUID] = ()) -> Earning:
    history = Needs((EVER,))
    programme = RunningProgramme(1, 1, "acme", "main", (version,), history=history, blocked=frozenset(blocked))
    return Earning(by_prefix([("/acme/pos", (1, 1)), ("/pointstream/acme/main", (1, 1))], {(1, 1): programme}))


@pytest.fixture
def plain() -> Iterator[Earning]:
    with in_memory():
        yield running()


def play(earning: Earning, *records: Record, now: datetime = NOON) -> None:
    for record in records:
        earning.batch([Sent(record, now)], now)


def points(earning: Earning) -> dict[str, int]:
    return {card: earning.memory.points((1, 1, member_id(card))) for card in "123"}


def enrolled(earning: Earning) -> None:
    play(earning, *(enrolment(card) for card in "123"), now=NOON - 24 * HOUR)


def outcome(earning: Earning, name: str) -> tuple[str, str | None]:
    (found,) = (each for each in earning.memory.decisions().values() if each is not None and each.id == name)
    return found.outcome, found.reason


LIMITED = compiled(
    transfers={
        "min_points": 5,
        "limits": [
            {"period": "day", "points": 40},
            {"period": "day", "points": 60, "tiers": ["gold"]},
            {"period": "month", "times": 2, "reasons": ["gift"]},
        ],
    }
)


def test_a_member_gives_no_more_than_the_limits_of_type_level_and_period_let(plain: Earning) -> None:
    earning = running(LIMITED)
    enrolled(earning)
    play(earning, purchase("R-1", 30_000, time=NOON - HOUR))

    def give(name: str, points: int, reason: str = "gift", now: datetime = NOON) -> tuple[str, str | None]:
        wanted: dict[str, Any] = {"to_member_id": str(BEN), "wallet": "points", "points": points, "reason": reason}
        play(earning, asked(name, "transfer", ADA, time=now, **wanted), now=now)
        return outcome(earning, name)

    assert give("T-0", 4) == ("refused", "transfer-too-small")
    assert give("T-1", 30) == ("transferred", "gift")
    assert give("T-2", 11) == ("refused", "transfer-limit"), "of any type, forty a day"
    assert give("T-3", 10) == ("transferred", "gift")
    tomorrow = NOON + 24 * HOUR
    assert give("T-4", 5, now=tomorrow) == ("refused", "transfer-limit"), "two gifts a month"
    assert give("T-5", 5, "household", now=tomorrow) == ("transferred", "household")
    assert earning.memory.flaws() == []


def test_what_a_merged_member_gave_counts_for_the_survivor_until_they_part() -> None:
    with in_memory():
        earning = running(LIMITED)
        enrolled(earning)
        play(earning, *(purchase(f"R-{card}", 10_000, card=card, time=NOON - HOUR) for card in "123"))

        def give(name: str, giver: UUID, points: int) -> tuple[str, str | None]:
            wanted: dict[str, Any] = {"to_member_id": str(CID), "wallet": "points", "points": points, "reason": "gift"}
            play(earning, asked(name, "transfer", giver, time=NOON, **wanted))
            return outcome(earning, name)

        assert give("T-1", ADA, 30) == ("transferred", "gift")
        play(earning, asked("M-1", "merge", ADA, to_member_id=str(BEN), time=NOON))
        assert give("T-2", BEN, 11) == ("refused", "transfer-limit"), "together forty a day"
        assert give("T-3", BEN, 5) == ("transferred", "gift")
        assert give("T-4", BEN, 5) == ("refused", "transfer-limit"), "together two gifts a month"
        play(earning, asked("U-1", "unmerge", ADA, time=NOON))
        assert give("T-5", BEN, 35) == ("transferred", "gift"), "what is the other's is counted for them again"
        assert give("T-6", ADA, 11) == ("refused", "transfer-limit")
        assert earning.memory.flaws() == []


@pytest.mark.parametrize(("giver", "receiver"), [(ADA, CID), (CID, ADA), (BEN, CID)])
def test_nothing_goes_from_or_to_whoever_is_blocked_by_whatever_id(giver: UUID, receiver: UUID) -> None:
    """An id that was merged leads to the one who is blocked."""
    with in_memory():
        earning = running()
        enrolled(earning)
        play(earning, *(purchase(f"R-{card}", 1_000, card=card, time=NOON - HOUR) for card in "123"))
        play(earning, asked("M-1", "merge", ADA, to_member_id=str(BEN), time=NOON))
        later = running(blocked={BEN})
        later.memory = earning.memory
        wanted: dict[str, Any] = {"to_member_id": str(receiver), "wallet": "points", "points": 5, "reason": "gift"}
        play(later, asked("T-1", "transfer", giver, time=NOON, **wanted))
        assert outcome(later, "T-1") == ("refused", "member-blocked")
        assert points(later) == {"1": 0, "2": 20, "3": 10}


def test_what_was_parked_for_one_member_waits_while_whom_it_would_go_to_is_blocked() -> None:
    with in_memory():
        first, lifted = running(blocked={ADA}), running()
        enrolled(first)
        play(first, purchase("R-1", 1_000, time=NOON - HOUR))
        lifted.memory = first.memory
        play(lifted, asked("M-1", "merge", ADA, to_member_id=str(BEN), time=NOON))
        other = running(blocked={BEN})
        other.memory = first.memory
        play(other, resolved("T-1", "R-1", "retry", time=NOON))
        assert outcome(other, "T-1") == ("awaiting_operator", "member-blocked")
        assert points(other) == {"1": 0, "2": 0, "3": 0}
        play(lifted, resolved("T-2", "R-1", "retry", time=NOON))
        assert points(lifted) == {"1": 0, "2": 10, "3": 0}
        assert lifted.memory.flaws() == []


def test_an_old_purchase_comes_back_out_of_the_lots_that_went_over(plain: Earning) -> None:
    enrolled(plain)
    play(plain, purchase("R-1", 6_000, time=NOON - HOUR), purchase("R-2", 4_000, card="2", time=NOON - HOUR))
    play(plain, asked("M-1", "merge", ADA, to_member_id=str(BEN), time=NOON))
    assert points(plain) == {"1": 0, "2": 100, "3": 0}
    play(plain, returned("T-1", "R-1", amount=2_000, time=NOON))
    assert [lot.remaining for lot in plain.memory.ledger((1, 1, BEN)).lots] == [40, 40]
    play(plain, corrected("C-1", "R-1", 9_000, purchased_at=NOON - HOUR, time=NOON))
    assert points(plain)["2"] == 110
    play(plain, voided("V-1", "R-1", time=NOON))
    assert points(plain) == {"1": 0, "2": 40, "3": 0}
    assert plain.memory.flaws() == []


def test_what_was_spent_before_the_merge_is_owed_by_the_survivor(plain: Earning) -> None:
    enrolled(plain)
    play(plain, purchase("R-1", 6_000, time=NOON - HOUR), adjusted("A-1", ADA, -50, time=NOON))
    play(plain, asked("M-1", "merge", ADA, to_member_id=str(BEN), time=NOON), returned("T-1", "R-1", time=NOON))
    assert points(plain) == {"1": 0, "2": -50, "3": 0}
    assert plain.memory.flaws() == []


def test_ids_lead_on_through_a_second_merge(plain: Earning) -> None:
    enrolled(plain)
    play(plain, purchase("R-1", 6_000, time=NOON - HOUR))
    play(plain, asked("M-1", "merge", ADA, to_member_id=str(BEN), time=NOON))
    play(plain, asked("M-2", "merge", BEN, to_member_id=str(CID), time=NOON))
    play(plain, purchase("R-2", 1_000, time=NOON - HOUR), returned("T-1", "R-1", amount=1_000, time=NOON))
    assert points(plain) == {"1": 0, "2": 0, "3": 60}
    play(plain, asked("U-1", "unmerge", ADA, time=NOON))
    assert outcome(plain, "U-1") == ("refused", "merged-again")
    play(plain, asked("U-2", "unmerge", BEN, time=NOON), asked("U-3", "unmerge", ADA, time=NOON))
    assert points(plain) == {"1": 50, "2": 0, "3": 10}
    play(plain, returned("T-2", "R-1", time=NOON), returned("T-3", "R-2", time=NOON))
    assert points(plain) == {"1": 0, "2": 0, "3": 0}
    assert plain.memory.flaws() == []


def test_a_merge_by_an_id_that_led_to_somebody_is_theirs_and_can_be_undone_again_and_again(plain: Earning) -> None:
    enrolled(plain)
    play(plain, asked("M-1", "merge", BEN, to_member_id=str(CID), time=NOON))
    before = dict(plain.memory.identifiers)
    for number in (2, 3):
        play(plain, asked(f"M-{number}", "merge", BEN, to_member_id=str(ADA), time=NOON))
        assert set(plain.memory.identifiers.values()) == {ADA}
        play(plain, asked(f"U-{number}", "unmerge", CID, time=NOON))
        assert plain.memory.identifiers == before, "the cards of both are whose they were"
    assert [(each.name[2], each.number) for each in plain.memory.merges.values()] == [(BEN, 1), (CID, 1), (CID, 2)]
    assert plain.memory.flaws() == []


@pytest.mark.parametrize(
    ("record", "now", "why"),
    [
        (asked("X", "merge", ADA, to_member_id=str(member_id("9"))), NOON, "member-unknown"),
        (asked("X", "merge", BEN, to_member_id=str(ADA)), NOON, "same-member"),
        (asked("X", "unmerge", CID), NOON, "not-merged"),
        (asked("X", "unmerge", ADA), NOON + 31 * 24 * HOUR, "undo-too-late"),
        (asked("X", "transfer", ADA, to_member_id=str(BEN), wallet="points", points=1), NOON, "same-member"),
        (asked("X", "transfer", BEN, to_member_id=str(CID), wallet="stars", points=1), NOON, "wallet-unknown"),
    ],
    ids=["stranger", "themselves", "nobody", "late", "to themselves", "no wallet"],
)
def test_what_is_refused_says_why(plain: Earning, record: Record, now: datetime, why: str) -> None:
    enrolled(plain)
    play(plain, asked("M-1", "merge", ADA, to_member_id=str(BEN), time=NOON))
    play(plain, record, now=now)
    assert outcome(plain, "X") == ("refused", why)


CARD = st.sampled_from("123")
PAIR = st.sampled_from([(ADA, BEN), (BEN, ADA), (BEN, CID), (CID, ADA)])


@st.composite
def facts(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """What is said on the two topics, one after the other."""
    said: list[tuple[str, Any]] = []
    for number in range(draw(st.integers(3, 12))):
        kind = draw(st.sampled_from(["buy", "buy", "return", "void", "merge", "unmerge", "give", "take"]))
        name = f"E-{number}"
        if kind == "buy":
            said.append((kind, purchase(f"R-{number}", draw(st.integers(1, 9)) * 1_000, card=draw(CARD), time=NOON)))
        elif kind in ("return", "void"):
            about = f"R-{draw(st.integers(0, 11))}"
            back = draw(st.sampled_from([None, 1_000]))
            say = voided(name, about, time=NOON) if kind == "void" else returned(name, about, amount=back, time=NOON)
            said.append((kind, say))
        elif kind == "take":
            said.append((kind, adjusted(name, draw(PAIR)[0], -draw(st.integers(1, 40)), time=NOON)))
        elif kind == "unmerge":
            said.append((kind, asked(name, kind, draw(PAIR)[0], time=NOON)))
        else:
            one, other = draw(PAIR)
            more: dict[str, Any] = {"wallet": "points", "points": draw(st.integers(1, 40))} if kind == "give" else {}
            what = "transfer" if kind == "give" else kind
            said.append((kind, asked(name, what, one, to_member_id=str(other), time=NOON, **more)))
    return said


def told(said: Sequence[tuple[str, Any]], cuts: Sequence[bool], version: ActiveVersion) -> Earning:
    """The same facts, cut into batches; a batch is of one topic."""
    world = running(version)
    enrolled(world)
    batch: list[Sent] = []
    for (_, record), cut in zip(said, cuts, strict=True):
        if batch and (cut or batch[-1].record.topic != record.topic):
            world.batch(batch, NOON)
            batch = []
        batch.append(Sent(record, NOON))
    world.batch(batch, NOON)
    return world


def ends(world: Earning) -> dict[str, Any]:
    return {
        "points": points(world),
        "lots": {card: sorted(
            (lot.remaining, lot.earned_at, lot.pending) for lot in world.memory.ledger((1, 1, member_id(card))).lots
            if lot.remaining
        ) for card in "123"},
        "days": world.memory.days,
        "identifiers": world.memory.identifiers,
        "outcomes": {each.id: each.outcome for each in world.memory.decisions().values() if each is not None},
    }  # fmt: skip


@pytest.mark.parametrize("version", [AT_ONCE, LATER], ids=["at once", "pending"])
@settings(max_examples=40, deadline=None)
@given(said=facts(), data=st.data())
def test_it_makes_no_difference_where_batches_are_cut(
    said: list[tuple[str, Any]], data: st.DataObject, version: ActiveVersion
) -> None:
    cuts = data.draw(st.lists(st.booleans(), min_size=len(said), max_size=len(said)))
    with in_memory():
        alone = told(said, [True] * len(said), version)
        together = told(said, cuts, version)
    assert alone.refused == [] == together.refused
    assert ends(together) == ends(alone)
    assert together.memory.flaws() == []
