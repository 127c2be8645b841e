"""Profiles: who joined, and by which identifiers shops will know them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord

from libs.contracts.codec import Event, TopicDecoder, canonical
from libs.contracts.events import MemberEnrolledV1
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.runtime.batch import Applied, Work
from libs.runtime.clock import Clock
from libs.runtime.failpoint import reach
from libs.runtime.keys import body_hash, event_key, kafka_partition_hash
from services.earning import store
from services.earning.programmes import Programmes
from services.earning.purchases import arrival
from services.earning.receipts import SEPARATOR, UNSEEMLY
from services.earning.repeats import Tally, first_of_each

TOPIC = "loyalty.profiles"
CONSUMER = "earning.profiles"
TAKEN = Rejection("identifier-taken", "/data/identifiers", "identifiers that no other member has")
NO_PAGE = 4095
"""No decision comes of an enrolment: the one page of a batch, of 4,096, that receipts can not reach."""


@dataclass(frozen=True, slots=True)
class Profile:
    """An enrolment on its way in."""

    enrolment: store.Enrolment
    key: UUID
    body_hash: int

    @property
    def tenant_id(self) -> int:
        """The tenant that it belongs to."""
        return self.enrolment.programme.tenant_id


class ProfileHandler:
    """Enrols members."""

    topics: tuple[str, ...] = (TOPIC,)

    def __init__(self, programmes: Callable[[], Programmes], names: IdentifierNames, clock: Clock) -> None:
        self._programmes = programmes
        self._names = names
        self._clock = clock
        self._decoder = TopicDecoder(TOPIC)

    def decode(self, records: Sequence[ConsumerRecord]) -> list[Profile | Rejection]:
        """Make an enrolment of each record, or say why not."""
        programmes, now = self._programmes(), self._clock.now()
        items: list[Profile | Rejection] = []
        for record in records:
            event = self._decoder.decode(record.value)
            if isinstance(event, Rejection):
                items.append(event)
            else:
                items.append(self._select(event, programmes, arrival(record, self._clock, now)))
        return items

    async def apply(
        self, connection: asyncpg.Connection, work: Work[Profile], now: datetime, *, careful: bool
    ) -> Applied:
        """Enrol what is fresh; an identifier that another member has sends the whole event to the dead letters."""
        tally = Tally(len(work.spans))
        names = [name for profile in work.items if profile is not None for name in _names(profile)]
        free, taken = _free(work.items, await store.identifier_owners(connection, names))
        for index in taken:
            tally.reject(index, TAKEN)
        first = first_of_each(free, tally)
        entries = [
            store.Entry((work.span_of[index], new.tenant_id, NO_PAGE), new.key, new.body_hash) for index, new in first
        ]
        begun = await store.begin_batch(connection, CONSUMER, now, work.spans, entries)
        reach("after-inbox")
        fresh = []
        for (index, profile), status in zip(first, begun.status, strict=True):
            if status == "f":
                fresh.append(profile)
            elif status != "x":
                tally.known(index, repeat=status == "r")
        for group in _apart(fresh):
            await store.enrol_batch(connection, now, [profile.enrolment for profile in group])
        reach("after-save")
        applied = tally.applied(begun.moved)
        if fresh:
            applied.outcomes["enrolled"] = len(fresh)
        return applied

    def _select(
        self, event: Event[MemberEnrolledV1], programmes: Programmes, arrived_at: datetime
    ) -> Profile | Rejection:
        programme = programmes.of_source(event.source)
        if programme is None:
            return Rejection("unknown-source", "/source", "a registered source, or something below one")
        data = event.data
        names = tuple(dict.fromkeys(self._names.names(data.identifiers)))
        if any(SEPARATOR in name for name in names):
            return UNSEEMLY
        enrolment = store.Enrolment(
            programme,
            data.member_id,
            kafka_partition_hash(str(data.member_id).encode()),
            data.tier,
            min(event.time, arrived_at),
            names,
        )
        return Profile(enrolment, event_key(event.source, event.id), body_hash(canonical(data)))


def _names(profile: Profile) -> list[store.IdentifierName]:
    return [(*profile.enrolment.programme.key, name) for name in profile.enrolment.identifiers]


def _free(
    profiles: Sequence[Profile | None], owners: Mapping[store.IdentifierName, UUID]
) -> tuple[list[Profile | None], list[int]]:
    """Blank out the profiles whose identifiers somebody else has, now or earlier in the batch, and say which."""
    standing = dict(owners)
    free = list(profiles)
    taken: list[int] = []
    for index, profile in enumerate(profiles):
        if profile is None:
            continue
        names, member = _names(profile), profile.enrolment.member_id
        if any(standing.get(name, member) != member for name in names):
            taken.append(index)
            free[index] = None
        else:
            standing |= dict.fromkeys(names, member)
    return free, taken


def _apart(profiles: Sequence[Profile]) -> list[list[Profile]]:
    """Cut so that no member and no identifier stands twice in a group: one statement can't take a row twice."""
    groups: list[list[Profile]] = []
    taken: set[object] = set()
    for profile in profiles:
        enrolment = profile.enrolment
        claims = {(*enrolment.programme.key, name) for name in (enrolment.member_id, *enrolment.identifiers)}
        if not groups or claims & taken:
            groups.append([])
            taken = set()
        groups[-1].append(profile)
        taken |= claims
    return groups
