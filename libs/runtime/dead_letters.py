"""Dead letters: what becomes of a record that can't be applied."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

import msgspec
from aiokafka import ConsumerRecord

from libs.contracts.events import DeadLetterHeadersV1
from libs.contracts.rejection import Rejection
from libs.contracts.topics import DEAD_LETTER_SUFFIX
from libs.runtime.batch import Outgoing, stamped_at
from libs.runtime.seal import Seal, SealBroken
from libs.runtime.stream_store import DeadLetter

_NAMESPACE = UUID("3f0c2a52-7a4e-5d0b-8f7a-51a1b8a6c9e1")
ATTEMPTS = "attempts"
FIRST_ARRIVAL = "first-arrival"
MOST_ATTEMPTS = 1_000_000
_DIGITS, _LONGEST = 9, 256
_OURS = (ATTEMPTS, FIRST_ARRIVAL)
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[tuple[str, bytes | None]]).decode


def letter_id(consumer: str, record: ConsumerRecord) -> UUID:
    """The same record gives the same letter, however often its batch is run."""
    return uuid5(_NAMESPACE, f"{consumer}/{record.topic}/{record.partition}/{record.offset}/{record.timestamp}")


def attempts(record: ConsumerRecord) -> int:
    """How often this record has been tried, this time included; a replay carries the count along."""
    for name, value in record.headers:
        if name == ATTEMPTS and value is not None and value.isdigit():
            return min(int(value[:_DIGITS]), MOST_ATTEMPTS - 1) + 1
    return 1


def replay_headers(value: bytes, tried: int, arrived_at: datetime, seal: Seal) -> list[tuple[str, bytes]]:
    """The headers of a record that is sent again: how often it was tried, and, under seal, when it first arrived.

    Lateness is judged by arrival, which the broker stamps anew and no till may claim; hence the seal.
    """
    moment = str(round(arrived_at.timestamp() * 1000)).encode()
    return [(ATTEMPTS, str(tried).encode()), (FIRST_ARRIVAL, seal.close(moment, _arrival_of(value)))]


def with_first_arrival(records: list[ConsumerRecord], seal: Seal) -> list[ConsumerRecord]:
    """Give records that were sent again the timestamp of their first arrival; what is not under our seal is ignored."""
    if not any(record.headers for record in records):
        return records
    return [_stamped_first(record, seal) if record.headers else record for record in records]


def _stamped_first(record: ConsumerRecord, seal: Seal) -> ConsumerRecord:
    for name, value in record.headers:
        if name == FIRST_ARRIVAL and value is not None:
            try:
                return replace(record, timestamp=int(seal.open(value, _arrival_of(record.value or b""))))
            except SealBroken:
                return record
    return record


def _arrival_of(value: bytes) -> str:
    return f"{FIRST_ARRIVAL}/{sha256(value).hexdigest()}"


def seal_headers(name: UUID, record: ConsumerRecord, seal: Seal) -> bytes | None:
    """Seal the headers that a record came with, without those that a replay adds; None when there are none."""
    own = [header for header in record.headers if header[0] not in _OURS] if record.headers else []
    return seal.close(_pack(own), f"{name}/headers") if own else None


def open_headers(name: UUID, sealed: bytes | None, seal: Seal) -> list[tuple[str, bytes | None]]:
    """Undo `seal_headers`.

    Raises:
        libs.runtime.seal.SealBroken: the key is not the one that they were sealed with.
    """
    return [] if sealed is None else _unpack(seal.open(sealed, f"{name}/headers"))


def letter(consumer: str, topic: str, record: ConsumerRecord, rejection: Rejection, seal: Seal) -> DeadLetter:
    """Seal a rejected record and say where it stood, `topic` without the platform's prefix, and why it was refused."""
    name = letter_id(consumer, record)
    return DeadLetter(
        name,
        topic,
        record.partition,
        record.offset,
        stamped_at(record),
        rejection.code,
        rejection.field,
        rejection.detail,
        attempts(record),
        None if record.key is None else seal.close(record.key, f"{name}/key"),
        seal.close(record.value or b"", f"{name}/value"),
        seal_headers(name, record, seal),
    )


def announcement(dead: DeadLetter) -> Outgoing:
    """The record for the dead-letter topic: the sealed bytes, and in the headers everything but their content."""
    headers = DeadLetterHeadersV1(
        letter_id=str(dead.letter_id),
        reason=dead.reason,
        field=dead.field[:_LONGEST],
        detail=dead.detail[:_LONGEST],
        topic=dead.topic,
        partition=dead.part,
        offset=dead.offset,
        timestamp=int(dead.time.timestamp() * 1000),
        attempts=dead.attempts,
        sealed="aes-256-gcm",
    )
    key = str(dead.letter_id).encode()
    return Outgoing(dead.topic + DEAD_LETTER_SUFFIX, key, dead.part, dead.sealed_value, tuple(headers.to_record()))
