"""What members did before and their tiers, judged anew: A against what earning did, B against what it would have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.backtest.bound import in_sequence
from libs.backtest.compare import Tally
from libs.backtest.plan import make_plan
from libs.backtest.standing import SEEN_TIER
from tests.support.histories import ListedHistory, backtest, complete, items_in, profiles_in, quick_folder, scheme_of
from tests.support.memory import Memory
from tests.unit.backtest.test_backtest import (
    SAID,
    Said,
    campaign,
    credited,
    files,
    fixed,
    limit,
    lived,
    plain,
    rules,
    side,
)

FIRST = datetime(2025, 2, 3, 10, tzinfo=UTC)
APART = timedelta(days=9, hours=7)
UNTIL = FIRST + 40 * APART

LEVELS = [
    {"name": "basic"},
    {"name": "silver", "needs": {"points": 60}},
    {"name": "gold", "needs": {"points": 110, "visits": 4}},
]
STATUS = {"name": "status", "drives_tier": True, "match": "any", "levels": LEVELS}
SETS = [
    STATUS | {"window": {"kind": "rolling", "days": 60}, "holds": {"kind": "while_met"}},
    STATUS
    | {"window": {"kind": "calendar", "period": "quarter"}, "holds": {"kind": "period_end", "period": "quarter"}},
    STATUS | {"window": {"kind": "rolling", "months": 3}, "holds": {"kind": "months", "months": 2}, "drop": "by_one"},
    STATUS
    | {
        "window": {"kind": "calendar", "period": "quarter"},
        "holds": {"kind": "period_end", "period": "quarter", "extra_periods": 1},
        "reached": "at_period_end",
        "grace_days": 10,
    },
    STATUS | {"window": {"kind": "membership_year"}, "returns_lower_tier": False},
]
REGULAR = {
    "name": "regular",
    "window": {"kind": "rolling", "days": 90},
    "holds": {"kind": "while_met"},
    "match": "any",
    "activities": ["product-reviewed"],
    "levels": [{"name": "regular", "needs": {"visits": 3, "activities": 2, "tier_points": 40}}],
}
GOLD = campaign("gold", {"kind": "multiplier", "percent": 200}, when={"tiers": ["gold"]})
SILVER = campaign("silver", fixed(11), when={"tiers": ["silver"]})
FIRSTS = campaign("first", fixed(70), when={"member": {"nth_purchase": {"numbers": [1]}}})
THIRDS = campaign("third", fixed(9), when={"member": {"nth_purchase": {"every": 3}}})
SPENDER = campaign(
    "spender",
    fixed(5),
    when={"member": {"history": [{"count": "spend_minor", "category": "PRODUCE", "within": {"days": 30}, "min": 1}]}},
    limits=[limit("campaign", "month", 8)],
)
EARNER = campaign(
    "earner",
    fixed(13),
    when={"member": {"history": [{"count": "points", "within": {"period": "month", "back": 1}, "min": 20}]}},
    limits=[limit("campaign", "ever", 40)],
)
REVIEW = campaign(
    "review",
    fixed(21),
    trigger={"kind": "activity", "activity": "product-reviewed"},
    when={"member": {"history": [{"count": "visits", "min": 1}]}},
)
STARS = campaign("stars", {"kind": "tier_points", "points": 1, "per_minor": 100, "tier_set": "regular"})
CAMPAIGNS = [GOLD, SILVER, FIRSTS, THIRDS, SPENDER, EARNER, REVIEW]


def document(version: int, *campaigns: Mapping[str, Any], sets: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Points never lapse: what has lapsed can't be taken back, and then the journal has other sums than the rules."""
    found = rules(version, *[dict(each) for each in campaigns])
    wallets = [each | {"expiry": {"kind": "never"}} for each in found["wallets"]]
    return found | {"wallets": wallets, "tier_sets": [dict(each) for each in sets]}


DOCUMENTS = st.builds(
    lambda chosen, driving, others: document(
        1,
        *[CAMPAIGNS[at] for at in sorted(chosen)],
        *([] if others is None else [STARS]),
        sets=[each for each in (driving, others) if each is not None],
    ),
    st.sets(st.sampled_from(range(len(CAMPAIGNS)))),
    st.none() | st.sampled_from(SETS),
    st.none() | st.just(REGULAR),
)
WORDS = SAID.map(lambda said: said._replace(kind="word"))


def lives(said: st.SearchStrategy[Said]) -> st.SearchStrategy[list[Said]]:
    """They begin with a purchase: a correction of nothing could change hands, and the last owner has it all along."""
    return st.builds(lambda first, rest: [first._replace(kind="purchase"), *rest], SAID, st.lists(said, max_size=24))


LIVES, TOLD_LIVES = lives(SAID), lives(st.one_of(SAID, SAID, SAID, WORDS))


def stored(memory: Memory, document: Mapping[str, Any]) -> ListedHistory:
    """What the reader of a database would tell of a memory."""
    return ListedHistory(scheme_of(document), list(items_in(memory)), known=profiles_in(memory))


def levels(memory: Memory) -> dict[tuple[str, str], str | None]:
    """Where members stand in the end, by member and set."""
    return {
        (str(name[2]), tier_set): None if place.standing is None else place.standing.level
        for (name, tier_set), place in memory.places.items()
    }


@given(DOCUMENTS, DOCUMENTS, LIVES)
@settings(max_examples=80, deadline=None)
def test_a_is_what_earning_credited_and_b_is_what_earning_would_have(
    a: dict[str, Any], b: dict[str, Any], life: list[Said]
) -> None:
    with lived(b, life, FIRST, APART) as other:
        by_b = credited(other)
    with lived(a, life, FIRST, APART) as memory, quick_folder() as folder:
        summary, tallies = backtest(stored(memory, a), b | {"version": 2}, folder, FIRST, UNTIL)
        assert side(tallies, "a") == side(tallies, "recorded") == credited(memory)
        assert side(tallies, "b") == by_b
        assert summary["unlike_recorded"] == 0


@given(DOCUMENTS, DOCUMENTS, TOLD_LIVES)
@settings(max_examples=60, deadline=None)
def test_what_people_said_of_tiers_is_heard_when_it_was(a: dict[str, Any], b: dict[str, Any], life: list[Said]) -> None:
    with lived(a, life, FIRST, APART) as memory, quick_folder() as folder:
        summary, tallies = backtest(stored(memory, a), b | {"version": 2}, folder, FIRST, UNTIL)
        assert side(tallies, "a") == side(tallies, "recorded") == credited(memory)
        assert summary["unlike_recorded"] == 0


@given(DOCUMENTS, DOCUMENTS, TOLD_LIVES, st.integers(0, 24))
@settings(max_examples=40, deadline=None)
def test_what_came_before_the_range_counts_and_is_not_compared(
    a: dict[str, Any], b: dict[str, Any], life: list[Said], skipped: int
) -> None:
    since = FIRST + min(skipped, len(life) - 1) * APART
    with lived(a, life, FIRST, APART) as memory, quick_folder() as whole, quick_folder() as folder:
        _, everything = backtest(stored(memory, a), b | {"version": 2}, whole, FIRST, UNTIL)
        summary, tallies = backtest(stored(memory, a), b | {"version": 2}, folder, since, UNTIL)
        kept = sum(item.at >= since for item in items_in(memory))
    assert summary["receipts"] + summary["activities"] == kept
    assert side(tallies, "a") == side(tallies, "recorded"), "what came before it is part of nothing but what was seen"
    ends = [
        {tally.member_id: [{name: path[-1] for name, path in each.items()} for each in tally.paths_by_side]
         for tally in told}
        for told in (everything, tallies)
    ]  # fmt: skip
    if any(document.get("tier_sets") for document in (a, b)):
        assert all(ends[0][member_id] == end for member_id, end in ends[1].items())


@given(DOCUMENTS, DOCUMENTS, LIVES, st.randoms(use_true_random=False), st.integers(1, 9), st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_however_it_is_cut_the_bytes_are_those_of_one_sequence_over_all(
    a: dict[str, Any], b: dict[str, Any], life: list[Said], chance: Any, chunks: int, portion: int
) -> None:
    with lived(a, life, FIRST, APART) as memory:
        history = stored(memory, a)
    b = b | {"version": 2}
    since = FIRST + len(life) // 3 * APART
    plan = make_plan(history.scheme, since, UNTIL, complete(b), None, 0)
    if not plan.rules().follows:
        return
    profiles = {profile.member_id: profile for profile in history.known}
    naive = in_sequence(plan.rules(), sorted(history.items, key=lambda item: item.order), {}, profiles)
    shuffled = list(history.items)
    chance.shuffle(shuffled)
    with quick_folder() as one, quick_folder() as other:
        _, tallies = backtest(history, b, one, since, UNTIL, chunks=1)
        again = ListedHistory(history.scheme, shuffled, portion, history.known)
        backtest(again, b, other, since, UNTIL, chunks=chunks)
        told = [naive[member_id] for member_id in sorted(naive) if naive[member_id].is_told]
        assert [followed(each) for each in tallies] == [followed(each) for each in told]
        assert files(one) == files(other)


def followed(tally: Tally) -> Any:
    return plain(tally), tally.paths


def test_the_path_of_tiers_is_told_for_both_sides() -> None:
    life = [Said("purchase", "1", "tea", 4_000, 0) for _ in range(6)]
    a = document(1, GOLD, sets=[SETS[0]])
    b = document(2, GOLD, sets=[STATUS | {"levels": LEVELS[:2]}, REGULAR])
    with lived(a, life, FIRST, APART) as memory, quick_folder() as folder:
        summary, (tally,) = backtest(stored(memory, a), b, folder, FIRST, FIRST + 30 * APART)
        table = (folder / "members.csv").read_text()
    assert tally.paths is not None
    assert tally.paths[0] == {SEEN_TIER: ["basic", "silver", "gold", "silver", "basic"]}, "all of it lapses in the end"
    assert tally.paths[1] == {SEEN_TIER: ["basic", "silver"], "regular": [None, "regular", None]}
    assert "basic>silver>gold>silver>basic" in table
    assert "basic>silver; regular:none>regular>none" in table
    assert summary["tiers"] == [
        {"tier_set": None, "tier": "basic", "a": 1, "b": 0},
        {"tier_set": None, "tier": "silver", "a": 0, "b": 1},
        {"tier_set": "regular", "tier": None, "a": 0, "b": 1},
    ]


@pytest.mark.parametrize("history", ["recorded", "judged"])
def test_a_tier_that_only_people_gave_is_a_word_to_rules_with_tiers(history: str) -> None:
    life = [Said("word", "1", "", 1, 0), *[Said("purchase", "1", "tea", 100, 0)] * 3]
    a = document(1, GOLD, *([THIRDS] if history == "judged" else []))
    b = document(2, GOLD, sets=[STATUS | {"holds": {"kind": "months", "months": 1}, "window": {"kind": "lifetime"}}])
    with lived(a, life, FIRST, APART) as memory, quick_folder() as folder:
        _, (tally,) = backtest(stored(memory, a), b, folder, FIRST, UNTIL)
    assert tally.paths is not None
    assert tally.paths[0] == {SEEN_TIER: ["gold"]}
    assert tally.paths[1] == {SEEN_TIER: ["gold", "basic"]}, "the word holds as long as an earned level would"
    points = Counter({wallet.wallet: wallet.b for wallet in tally.wallets.values()})
    assert points["points"] == 9, "doubled three times, for the word holds a month from the first purchase"
