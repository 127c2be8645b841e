"""Draws follow from seed and entries alone, are fair, and any change of a record shows."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.games import wheel
from libs.games.chance import Chance, Entry, commitment, digest, holder_of, key_of
from libs.games.lottery import Pieces, draw
from libs.games.record import DrawRecord, faults, read
from libs.games.wheel import Odds

SEED, GAME = bytes(range(32)), UUID(int=7)
AT = datetime(2024, 3, 1, tzinfo=UTC)
counts = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abcdef")), min_size=0, max_size=12)


def entries_of(made: list[tuple[int, str]]) -> list[Entry]:
    entries, first = [], 1
    for count, holder in made:
        entries.append(Entry(first, count, holder))
        first += count + 1
    return entries


@given(counts, st.integers(1, 6), st.integers(1, 4), st.integers(0, 3), st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_prize_is_drawn_once_as_long_as_there_are_tickets(
    made: list[tuple[int, str]], first: int, second: int, substitutes: int, once: bool
) -> None:
    entries = entries_of(made)
    prizes = [Pieces("car", first), Pieces("cup", second)]
    wins = draw(SEED, GAME, entries, prizes, once=once, substitutes=substitutes)
    holders = {number: entry.holder for entry in entries for number in range(entry.first, entry.first + entry.tickets)}
    most = len(set(holders.values())) if once else len(holders)
    wanted = ["car"] * first + ["cup"] * second + [None] * substitutes
    assert [win.prize for win in wins] == wanted[: min(len(wanted), most)]
    assert [win.place for win in wins] == list(range(1, len(wins) + 1))
    assert all(holders[win.number] == win.holder for win in wins)
    assert len({win.number for win in wins}) == len(wins)
    assert not once or len({win.holder for win in wins}) == len(wins)
    assert draw(SEED, GAME, entries, prizes, once=once, substitutes=substitutes) == wins


def test_a_draw_is_the_one_that_others_compute() -> None:
    """A vector: whoever writes the draw anew gets the same."""
    entries = [Entry(1, 3, "a"), Entry(4, 5, "b"), Entry(9, 2, "c")]
    assert commitment(SEED).hex() == "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
    assert digest(entries).hex()[:16] == "b2bb7473cebc309e"
    assert [(win.number, win.holder) for win in draw(SEED, GAME, entries, [Pieces("x", 3)], once=True)] == [
        (9, "c"),
        (2, "a"),
        (4, "b"),
    ]
    assert holder_of(GAME, UUID(int=1)) == holder_of(GAME, UUID(int=1)) != holder_of(GAME, UUID(int=2))


def test_each_ticket_is_as_likely_as_any_other() -> None:
    entries = [Entry(1, 1, "a"), Entry(2, 3, "b")]
    found = Counter(
        draw(at.to_bytes(32, "big"), GAME, entries, [Pieces("x", 1)], once=True)[0].number for at in range(4_000)
    )
    assert all(900 < found[number] < 1_100 for number in (1, 2, 3, 4))
    chance = Chance(key_of(SEED, "x"))
    assert Counter(chance.below(3) for _ in range(3_000)).keys() == {0, 1, 2}


SECTORS = [Odds("car", 1, 2, True), Odds("cup", 30, None, True), Odds("none", 69, None, False)]


def test_a_wheel_stops_by_its_odds_and_never_at_what_is_gone() -> None:
    full = Counter(wheel.spin(SEED, GAME, at, "a", "", SECTORS, {"car": 2}) for at in range(1, 4_001))
    assert 20 < full["car"] < 65
    assert 1_080 < full["cup"] < 1_320
    gone = Counter(wheel.spin(SEED, GAME, at, "a", "", SECTORS, {"car": 0}) for at in range(1, 4_001))
    assert gone == {"cup": full["cup"], "none": full["none"] + full["car"]}
    words = {wheel.spin(SEED, GAME, 1, "a", str(word), SECTORS, {"car": 2}) for word in range(50)}
    assert len(words) > 1, "what the member says changes the number"
    with pytest.raises(LookupError):
        wheel.stand_in([Odds("car", 1, 2, True)])


def lottery() -> DrawRecord:
    entries = [Entry(1, 3, "a"), Entry(4, 5, "b"), Entry(9, 2, "c")]
    wins = draw(SEED, GAME, entries, [Pieces("car", 1), Pieces("cup", 1)], once=True, substitutes=1)
    return DrawRecord.model_validate(
        {
            "format": "pointstream-draw-1", "kind": "lottery", "tenant": "acme", "programme": "club", "game": "summer",
            "game_id": GAME, "commitment": commitment(SEED).hex(), "seed": SEED.hex(), "opened_at": AT, "ended_at": AT,
            "substitutes": 1, "prizes": [{"prize": "car", "pieces": 1}, {"prize": "cup", "pieces": 1}],
            "entries": [{"first": one.first, "count": one.tickets, "holder": one.holder} for one in entries],
            "entries_digest": digest(entries).hex(), "wins": [win._asdict() for win in wins],
        }
    )  # fmt: skip


def spins() -> DrawRecord:
    left, made = {"car": 2}, []
    for number in range(1, 301):
        sector = wheel.spin(SEED, GAME, number, "a", "w", SECTORS, left)
        if sector in left:
            left[sector] -= 1
        made.append({"number": number, "holder": "a", "word": "w", "sector": sector})
    assert left["car"] == 0
    return lottery().model_copy(update={"kind": "wheel"}).model_validate(
        lottery().model_dump()
        | {"kind": "wheel", "sectors": [dict(zip(("sector", "weight", "pieces", "wins"), each, strict=True))
                                        for each in SECTORS], "spins": made}
    )  # fmt: skip


def test_a_true_record_is_true_and_every_change_is_found() -> None:
    record = lottery()
    assert faults(record, record.commitment) == []
    assert faults(read(record.model_dump_json().encode())) == []
    first, *rest = record.wins
    changes = (
        {"wins": (first.model_copy(update={"number": 99}), *rest)},
        {"wins": tuple(rest)},
        {"seed": bytes(32).hex()},
        {"entries_digest": "0" * 64},
        {"entries": (*record.entries[:2], record.entries[2].model_copy(update={"count": 3}))},
        {"entries": (record.entries[0], record.entries[0], *record.entries[1:])},
        {"prizes": record.prizes[:1]},
        {"once": False, "substitutes": 7},
    )
    for change in changes:
        assert faults(record.model_copy(update=change)), change
    assert faults(record, "0" * 64) == ["the commitment is not the one that was published"]
    with pytest.raises(ValueError, match="seed"):
        read(record.model_dump_json().replace(SEED.hex(), "00").encode())


def test_a_wheels_record_is_spun_again() -> None:
    record = spins()
    assert faults(record) == []
    other = record.spins[10].model_copy(update={"word": "other", "sector": "car"})
    assert faults(record.model_copy(update={"spins": (*record.spins[:10], other, *record.spins[11:])}))
    assert faults(record.model_copy(update={"spins": record.spins[1:]})) == ["spin 1 is missing"]


def test_the_record_that_is_shown_can_be_drawn_again() -> None:
    assert faults(DrawRecord.model_validate(DrawRecord.model_config["json_schema_extra"]["example"])) == []  # type: ignore[index]
