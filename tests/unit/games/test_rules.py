"""What games say, what bids must be, which level a badge has, and who comes first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.games import auction
from libs.games.auction import AuctionRules, Bid, Standing
from libs.games.badges import progress
from libs.games.documents import Auction, DocumentInvalid, Wheel, parse_badge, parse_game, plain
from libs.games.ranking import Period, Place, Question, Scored, placed, shared
from services.gateway.games.rankings import stretch

AT = datetime(2024, 3, 1, tzinfo=UTC)
SHARED: dict[str, Any] = {
    "texts": {"en": {"title": "A game"}}, "opens_at": "2024-03-01T00:00:00Z", "closes_at": "2024-03-02T00:00:00Z"
}  # fmt: skip
WHEEL = {**SHARED, "kind": "wheel", "spin": 5, "sectors": [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}]}


def test_a_document_is_read_and_written_as_it_was() -> None:
    what = parse_game(WHEEL)
    assert isinstance(what, Wheel)
    assert [(each.sector, each.weight, each.wins) for each in what.odds] == [("a", 1, True), ("b", 2, True)]
    assert parse_game(plain(what)) == what
    assert parse_badge(plain(parse_badge({"texts": SHARED["texts"]}))).levels == ()


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"closes_at": "2024-02-01T00:00:00Z"}, "closes_at"),
        ({"texts": {"de": {"title": "Spiel"}}}, "texts"),
        ({"sectors": [{"name": "a", "weight": 1, "pieces": 1}, {"name": "b", "weight": 1, "pieces": 2}]}, "sectors"),
        ({"sectors": [{"name": "a", "weight": 1}, {"name": "a", "weight": 1}]}, "sectors[1].name"),
        ({"spin": -1}, "spin"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_can_not_be_is_told_with_its_place(change: dict[str, Any], path: str) -> None:
    with pytest.raises(DocumentInvalid) as told:
        parse_game({**WHEEL, **change})
    assert path in [place for place, _ in told.value.faults]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 60), st.integers(0, 90)), max_size=25))
@settings(max_examples=60, deadline=None)
def test_bids_rise_and_the_end_moves_only_for_late_ones(made: list[tuple[int, int, int]]) -> None:
    rules = AuctionRules(10, 5, timedelta(minutes=5), AT + timedelta(minutes=70))
    standing, taken = Standing(AT, AT + timedelta(minutes=60)), list[Bid]()
    for member, points, minute in sorted(made, key=lambda one: one[2]):
        bid = Bid(UUID(int=len(taken) + 1), UUID(int=member), points, AT + timedelta(minutes=minute))
        if auction.fault(rules, standing, points, bid.at) is None:
            before, standing = standing, auction.taken(rules, standing, bid)
            assert points >= (10 if before.best is None else before.best.points + 5)
            assert before.ends_at <= standing.ends_at <= AT + timedelta(minutes=70)
            assert standing.ends_at in (before.ends_at, bid.at + rules.extension, rules.latest)
            taken.append(bid)
        else:
            assert points < auction.least(rules, standing) or bid.at >= standing.ends_at
    assert standing.best == (taken[-1] if taken else None)
    order = auction.ranked(taken)
    assert order[:1] == taken[-1:]
    assert len({bid.member_id for bid in order}) == len(order)


def test_an_auction_says_when_it_may_end() -> None:
    with pytest.raises(DocumentInvalid):
        parse_game({**SHARED, "kind": "auction", "start": 5, "latest": "2024-03-01T12:00:00Z"})
    what = parse_game({**SHARED, "kind": "auction", "start": 5})
    assert isinstance(what, Auction)
    assert what.rules == AuctionRules(5, 1, timedelta(minutes=5), None)


def test_a_badge_rises() -> None:
    badge = parse_badge({"texts": SHARED["texts"], "levels": [{"name": "a", "times": 2}, {"name": "b", "times": 5}]})
    found = [progress(badge, times) for times in (1, 2, 4, 5, 9)]
    assert [(each.level and each.level.name, each.missing) for each in found] == [
        (None, 1), ("a", 3), ("a", 1), ("b", 0), ("b", 0)
    ]  # fmt: skip
    with pytest.raises(DocumentInvalid):
        parse_badge({"texts": SHARED["texts"], "levels": [{"name": "a", "times": 2}, {"name": "b", "times": 2}]})


def test_who_has_the_same_score_shares_a_place() -> None:
    found = placed([Scored("c", 5), Scored("a", 9), Scored("b", 5), Scored("d", 1)])
    assert found == [Place(1, "a", 9), Place(2, "b", 5), Place(2, "c", 5), Place(4, "d", 1)]
    assert shared(found[1], 1_240, "visits", None, "en") == "I am number 2 of 1,240 in visits!"
    assert shared(found[0], None, "pieces", "12", "de") == "a ist Nummer 1: am begehrtesten in Filiale 12!"


@pytest.mark.parametrize(
    ("period", "ago", "days"),
    [
        ("day", 1, ("2024-02-28", "2024-02-29")),
        ("week", 0, ("2024-02-26", "2024-03-04")),
        ("month", 0, ("2024-02-01", "2024-03-01")),
        ("month", 2, ("2023-12-01", "2024-01-01")),
        ("quarter", 1, ("2023-10-01", "2024-01-01")),
        ("year", 0, ("2024-01-01", "2025-01-01")),
    ],
)
def test_a_period_has_its_days(period: Period, ago: int, days: tuple[str, str]) -> None:
    first, end = stretch(Question(period=period, ago=ago), date(2024, 2, 29))
    assert (first.isoformat(), end.isoformat()) == days
