"""Derived identities: the same cause always gives the same key, so a replay makes nothing new."""

from __future__ import annotations

from hashlib import blake2b, sha1
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as FastUUID  # a uuid.UUID, made in C

EVENT_NAMESPACE = UUID("8a7c5c1e-5d0e-5c55-9b1c-2f6f1d9c7a10").bytes


def event_key(source: str, event_id: str) -> UUID:
    """The 128-bit name of `(source, id)` inside a tenant: what the inbox is unique by."""
    key: UUID = FastUUID(blake2b(f"{source}\x1f{event_id}".encode(), digest_size=16).digest())
    return key


def receipt_key(tenant_id: int, programme_id: int, store: str | None, number: str) -> UUID:
    """The 128-bit name of a receipt number in its store: what returns and corrections find their purchase by."""
    name = f"{tenant_id}\x1f{programme_id}\x1f{store or ''}\x1f{number}".encode()
    key: UUID = FastUUID(blake2b(name, digest_size=16).digest())
    return key


def body_hash(canonical: bytes) -> int:
    """A signed 64-bit digest of a body in canonical form, to tell a repeat from another body under the same id."""
    return int.from_bytes(blake2b(canonical, digest_size=8).digest(), "big", signed=True)


def event_id(tenant: str, cause: str, kind: str, member: str, ordinal: int) -> str:
    """UUIDv5 of what made an event, in text: a replay gives the event the same id."""
    name = f"{tenant}\x1f{cause}\x1f{kind}\x1f{member}\x1f{ordinal}".encode()
    digest = sha1(EVENT_NAMESPACE + name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def kafka_partition_hash(key: bytes) -> int:
    """Murmur2 as Kafka's own clients compute it, made non-negative: `% partitions` is the partition they would choose.

    Computed once when a member enrols and stored with the ledger's head, since in Python it costs 10 µs.
    Source: the default partitioner of Apache Kafka's Java client.
    """
    from aiokafka.partitioner import murmur2

    return int(murmur2(key)) & 0x7FFFFFFF
