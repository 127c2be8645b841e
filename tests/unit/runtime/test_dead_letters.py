"""Dead letters: named by where the record stood, sealed, and a replay that says when it first came."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiokafka import ConsumerRecord

from libs.contracts.events import DeadLetterHeadersV1
from libs.contracts.rejection import Rejection
from libs.runtime import dead_letters
from libs.runtime.seal import Seal, SealBroken

SEAL = Seal.from_base64(base64.b64encode(bytes(32)).decode())
WHY = Rejection("field", "/data/total_minor", "an integer")
FIRST = datetime(2026, 3, 30, 12, 0, 0, 123_000, tzinfo=UTC)


def record(value: bytes | None = b"junk", key: bytes | None = b"card:1", **changes: object) -> ConsumerRecord:
    made = ConsumerRecord(
        topic="x.loyalty.purchases", partition=3, offset=7, timestamp=1_700_000_000_000, timestamp_type=1, key=key,
        value=value, checksum=None, serialized_key_size=0, serialized_value_size=0, headers=(),
    )  # fmt: skip
    return replace(made, **changes)


def test_letter_opens_to_the_original() -> None:
    letter = dead_letters.letter("earning.purchases", "loyalty.purchases", record(), WHY, SEAL)
    assert SEAL.open(letter.sealed_value, f"{letter.letter_id}/value") == b"junk"
    assert letter.sealed_key is not None
    assert SEAL.open(letter.sealed_key, f"{letter.letter_id}/key") == b"card:1"
    assert (letter.topic, letter.part, letter.offset, letter.attempts) == ("loyalty.purchases", 3, 7, 1)
    assert letter.time == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_headers_are_sealed_too_but_for_those_of_a_replay() -> None:
    told = [("ce_id", b"R-1"), ("ce_id", b"twice"), ("empty", None), ("attempts", b"3"), ("first-arrival", b"x")]
    letter = dead_letters.letter("c", "t", record(headers=tuple(told)), WHY, SEAL)
    assert letter.sealed_headers is not None
    assert b"R-1" not in letter.sealed_headers
    assert dead_letters.open_headers(letter.letter_id, letter.sealed_headers, SEAL) == told[:3]
    with pytest.raises(SealBroken):
        dead_letters.open_headers(dead_letters.letter_id("d", record()), letter.sealed_headers, SEAL)
    again = dead_letters.letter("c", "t", record(headers=tuple(told[3:])), WHY, SEAL)
    assert again.sealed_headers is None
    assert dead_letters.open_headers(again.letter_id, None, SEAL) == []


def test_record_without_key_or_value() -> None:
    letter = dead_letters.letter("c", "t", record(None, None), WHY, SEAL)
    assert letter.sealed_key is None
    assert SEAL.open(letter.sealed_value, f"{letter.letter_id}/value") == b""


def test_name_is_the_same_for_the_same_place_and_no_other() -> None:
    name = dead_letters.letter_id("c", record())
    assert name == dead_letters.letter_id("c", record(b"other bytes, same place"))
    others = [record(offset=8), record(partition=4), record(topic="y"), record(timestamp=1)]
    assert len({name, dead_letters.letter_id("d", record()), *(dead_letters.letter_id("c", o) for o in others)}) == 6


@pytest.mark.parametrize("timestamp", [-1, 0, 10**18])
def test_absurd_stamps_do_not_hurt(timestamp: int) -> None:
    letter = dead_letters.letter("c", "t", record(timestamp=timestamp), WHY, SEAL)
    assert 1970 <= letter.time.year <= 9999


@pytest.mark.parametrize(
    ("value", "count"), [(b"1", 2), (b"41", 42), (b"-1", 1), (b"one", 1), (b"", 1), (b"9" * 50, 1_000_000)]
)
def test_attempts_are_counted_on(value: bytes, count: int) -> None:
    assert dead_letters.attempts(record(headers=(("attempts", value),))) == count


def test_announcement_says_everything_but_the_content() -> None:
    letter = dead_letters.letter(
        "c", "loyalty.purchases", record(), Rejection("field", "/" + "f" * 500, "d" * 500), SEAL
    )
    told = dead_letters.announcement(letter)
    headers = DeadLetterHeadersV1.from_record(told.headers)
    assert (told.topic, told.value) == ("loyalty.purchases.dlq", letter.sealed_value)
    assert headers.letter_id == str(letter.letter_id) == told.key.decode()
    assert (headers.partition, headers.offset, headers.timestamp) == (3, 7, 1_700_000_000_000)


def _again(value: bytes = b"junk") -> tuple[tuple[str, bytes], ...]:
    return tuple(dead_letters.replay_headers(b"junk", 2, FIRST, SEAL))


def test_replay_arrives_when_it_first_did() -> None:
    [again] = dead_letters.with_first_arrival([record(headers=_again())], SEAL)
    assert again.timestamp == round(FIRST.timestamp() * 1000)
    assert dead_letters.attempts(again) == 3


@pytest.mark.parametrize(
    "forged",
    [
        record(b"another body", headers=_again()),
        record(headers=(("first-arrival", b"1"),)),
        record(headers=(("first-arrival", b"1774872000123" * 3),)),
        record(headers=(("traceparent", b"00-1-2-3"),)),
        record(),
    ],
)
def test_nobody_else_can_say_when_it_arrived(forged: ConsumerRecord) -> None:
    records = [record(headers=(("x", b"y"),)), forged]
    assert dead_letters.with_first_arrival(records, SEAL)[1].timestamp == forged.timestamp
