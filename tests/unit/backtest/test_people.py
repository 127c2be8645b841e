"""What people do to points, lists and members: taken as it was, and named where it can't be known."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.backtest.history import PERSONAL, ListTurn, Move, Redeemed, State, StoredMerge
from libs.backtest.parquet import ParquetHistory, export
from libs.backtest.plan import ALWAYS
from libs.history.needs import needs_of
from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate
from tests.support.brokerless import Earning, Sent
from tests.support.histories import BEGAN, ListedHistory, backtest, items_in, profiles_in, quick_folder, scheme_of
from tests.support.in_memory import in_memory
from tests.support.lives import asked
from tests.support.memory import Memory
from tests.support.receipts import enrolment, member_id
from tests.unit.backtest.test_backtest import (
    CARDS,
    SAID,
    Said,
    campaign,
    files,
    fixed,
    limit,
    lived,
    plain,
    records,
    side,
)
from tests.unit.backtest.test_following import FIRSTS, SETS, SPENDER, THIRDS, document, stored

FIRST = datetime(2025, 2, 3, 10, tzinfo=UTC)
APART = timedelta(days=5, hours=7)
DAY = timedelta(days=1)
MONTHLY = campaign("monthly", fixed(9), limits=[limit("member", "month", 18)])
SHARED = campaign("shared", fixed(6), limits=[limit("campaign", "month", 30)])
PURSE = {"name": "rich", "when": {"all": [{"kind": "balance", "min": 100}]}}
LISTED = {"name": "press", "list": True}

MERGED = document(1, FIRSTS, THIRDS, MONTHLY, SHARED, SPENDER, sets=[SETS[0]])
MERGE = st.tuples(st.sampled_from(["merge", "merge", "unmerge"]), st.permutations(CARDS[:3]), st.integers(1, 12))
MERGES = st.lists(MERGE, min_size=1, max_size=4)
LIVES = st.builds(
    lambda first, rest: [first._replace(kind="purchase"), *rest], SAID, st.lists(SAID, min_size=4, max_size=14)
)


@contextmanager
def merging(rules: Mapping[str, Any], life: Sequence[Said], merges: Sequence[Any]) -> Iterator[Memory]:
    """Earning has taken a life in, while members were merged and parted again."""
    version = activate(BEGAN, rules)
    running = RunningProgramme(
        1, 1, "acme", "main", (version,), counts_members=True, history=needs_of(version.compiled.source)
    )
    with in_memory():
        earning = Earning(by_prefix([("/acme/pos", (1, 1)), ("/pointstream/acme/main", (1, 1))], {(1, 1): running}))
        for card in CARDS:
            earning.batch([Sent(enrolment(card), FIRST)], FIRST)
        happens = list(records(life, FIRST, APART))
        for number, (kind, (one, other, *_), at) in enumerate(merges):
            time = FIRST + at * APART + timedelta(hours=1 + number)
            more = {"to_member_id": str(member_id(other))} if kind == "merge" else {}
            happens.append((time, asked(f"M-{number}", kind, member_id(one), time=time, **more)))
        for time, record in sorted(happens, key=lambda each: each[0]):
            earning.batch([Sent(record, time)], time)
        yield earning.memory


def with_merges(memory: Memory) -> ListedHistory:
    """What the reader of a database would tell of a memory with merges."""
    merges = sorted((each.at, each.name[2], each.survivor, each.undone) for each in memory.merges.values())
    undone = {
        (decision.member_id, decision.judged_at)
        for decision in memory.decisions().values()
        if decision is not None and decision.outcome == "unmerged"
    }
    kept = tuple(
        [
            StoredMerge(
                merged, survivor, time,
                min(when for member, when in undone if member in (merged, survivor) and when > time) if back else None,
            )
            for time, merged, survivor, back in merges
        ]
    )  # fmt: skip
    scheme = msgspec.structs.replace(scheme_of(MERGED), merges=kept)
    return ListedHistory(scheme, list(items_in(memory)), known=profiles_in(memory))


@given(LIVES, MERGES, st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_members_who_are_merged_are_one_from_then_on(life: list[Said], merges: list[Any], chunks: int) -> None:
    until = FIRST + 40 * APART
    with merging(MERGED, life, merges) as memory, quick_folder() as one, quick_folder() as two:
        history = with_merges(memory)
        summary, tallies = backtest(history, MERGED | {"version": 2}, one, FIRST, until, chunks=1)
        assert side(tallies, "a") == side(tallies, "b") == side(tallies, "recorded")
        assert summary["unlike_recorded"] == 0
        assert summary["merges"] == len(history.scheme.merges)
        _, again = backtest(history, MERGED | {"version": 2}, two, FIRST, until, chunks=chunks)
        assert [plain(each) for each in again] == [plain(each) for each in tallies]
        assert files(one) == files(two)


RICH = campaign("rich", fixed(7), when={"segments": ["rich"]})
HOARDER = document(2, RICH) | {"segments": [PURSE]}
TWO = [Said("purchase", "1", "tea", 6_000, 0)] * 4


def known_as(history: ListedHistory, **told: Any) -> ListedHistory:
    """The same history, with more known of everybody."""
    known = [msgspec.structs.replace(one, **told) for one in history.known]
    return ListedHistory(history.scheme, history.items, known=known)


def times(summary: Mapping[str, Any], name: str) -> int:
    """How often a campaign paid under B."""
    return sum(each["b"]["times"] for each in summary["campaigns"] if each["campaign"] == name)


def test_what_members_really_spent_is_spent_under_both_sides_as_far_as_it_is_there() -> None:
    """60 points a purchase: 120 are there before the third, and 180 less what was spent before the fourth."""
    with lived(document(1), TWO, FIRST, APART) as memory, quick_folder() as folder:
        history = stored(memory, document(1))
        until = FIRST + 9 * APART
        summary, _ = backtest(history, HOARDER, folder / "kept", FIRST, until)
        assert times(summary, "rich") == 2
        spent = Move(FIRST + 2 * APART + DAY, "points", -150)
        summary, _ = backtest(known_as(history, moves=(spent,)), HOARDER, folder / "spent", FIRST, until)
        assert (times(summary, "rich"), summary["lacking"]["b"]) == (1, 0)
        moves = (Move(FIRST + DAY, "points", -5_000), Move(FIRST + 2 * APART + DAY, "points", 50))
        only = [one for one in history.known if one.member_id == member_id("1")]
        told = known_as(ListedHistory(history.scheme, history.items, known=only), moves=moves)
        summary, _ = backtest(told, HOARDER, folder / "lacking", FIRST, until)
        assert (times(summary, "rich"), summary["lacking"]["b"]) == (1, 4_940)
        assert summary["unknown"] == [
            "segment rich: when.all[0] is a balance: what members spent, and what people gave or took, is as it really "
            "was, as far as there were points for it"
        ]
        assert "Not known as it would have been: segment rich" in (folder / "lacking" / "report.html").read_text()


def test_redemptions_count_as_they_were() -> None:
    asks = {"count": "redemptions", "within": {"days": 30}, "max": 0}
    once = campaign("thrifty", fixed(3), when={"member": {"history": [asks]}})
    with lived(document(1), TWO, FIRST, APART) as memory, quick_folder() as folder:
        history, until = stored(memory, document(1)), FIRST + 9 * APART
        at = FIRST + APART + DAY
        turns = (Redeemed(at, at.date(), 1), Redeemed(FIRST + 2 * APART + DAY, at.date(), -1))
        summary, _ = backtest(known_as(history, redeemed=turns), document(2, once), folder, FIRST, until)
    assert times(summary, "thrifty") == 3, "not on the third, when one stood"
    (unknown,) = summary["unknown"]
    assert unknown == "campaign thrifty asks how often a member redeemed: it is as often as they really did"


def test_who_comes_on_a_list_is_welcomed_when_it_was_and_lists_are_seen_as_they_were() -> None:
    welcome = campaign("welcome", fixed(11), trigger={"kind": "segment_entered", "segment": "press"})
    away = campaign("away", fixed(13), trigger={"kind": "segment_left", "segment": "press"})
    reader = campaign("reader", fixed(5), when={"lists": ["press"]})
    b = document(2, welcome, away, reader) | {"segments": [LISTED]}
    with lived(document(1), TWO, FIRST, APART) as memory, quick_folder() as folder:
        history, until = stored(memory, document(1)), FIRST + 9 * APART
        seen = (ListTurn(FIRST + DAY, "press"), ListTurn(FIRST + 2 * APART + DAY, "press", entered=False))
        only = [one for one in history.known if one.member_id == member_id("1")]
        told = known_as(ListedHistory(history.scheme, history.items, known=only), turns=seen)
        summary, _ = backtest(told, b, folder / "seen", FIRST, until)
        assert [times(summary, name) for name in ("welcome", "away", "reader")] == [1, 1, 2]
        late = known_as(told, turns=(ListTurn(FIRST + 3 * APART + DAY, "press", seen=False),), lists=("press",))
        summary, _ = backtest(late, b, folder / "late", FIRST, until)
        assert [times(summary, name) for name in ("welcome", "away", "reader")] == [1, 0, 4], "a new list may be tried"
        assert summary["unknown"] == [
            "segment press: list is kept by people: of a list that the programme did not name at the time, it is known "
            "since when somebody is on it, and not who left it"
        ]


def test_an_export_has_profiles_only_where_that_was_asked_for(tmp_path: Path) -> None:
    brno = {"member": {"attributes": [{"name": "town", "one_of": ["Brno"]}]}}
    b = document(2, campaign("local", fixed(3), when=brno))
    with lived(document(1), TWO, FIRST, APART) as memory:
        history = stored(memory, document(1))
    history = known_as(history, states=(State(1, FIRST, None, {"town": "Brno"}),))
    until = FIRST + 9 * APART
    paid = {}
    for name, personal in (("without", ()), ("with", PERSONAL)):
        asyncio.run(export(history, ALWAYS, until, tmp_path / name, lambda *_: None, personal))
        summary, _ = backtest(ParquetHistory(tmp_path / name), b, tmp_path / f"{name}-out", FIRST, until)
        paid[name] = times(summary, "local"), summary["unknown"]
    assert paid["with"] == (4, [])
    assert paid["without"] == (
        0, ["rules ask for the attributes of members, which is not in this export: nobody has told it"],
    )  # fmt: skip
