"""The members of the benchmark: the same every time, made as columns so that 100,000 take a fraction of a second."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from libs.runtime.keys import kafka_partition_hash

SEED = 20_260_101
PARTITIONS = 12
_FIRST_CARD = 2_620_000_000_000
_ENROLLED_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z


@dataclass(frozen=True, slots=True)
class BenchTenant:
    """A tenant of the benchmark; both have cards of the same numbers."""

    tenant_id: int
    programme_id: int
    slug: str
    source: str


TENANTS = (BenchTenant(1, 1, "acme", "/acme/pos"), BenchTenant(2, 2, "globex", "/globex/pos"))


@dataclass(frozen=True, slots=True)
class Population:
    """Members as columns, by number: even ones belong to the first tenant, odd ones to the second."""

    member_ids: list[UUID]
    cards: list[str]
    spreads: list[int]
    """Kafka's hash of the member id, as the ledger's head stores it."""

    @property
    def tenants(self) -> list[BenchTenant]:
        """The tenant of each."""
        return [TENANTS[number % 2] for number in range(len(self.cards))]


def make_population(members: int) -> Population:
    """Make so many members: ids of version 7 in the order of enrolment, one card each."""
    chance = np.random.default_rng(SEED)
    raw = np.empty((members, 16), dtype=np.uint8)
    milliseconds = (np.arange(members, dtype=np.uint64) * 300 + np.uint64(_ENROLLED_MS)).astype(">u8")
    raw[:, :6] = milliseconds.view(np.uint8).reshape(members, 8)[:, 2:]
    raw[:, 6:] = chance.integers(0, 256, (members, 10), dtype=np.uint8)
    raw[:, 6] = (raw[:, 6] & 0x0F) | 0x70
    raw[:, 8] = (raw[:, 8] & 0x3F) | 0x80
    ids = [UUID(bytes=row.tobytes()) for row in raw]
    return Population(ids, cards(members), partition_hashes([str(each).encode() for each in ids]).tolist())


def cards(members: int) -> list[str]:
    """The card of each member; the two tenants' cards have the same numbers."""
    return [str(_FIRST_CARD + number // 2) for number in range(members)]


def member_of(tenant: BenchTenant, card: str) -> int:
    """The number of the member of this tenant who has this card."""
    return (int(card) - _FIRST_CARD) * 2 + TENANTS.index(tenant)


def partition_hashes(keys: list[bytes]) -> NDArray[np.int64]:
    """`kafka_partition_hash` of many keys of one length at once.

    Raises:
        ValueError: it does not agree with the platform's own function.
    """
    length = len(keys[0])
    column = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), length).astype(np.uint32)
    multiplier, mask = np.uint64(0x5BD1E995), np.uint64(0xFFFFFFFF)

    def times(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return (value * multiplier) & mask

    digest = np.full(len(keys), 0x9747B28C ^ length, dtype=np.uint64)
    for at in range(0, length - length % 4, 4):
        word = sum((column[:, at + byte].astype(np.uint64) << np.uint64(8 * byte)) for byte in range(4))
        word = times(np.asarray(word, dtype=np.uint64))
        word = times(word ^ (word >> np.uint64(24)))
        digest = times(digest) ^ word
    if rest := length % 4:
        for byte in range(rest):
            digest ^= column[:, length - rest + byte].astype(np.uint64) << np.uint64(8 * byte)
        digest = times(digest)
    digest = times(digest ^ (digest >> np.uint64(13)))
    digest = (digest ^ (digest >> np.uint64(15))) & np.uint64(0x7FFFFFFF)
    for number in (0, len(keys) // 2, len(keys) - 1):
        if int(digest[number]) != kafka_partition_hash(keys[number]):
            raise ValueError("the vectorised partition hash disagrees with the platform's")
    return digest.astype(np.int64)
