"""Profiles: who joined, by which identifiers shops know them, and what waited for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord

from libs.contacts.events import told_by
from libs.contacts.told import Told as ToldOfPerson
from libs.contacts.vault import Vault
from libs.contracts.codec import Event, canonical
from libs.contracts.events import MemberUpdatedV1
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.contracts.soundness import unsound
from libs.judging.occasions import enrolment, is_awaited
from libs.judging.programmes import Programmes
from libs.judging.versions import RunningProgramme
from libs.ledger.late import GRACE
from libs.lives.life import MemberName
from libs.runtime.batch import Applied, Outgoing, Work
from libs.runtime.clock import Clock
from libs.runtime.failpoint import reach
from libs.runtime.keys import body_hash, event_key, kafka_partition_hash
from libs.runtime.repeats import Tally, first_of_each
from libs.segments.postgres import mark_members
from services.earning import claims, referral_desk, store
from services.earning.arrivals import UNKNOWN_SOURCE
from services.earning.events import SourceReader, arrival
from services.earning.inbox_store import body_hashes
from services.earning.joining import joined
from services.earning.metrics import EarningMetrics
from services.earning.occasions import outgoing
from services.earning.outcome import NO_PAGE
from services.earning.people import keep_people
from services.earning.profile_store import Told, tell_profiles

TOPIC = "loyalty.profiles"
CONSUMER = "earning.profiles"
TAKEN = Rejection("identifier-taken", "/data/identifiers", "identifiers that no other member has")

Owners = dict[store.IdentifierName, UUID | None]


@dataclass(frozen=True, slots=True)
class Profile:
    """An enrolment or an update on its way in: identifiers to be had, to be given up, to be taken over.

    `marks` are kept by their hashes alone; `code` is that of whoever brought the member in; `person` is kept sealed.
    """

    programme: RunningProgramme
    member_id: UUID
    tier: str | None
    at: datetime
    add: tuple[str, ...]
    remove: tuple[str, ...]
    move: tuple[str, ...]
    told: Told | None
    enrols: bool
    key: UUID
    body_hash: int
    marks: tuple[str, ...] = ()
    code: str | None = None
    consented: bool = False
    person: ToldOfPerson | None = None

    @property
    def tenant_id(self) -> int:
        """The tenant that it belongs to."""
        return self.programme.tenant_id

    def names(self) -> list[store.IdentifierName]:
        """Every identifier that it is about."""
        return [(*self.programme.key, name) for name in (*self.add, *self.remove, *self.move)]


class ProfileHandler:
    """Enrols members, keeps their identifiers, and gives them the receipts that waited for these."""

    topics: tuple[str, ...] = (TOPIC,)

    def __init__(
        self,
        programmes: Callable[[], Programmes],
        names: IdentifierNames,
        clock: Clock,
        metrics: EarningMetrics,
        vault: Vault,
    ) -> None:
        self._programmes = programmes
        self._vault = vault
        self._names = names
        self._clock = clock
        self._metrics = metrics
        self._reader = SourceReader(TOPIC)

    def decode(self, records: Sequence[ConsumerRecord]) -> list[Profile | Rejection]:
        """Make a profile of each record, or say why not."""
        programmes, now = self._programmes(), self._clock.now()
        decode = self._reader.of(programmes).decode
        items: list[Profile | Rejection] = []
        for record in records:
            event = decode(record.value, record.headers)
            if isinstance(event, Rejection):
                items.append(event)
            else:
                items.append(self._select(event, programmes, arrival(record, self._clock, now)))
        return items

    async def apply(
        self, connection: asyncpg.Connection, work: Work[Profile], now: datetime, *, careful: bool
    ) -> Applied:
        """Apply what is fresh; an identifier that another member has sends the whole event to the dead letters."""
        tally = Tally(len(work.spans))
        names = {name: None for profile in work.items if profile is not None for name in profile.names()}
        owners: Owners = {**names, **await store.identifier_owners(connection, list(names))}
        free, taken = _free(work.items, owners)
        for index in taken:
            tally.reject(index, TAKEN)
        first = first_of_each(free, tally)
        entries = [
            store.Entry((work.span_of[index], new.tenant_id, NO_PAGE), new.key, new.body_hash) for index, new in first
        ]
        begun = await store.begin_batch(connection, CONSUMER, now, work.spans, entries)
        reach("after-inbox")
        fresh: list[tuple[int, Profile]] = []
        for (index, profile), status in zip(first, begun.status, strict=True):
            if status == "f":
                fresh.append((index, profile))
            elif status != "x":
                tally.known(index, repeat=status == "r")
        await tally.settle(partial(body_hashes, connection))
        known = await store.load_enrolled(connection, [_name(profile) for _, profile in fresh])
        claimed, asked = await self._save(
            connection, now, begun.page_base, [profile for _, profile in fresh], owners, careful
        )
        reach("after-save")
        applied = tally.applied(begun.moved)
        if fresh:
            applied.outcomes["enrolled"] = len(fresh)
        for index, profile in fresh:
            tally.events[work.span_of[index]] += _told_of(profile, now, new=_name(profile) not in known)
            if profile.enrols:
                known.add(_name(profile))
        spans = {_name(profile): work.span_of[index] for index, profile in fresh}
        for member, events in claimed.events.items():
            tally.events[spans[member]] += events
        for member, events in asked.items():
            tally.events[spans[member]] += events
        if claimed.decided.uses:
            applied.last = partial(store.end_batch, connection, claimed.decided.uses)
        return applied

    async def _save(
        self,
        connection: asyncpg.Connection,
        now: datetime,
        page_base: int,
        fresh: Sequence[Profile],
        owners: Owners,
        careful: bool,
    ) -> tuple[claims.Claimed, dict[MemberName, list[Outgoing]]]:
        become = _after(fresh, owners)
        ties = [store.Tie(*name, owners[name], owner) for name, owner in become.items()]
        await store.tie_identifiers(connection, now, ties)
        gained = [tie for tie in ties if tie.becomes is not None and tie.becomes != tie.was]
        waiting = await claims.waiting(connection, gained)
        await store.enrol_members(connection, now, _members(fresh))
        await tell_profiles(connection, now, _told(fresh))
        people = [((*profile.programme.key, profile.member_id), profile.person) for profile in fresh]
        await keep_people(connection, now, people, self._vault)
        await mark_members(connection, now, "deeds", _in_segments(fresh))
        programmes = {profile.programme.key: profile.programme for profile in fresh}
        claimed = await claims.adopt(connection, now, page_base, waiting, gained, programmes, lock=careful)
        self._metrics.claimed(claimed.decided, claimed.lives)
        return claimed, await referral_desk.note(connection, now, fresh, ties, claimed.events)

    def _select(self, event: Event[Any], programmes: Programmes, arrived_at: datetime) -> Profile | Rejection:
        programme = programmes.of_source(event.source)
        if programme is None:
            return UNKNOWN_SOURCE
        data = event.data
        if (rejection := unsound(data)) is not None:
            return rejection
        at = min(event.time, arrived_at)
        person = told_by(data, event.source, at)
        if isinstance(person, Rejection):
            return person
        updates = event.type == MemberUpdatedV1.event_type
        add, remove, move = (
            tuple(dict.fromkeys(self._names.names(identifiers)))
            for identifiers in ((data.add, data.remove, data.move) if updates else (data.identifiers, (), ()))
        )
        return Profile(
            programme,
            data.member_id,
            data.tier,
            at,
            add,
            remove,
            move,
            _told_by(data),
            not updates,
            event_key(event.source, event.id),
            body_hash(canonical(data)),
            self._names.marks(data.marks) if programme.refers else (),
            getattr(data, "referral_code", None),
            getattr(data, "referral_consent", False),
            person,
        )


def _members(fresh: Iterable[Profile]) -> list[store.NewMember]:
    """Each member once, with the first date and the last tier that is told."""
    found: dict[tuple[int, int, UUID], store.NewMember] = {}
    for profile in fresh:
        name = (*profile.programme.key, profile.member_id)
        known = found.get(name)
        if known is None:
            spread = kafka_partition_hash(str(profile.member_id).encode())
            found[name] = store.NewMember(*name, spread, profile.tier, profile.at)
        else:
            at = min(known.enrolled_at, profile.at)
            found[name] = known._replace(tier=profile.tier or known.tier, enrolled_at=at)
    return list(found.values())


def _name(profile: Profile) -> MemberName:
    return (*profile.programme.key, profile.member_id)


def _told_of(profile: Profile, now: datetime, *, new: bool) -> list[Outgoing]:
    """That somebody has enrolled: to the world, if nobody knew them, and to a campaign that waits for it.

    A shop that tells of all its members every night makes none of them new. Campaigns do not hear of members who come
    from elsewhere, and enrolled long ago.
    """
    if not profile.enrols:
        return []
    spread = kafka_partition_hash(str(profile.member_id).encode())
    told = [joined(profile.programme, profile.member_id, profile.at, spread)] if new else []
    occasion = enrolment(profile.member_id, profile.at)
    if now - profile.at <= GRACE and is_awaited(profile.programme, occasion.name, occasion.of, occasion.at):
        told.append(outgoing(profile.programme, occasion, spread))
    return told


def _told_by(data: Any) -> Told | None:
    """What an event tells of its member, if anything."""
    if data.birthday is None and not data.attributes:
        return None
    day = None if data.birthday is None else int(data.birthday.replace("-", ""))
    return Told(day, data.attributes or {})


def _told(fresh: Iterable[Profile]) -> dict[MemberName, Told]:
    """What is told of each member: of what is told twice, the later."""
    found: dict[MemberName, Told] = {}
    for profile in fresh:
        if profile.told is not None:
            name = (*profile.programme.key, profile.member_id)
            before = found.get(name, Told(None, {}))
            birthday = profile.told.birthday or before.birthday
            found[name] = Told(birthday, {**before.attributes, **profile.told.attributes})
    return found


def _in_segments(fresh: Iterable[Profile]) -> Iterator[MemberName]:
    """The members whose programme has segments: what is told of them may move them."""
    return ((*each.programme.key, each.member_id) for each in fresh if each.programme.has_segments)


def _free(profiles: Sequence[Profile | None], owners: Owners) -> tuple[list[Profile | None], list[int]]:
    """Blank out the profiles whose identifiers somebody else has, now or earlier in the batch, and say which."""
    standing = dict(owners)
    free = list(profiles)
    taken: list[int] = []
    for index, profile in enumerate(profiles):
        if profile is None:
            continue
        if any(standing[name] not in (None, profile.member_id) for name in _names(profile, profile.add)):
            taken.append(index)
            free[index] = None
        else:
            _apply(profile, standing)
    return free, taken


def _after(profiles: Iterable[Profile], owners: Owners) -> Owners:
    """Whose each identifier is after all these profiles, one after the other."""
    standing = dict(owners)
    concerned: dict[store.IdentifierName, None] = {}
    for profile in profiles:
        _apply(profile, standing)
        concerned |= dict.fromkeys(profile.names())
    return {name: standing[name] for name in concerned}


def _apply(profile: Profile, standing: Owners) -> None:
    for name in _names(profile, profile.remove):
        if standing[name] == profile.member_id:
            standing[name] = None
    for name in _names(profile, (*profile.add, *profile.move)):
        standing[name] = profile.member_id


def _names(profile: Profile, names: Iterable[str]) -> list[store.IdentifierName]:
    return [(*profile.programme.key, name) for name in names]
