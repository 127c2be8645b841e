"""Activation by the clock: an event of our own catches up members whose pending points should be active by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from aiokafka.errors import KafkaError

from libs.contracts.codec import encode
from libs.contracts.events import MemberDueV1
from libs.contracts.headers import headers_of
from libs.intake.events import Prepared
from libs.judging.versions import RunningProgramme
from libs.runtime import logs
from libs.runtime.clock import monotonic
from libs.runtime.keys import event_id
from libs.runtime.postgres import DATABASE_ERRORS
from services.earning import clock_store
from services.earning.charge import Charge
from services.earning.clock_store import DueMember
from services.earning.events import ACTIVITIES

log = logs.get(__name__)
WHAT = "clock"
COUNTED = 100_000
"""No more members are counted as due."""
_READ = 100_000
_PATIENCE = 60.0
_LONGEST = 3_600.0


class Told(NamedTuple):
    """How often a member was told of in vain, and from when on, by the monotonic clock, to do it again."""

    attempt: int
    again_at: float


class DueMembers:
    """Looks for members who are due, in one worker of many, and publishes `member.due` for each.

    A run takes `most` at most, and none while twice as many are on their way, so that other activities come between. A
    member who is still due after a minute is told of again under a new id: the worker that was to catch them up, whose
    clock may be behind, found nothing to do, and the inbox drops what has the old id. Members who stay due for ever,
    say since their partition is halted, are told of more and more rarely and do not hold up the others.
    """

    def __init__(self, charge: Charge, most: int) -> None:
        self._charge = charge
        self._most = most
        self._told: dict[DueMember, Told] = {}

    async def run(self) -> None:
        """Publish what is due; on trouble the next run does."""
        if not self._charge.in_charge():
            self._told.clear()
            self._charge.metrics.due(0, 0.0)
            return
        now, started = self._charge.clock.now(), monotonic()
        try:
            found = await self._look(now)
            self._told = {member: self._told[member] for member in found if member in self._told}
            chosen = choose(found, self._told, started, self._most)
            await self._publish(chosen, now)
        except (*DATABASE_ERRORS, KafkaError) as error:
            log.warning("due.not_published", error=type(error).__name__)
            return
        for member, attempt in chosen:
            self._told[member] = Told(attempt, started + min(_PATIENCE * 2**attempt, _LONGEST))

    async def _look(self, now: datetime) -> list[DueMember]:
        most = min(len(self._told) + self._most, _READ)
        async with self._charge.pool.acquire() as connection:
            found = await clock_store.due_members(connection, now, most)
            count = len(found)
            if count == most:
                count = await clock_store.count_due(connection, now, COUNTED)
        self._charge.metrics.due(count, (now - found[0].due_at).total_seconds() if found else 0.0)
        return found

    async def _publish(self, chosen: Sequence[tuple[DueMember, int]], now: datetime) -> None:
        programmes = self._charge.programmes().by_key()
        events = [
            due_event(programmes[member[:2]], member, attempt, now)
            for member, attempt in chosen
            if member[:2] in programmes
        ]
        await self._charge.sender.send(events)
        self._charge.metrics.due_events.inc(len(events))


def choose(
    found: Sequence[DueMember], told: Mapping[DueMember, Told], at: float, most: int
) -> list[tuple[DueMember, int]]:
    """Choose whom to tell of, each with the number of the attempt, the first being 0.

    `found` are members who are due, `told` those of them who were told of already, `at` is a reading of `monotonic`.
    """
    on_their_way = sum(1 for known in told.values() if known.attempt == 0 and known.again_at > at)
    room = min(most, 2 * most - on_their_way)
    chosen: list[tuple[DueMember, int]] = []
    for member in found:
        if len(chosen) >= room:
            break
        known = told.get(member)
        if known is None:
            chosen.append((member, 0))
        elif known.again_at <= at:
            chosen.append((member, known.attempt + 1))
    return chosen


def due_event(programme: RunningProgramme, member: DueMember, attempt: int, now: datetime) -> Prepared:
    """Return `member.due`: the same for the same member, state and instant, so that the inbox drops repeats."""
    text = str(member.member_id)
    cause = f"{programme.programme}@{member.due_at.isoformat()}+{attempt}"
    value = encode(
        type=MemberDueV1.event_type,
        source=programme.source(WHAT),
        id=event_id(programme.tenant, cause, "due", text, member.seq),
        time=now,
        subject=text,
        tenant=None,
        programme=None,
        memberseq=None,
        partitionkey=text,
        data={"member_id": text, "due_at": member.due_at},
    )
    return Prepared(ACTIVITIES, text.encode(), value, headers_of(value))
