"""Derived identities: stable over releases, different for different causes."""

from __future__ import annotations

from uuid import UUID, uuid5

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from libs.runtime.keys import EVENT_NAMESPACE, body_hash, event_id, event_key, kafka_partition_hash

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


def test_keys_stay_what_they_were() -> None:
    """Inboxes are full of them: a change here would pay everything twice."""
    assert event_key("/acme/pos", "R-1") == UUID("d2bd08af-2398-b872-2d0e-4d9fc833451b")
    assert body_hash(b"{}") == 137279666008780115
    assert event_id("acme", "c", "k", "m", 1) == "e68f7f22-2b7a-55e0-ba2c-f2e5445d4fd2"


@given(TEXT, TEXT, TEXT, TEXT)
def test_sources_and_ids_are_not_confused(source: str, name: str, other_source: str, other_name: str) -> None:
    same = (source, name) == (other_source, other_name)
    assert (event_key(source, name) == event_key(other_source, other_name)) == same


@given(TEXT, TEXT, TEXT, TEXT, st.integers(0, 10**9))
def test_event_ids_are_uuids_of_version_five(tenant: str, cause: str, kind: str, member: str, ordinal: int) -> None:
    name = f"{tenant}\x1f{cause}\x1f{kind}\x1f{member}\x1f{ordinal}"
    assert event_id(tenant, cause, kind, member, ordinal) == str(uuid5(UUID(bytes=EVENT_NAMESPACE), name))


@given(st.binary())
def test_body_hash_fits_a_bigint(body: bytes) -> None:
    assert -(2**63) <= body_hash(body) < 2**63


@given(st.binary(min_size=1), st.integers(1, 50))
def test_partition_is_the_one_that_kafka_s_clients_choose(key: bytes, partitions: int) -> None:
    numbers = list(range(partitions))
    assert kafka_partition_hash(key) % partitions == DefaultPartitioner()(key, numbers, numbers)
