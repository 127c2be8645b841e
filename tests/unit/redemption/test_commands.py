"""Requests from the topic: what is read of them, and what a batch makes of them, wherever batches are cut."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.redemption import Ask
from libs.contracts.rejection import Rejection
from libs.contracts.samples import examples_on
from libs.ledger.evolve import replay
from libs.ledger.invariants import check
from libs.ledger.model import Movement
from libs.lives.life import Life
from services.redemption.commands import Command, command, digest
from services.redemption.deciding import id_of, meaning, name_of
from tests.support.receipts import Record
from tests.support.spending import NOW, RULES, SOURCES, Counter, asked, commands, read
from tests.unit.ledger.build import credit

ANN, BEN = UUID(int=11), UUID(int=12)


POINTS = {ANN: (50, 30), BEN: (40,)}


def credits(member: UUID) -> list[Movement]:
    return [credit(number, points, expires=30 + number) for number, points in enumerate(POINTS[member], 1)]


def life_of(member: UUID) -> Life:
    return Life((1, 1, member), replay(member, credits(member)))


def counter() -> Counter:
    return Counter({ANN: life_of(ANN), BEN: life_of(BEN)})


def refusals(events: Sequence[Any]) -> list[str]:
    found = [orjson.loads(each.value)["data"] for event in events for each in event]
    return [data["code"] for data in found if "code" in data]


def test_every_example_is_read_and_a_till_may_not_speak_for_others() -> None:
    for example in examples_on("loyalty.redemptions"):
        event = SOURCES.decoder.decode(example.raw, ())
        assert not isinstance(event, Rejection)
        assert isinstance(command(event, SOURCES), Command)
    stranger = read(asked("a", ANN, "redeem", points=1, source="/globex/pos/1"))
    assert isinstance(stranger, Rejection)
    assert stranger.code == "unknown-source"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"operation": "redeem"}, "/data/points"),
        ({"operation": "hold", "points": 0}, "/data/points"),
        ({"operation": "hold", "points": 1, "redemption_id": str(ANN)}, "/data/redemption_id"),
        ({"operation": "release", "points": 1, "begun_under": "k"}, "/data/points"),
        ({"operation": "give"}, "/data/operation"),
        ({"operation": "commit", "begun_under": "k", "bill_minor": 1}, "/data/bill_minor"),
        ({"operation": "commit", "begun_under": "k", "returned_minor": 1}, "/data/returned_minor"),
        ({"operation": "redeem", "bill_minor": 1, "currency": "EURO"}, "/data/currency"),
    ],
)
def test_what_could_not_be_asked_is_a_dead_letter(data: dict[str, Any], field: str) -> None:
    operation = data.pop("operation")
    rejection = read(asked("bad", ANN, operation, **data))
    assert isinstance(rejection, Rejection)
    assert (rejection.code, rejection.field) == ("field", field)


def test_a_key_names_the_same_request_as_over_http() -> None:
    (mine,) = commands(asked("e-1", ANN, "hold", points=9, key="k-1", credential="5f0a1d6e8b70190a", reference="r"))
    http = Ask(
        "hold", 1, "5f0a1d6e8b70190a", key=digest("k-1"), fingerprint=b"of the path", programme_id=1, member_id=ANN,
        points=9, reference="r",
    )  # fmt: skip
    assert name_of(mine.ask) == name_of(http)
    assert meaning(mine.ask) == meaning(http)
    assert mine.candidates == (id_of(name_of(http)),)
    (other,) = commands(asked("e-1", ANN, "hold", points=8, key="k-1", credential="5f0a1d6e8b70190a", reference="r"))
    assert meaning(other.ask) != meaning(http)
    (commit,) = commands(asked("e-2", ANN, "commit", begun_under="k-1", credential="5f0a1d6e8b70190a"))
    assert commit.candidates == mine.candidates
    (shared,) = commands(asked("e-3", ANN, "extend", key="k-1", credential="5f0a1d6e8b70190a"))
    assert shared.candidates == mine.candidates, "what follows may share the key"


def test_a_redemption_goes_its_way_and_each_step_is_told() -> None:
    desk = counter()
    way = [
        asked("1", ANN, "commit", begun_under="k"),  # before its hold: nothing is there to be committed
        asked("2", ANN, "hold", points=60, key="k"),
        asked("3", ANN, "hold", points=60, key="k"),
        asked("4", ANN, "extend", begun_under="k"),
        asked("5", ANN, "hold", points=21),
        asked("6", BEN, "commit", begun_under="k"),  # somebody else's
        asked("7", ANN, "commit", begun_under="k", points=40, key="c"),
        asked("8", ANN, "release", begun_under="k"),
        asked("9", ANN, "cancel", begun_under="k", points=10, key="b"),
        asked("10", ANN, "cancel", begun_under="k", points=10, key="b"),
        asked("11", ANN, "cancel", begun_under="k", points=11, key="b"),
    ]
    decided = desk.batch(NOW, commands(*way))
    assert refusals(decided.events) == [
        "redemption-unknown", "insufficient-points", "redemption-unknown", "hold-ended", "idempotency-key-reused"
    ]  # fmt: skip
    assert [told for told in desk.told if not told[0].startswith("redemption.refused")] == [
        ("points.held.v1", 3), ("redemption.extended.v1", None), ("points.redeemed.v1", 4), ("points.released.v1", 5),
        ("points.restored.v1", 6),
    ]  # fmt: skip
    (redemption,) = decided.redemptions.values()
    assert (redemption.state, redemption.points, redemption.restored) == ("redeemed", 40, 10)
    assert decided.outcomes == {"hold": 1, "extend": 1, "commit": 1, "cancel": 1, "refused": 5, "replayed": 2}
    assert sum(lot.free for lot in desk.lives[ANN].ledger.lots) == 50
    first = orjson.loads(decided.events[1][0].value)["data"]
    assert (first["cause_source"], first["cause_id"]) == ("/acme/pos/7", "2")
    assert first["redemption_id"] == str(redemption.redemption_id)
    assert list(decided.counted.values()) == [1]
    assert not decided.refused & decided.answers.keys()


def test_a_refusal_leaves_nothing_behind_but_the_word_of_it() -> None:
    desk = counter()
    late = NOW + timedelta(days=40)  # what time has done would be recorded
    decided = desk.batch(late, commands(asked("1", ANN, "redeem", points=900, key="k")))
    assert refusals(decided.events) == ["insufficient-points"]
    assert not desk.lives[ANN].made
    assert [name.operation for name in decided.refused] == ["redeem"]
    decided = desk.batch(late, commands(asked("2", BEN, "redeem", points=1, key="k")))
    assert refusals(decided.events) == ["insufficient-points"], "the key was free again; his points have lapsed"
    stranger = desk.batch(NOW, commands(asked("3", UUID(int=13), "redeem", points=1)))
    assert refusals(stranger.events) == ["member-unknown"]


def test_whoever_was_merged_is_served_as_the_one_they_are_now() -> None:
    desk = Counter({BEN: life_of(BEN)}, leads={ANN: BEN})
    desk.batch(NOW, commands(asked("1", ANN, "redeem", points=5, key="k")))
    (redemption,) = desk.redemptions.values()
    assert redemption.name[2] == BEN
    decided = desk.batch(NOW, commands(asked("2", ANN, "cancel", begun_under="k")))
    assert not refusals(decided.events)


OPERATIONS = st.sampled_from(["redeem", "hold", "extend", "commit", "release", "cancel"])


@st.composite
def streams(draw: st.DrawFn) -> list[Record]:
    """Requests of two members under few keys, so that they repeat, contradict and overtake each other."""
    records = []
    for number in range(draw(st.integers(1, 14))):
        operation, key = draw(OPERATIONS), draw(st.sampled_from("abc"))
        data: dict[str, Any] = {"key": key} if draw(st.booleans()) else {}
        if operation in ("redeem", "hold"):
            data["points"] = draw(st.integers(1, 60))
        else:
            data["begun_under"] = draw(st.sampled_from("abc"))
            if operation in ("commit", "cancel") and draw(st.booleans()):
                data["points"] = draw(st.integers(1, 30))
        records.append(asked(f"e-{number}", draw(st.sampled_from([ANN, BEN])), operation, **data))
    return records


@settings(max_examples=60, deadline=None)
@given(records=streams(), cut=st.integers(0, 14))
def test_it_does_not_matter_where_batches_are_cut_and_no_point_is_lost(records: list[Record], cut: int) -> None:
    whole, cut_up = counter(), counter()
    made = commands(*records)
    whole.batch(NOW, made)
    cut_up.batch(NOW, made[:cut])
    cut_up.batch(NOW, made[cut:])
    assert whole.told == cut_up.told
    assert whole.redemptions == cut_up.redemptions
    for member, life in whole.lives.items():
        assert life.ledger == cut_up.lives[member].ledger
        assert not list(check(life.ledger, [*credits(member), *(made.movement for made in life.made)]))
        redeemed = sum(each.points - each.restored for each in whole.redemptions.values()
                       if each.name[2] == member and each.state == "redeemed")  # fmt: skip
        held = sum(lot.held for lot in life.ledger.lots)
        free = sum(lot.free for lot in life.ledger.lots)
        assert redeemed + held + free == sum(POINTS[member])
        assert free >= 0
    again = whole.batch(NOW, [each for each in made if name_of(each.ask) in whole.known])
    assert not any(kind.startswith("points.") for event in again.events for kind, _ in [_kind(e) for e in event])


def _kind(event: Any) -> tuple[str, None]:
    return dict(event.headers)["ce_type"].decode().removeprefix("org.pointstream."), None


def test_rules_name_where_redemptions_come_from() -> None:
    assert RULES.source == "/pointstream/acme/main/redemptions"
