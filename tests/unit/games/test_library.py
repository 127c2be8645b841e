"""The library of ready games, badges and rankings: each comes to what the file beside it expects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any
from uuid import UUID

import pytest
import yaml

from libs.games.auction import Bid, Standing, fault, ranked, taken
from libs.games.badges import progress
from libs.games.chance import Entry
from libs.games.documents import Auction, Lottery, Wheel, parse_badge, parse_game
from libs.games.library import SORTS, Example, checked, examples
from libs.games.lottery import draw
from libs.games.ranking import Question, Scored, placed, shared
from libs.games.wheel import spin

NOW = datetime(2024, 5, 1, 9, 30, 17, tzinfo=UTC)
GAME = UUID(int=1)


def _cases() -> Iterator[Any]:
    for name in examples():
        text = (resources.files("libs.games") / "examples" / f"{name}.expect.yaml").read_text(encoding="utf-8")
        for case in yaml.safe_load(text):
            yield pytest.param(name, case, id=f"{name}: {case['case']}")


@pytest.mark.parametrize(("name", "case"), list(_cases()))
def test_an_example_comes_to_what_is_expected(name: str, case: dict[str, Any]) -> None:
    example = examples()[name]
    if example.sort == "badge":
        found = progress(parse_badge(example.document), case["times"])
        level = None if found.level is None else found.level.name
        assert {"level": level, "missing": found.missing} == case["expect"]
        return
    assert _outcome(example, case) == case["expect"]


def test_there_is_an_example_of_every_sort_tried_both_ways_and_told_in_every_language() -> None:
    assert {example.sort for example in examples().values()} == set(SORTS)
    tried: dict[str, list[Any]] = {}
    for param in _cases():
        name, case = param.values
        tried.setdefault(name, []).append(case["expect"])
    for name, example in examples().items():
        checked(example, NOW)
        assert set(example.about) == {"en", "de"}
        assert len(tried[name]) > 1, name
        assert name == "lucky" or tried[name][0] != tried[name][1], name


def test_a_game_begins_at_once_and_is_open_for_its_days() -> None:
    begun = examples()["helmet-auction"].begun(NOW)
    assert (begun["opens_at"], begun["closes_at"], begun["latest"]) == (
        "2024-05-01T09:30:00Z", "2024-05-08T09:30:00Z", "2024-05-08T11:30:00Z",
    )  # fmt: skip
    assert examples()["barista"].begun(NOW) == examples()["barista"].document


def _outcome(example: Example, case: dict[str, Any]) -> Any:
    if example.sort == "ranking":
        return _ranking(Question.model_validate(example.document), case["scores"])
    what = parse_game(example.begun(NOW))
    if isinstance(what, Auction):
        return _auction(what, case["bids"])
    seed = bytes.fromhex(case["seed"] * 32)
    if isinstance(what, Wheel):
        return _spins(what, seed, case["spins"])
    assert isinstance(what, Lottery)
    entries = [Entry(*each) for each in case["tickets"]]
    wins = draw(seed, GAME, entries, what.pieces, once=what.once, substitutes=what.substitutes)
    return [[win.number, win.holder, win.prize] for win in wins]


def _spins(what: Wheel, seed: bytes, numbers: list[int]) -> list[str]:
    left = {each.sector: each.pieces for each in what.odds if each.pieces is not None}
    found = []
    for number in numbers:
        sector = spin(seed, GAME, number, "ada", "", what.odds, left)
        left |= {sector: left[sector] - 1} if sector in left else {}
        found.append(sector)
    return found


def _auction(what: Auction, bids: list[Any]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for name, _, _ in bids))
    standing, answers, kept = Standing(what.opens_at, what.closes_at), [], []
    for at, (name, points, minutes) in enumerate(bids):
        bid = Bid(UUID(int=at), UUID(int=names.index(name)), points, what.closes_at - timedelta(minutes=minutes))
        reason = fault(what.rules, standing, bid.points, bid.at)
        if reason is None:
            standing = taken(what.rules, standing, bid)
            kept.append(bid)
        answers.append(reason or "taken")
    order = [names[bid.member_id.int] for bid in ranked(kept)]
    later = (standing.ends_at - what.closes_at) // timedelta(minutes=1)
    return {"answers": answers, "order": order, "later_minutes": later}


def _ranking(asked: Question, scores: dict[str, int]) -> list[list[Any]]:
    places = placed(Scored(key, score) for key, score in scores.items())
    of = len(places) if asked.of == "members" else None
    return [[each.rank, each.key, shared(each, of, asked.scored, None, "en")] for each in places]
