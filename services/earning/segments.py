"""Segments: one worker of many decides who is in which, as soon as anything is heard of a member or time has come.

The looks that are due lie in PostgreSQL, so that nothing is lost between hearing and deciding. A look, its entries and
exits, and when to look again are one transaction; the entries and exits are the outbox of their events, which are told
under ids that follow from them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import asyncpg
from aiokafka.errors import KafkaError

from libs.contracts.codec import encode
from libs.contracts.events import MemberSegmentEnteredV1, MemberSegmentLeftV1
from libs.contracts.headers import headers_of
from libs.exemptions.postgres import rewrite
from libs.exemptions.spans import Said, held, segment_source
from libs.intake.events import Prepared
from libs.judging.occasions import is_awaited, segment_turn
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.runtime import logs
from libs.runtime.clock import monotonic
from libs.runtime.keys import event_id
from libs.runtime.postgres import DATABASE_ERRORS
from libs.segments import postgres as segment_store
from libs.segments.decide import decide, steps
from libs.segments.postgres import Change, Due, MemberName, Scope, Untold
from libs.segments.rules import digest, rules_of
from services.earning.charge import Charge
from services.earning.occasions import prepared

log = logs.get(__name__)
MEMBERS = "loyalty.members"
SOURCE = "/pointstream/earning"
_LOOKS = 200
"""Members looked at in one transaction: some milliseconds, in which batches of receipts wait for the loop."""
_STEP = 10
_MARKED = 5_000
_TOLD = 1_000
_PATIENCE = 2.0
"""Seconds for which one run goes on; what is left then comes behind what was heard meanwhile."""
COUNTED = 100_000


class SegmentKeeper:
    """Keeps the members of segments, in the worker that is in charge.

    `run` is called every half second. Trouble leaves what is due where it lies, and the next run begins there. Members
    are marked for another version only while somebody listens, so that nothing is done in between unheard.
    """

    def __init__(self, charge: Charge, listening: Callable[[], bool]) -> None:
        self._charge = charge
        self._listening = listening
        self._digests: dict[Scope, tuple[ActiveVersion, str]] = {}

    async def run(self) -> None:
        """Mark whom another version concerns, look at whom it is time for, and tell of what came of it."""
        if not self._charge.in_charge():
            return
        try:
            async with self._charge.pool.acquire() as connection:
                keeping = await self._keeping(connection)
                if keeping:
                    await self._look(connection, keeping)
                    await self._tell(connection)
                    await self._measure(connection)
        except (*DATABASE_ERRORS, KafkaError) as error:
            log.warning("segments.not_kept", error=type(error).__name__)

    async def _keeping(self, connection: asyncpg.Connection) -> dict[Scope, RunningProgramme]:
        """The programmes that have segments, or had. Where these have changed everybody is marked, bit by bit."""
        now = self._charge.clock.now()
        programmes = self._charge.programmes().by_key()
        if not any(one.has_segments for one in programmes.values()):
            return {}
        passes = await segment_store.load_passes(connection)
        keeping: dict[Scope, RunningProgramme] = {}
        for scope, programme in programmes.items():
            version, known = programme.at(now), passes.get(scope)
            if version is None or not (version.compiled.source.segments or known is not None):
                continue
            keeping[scope] = programme
            rules = self._digest(programme, version)
            if not self._listening():
                continue
            if known is None or known.rules != rules:
                await segment_store.begin_pass(connection, scope, rules, version.compiled.version)
                await segment_store.step_pass(connection, now, scope, None, _MARKED)
            elif not known.done:
                await segment_store.step_pass(connection, now, scope, known.after, _MARKED)
        return keeping

    def _digest(self, programme: RunningProgramme, version: ActiveVersion) -> str:
        known = self._digests.get(programme.key)
        if known is None or known[0] is not version:
            rules = rules_of(version.compiled.source, version.zone)
            known = self._digests[programme.key] = (version, digest(rules))
        return known[1]

    async def _look(self, connection: asyncpg.Connection, keeping: Mapping[Scope, RunningProgramme]) -> None:
        started = monotonic()
        while monotonic() - started < _PATIENCE and self._charge.in_charge():
            async with connection.transaction():
                now = self._charge.clock.now()
                due = await segment_store.take_due(connection, now, list(keeping), _LOOKS)
                for scope, programme in keeping.items():
                    own = [each for each in due if each.name[:2] == scope]
                    version = programme.at(now)
                    if own and version is not None:
                        await self._decide(connection, version, own, now)
            if len(due) < _LOOKS:
                return

    async def _decide(
        self, connection: asyncpg.Connection, version: ActiveVersion, due: Sequence[Due], now: datetime
    ) -> None:
        rules = rules_of(version.compiled.source, version.zone)
        found = await segment_store.load(connection, [each.name for each in due], rules, now)
        changes: list[Change] = []
        again: list[tuple[MemberName, datetime]] = []
        for number, each in enumerate(due, 1):
            present = found.get(each.name)
            if present is not None:
                decided = decide(rules, present.known, now)
                again.append((each.name, decided.due_at))
                why = each.reason or "time"
                changes += [
                    Change(each.name, step.segment, step.entered, why, version.compiled.version)
                    for step in steps(present.segments, decided.segments)
                ]
            if number % _STEP == 0:
                await asyncio.sleep(0)  # batches of receipts share the loop
        gone = [each.name for each in due if each.name not in found]
        await segment_store.save(connection, now, changes, again if rules.segments else ())
        await segment_store.forget(connection, gone if rules.segments else [each.name for each in due])
        self._charge.metrics.looked_at(len(due), changes)

    async def _tell(self, connection: asyncpg.Connection) -> None:
        """Tell of entries and exits: at least once, under the same ids."""
        while True:
            untold = await segment_store.load_untold(connection, _TOLD)
            programmes = self._charge.programmes().by_key()
            known = [each for each in untold if each[:2] in programmes]
            await self._spare(connection, programmes, known)
            await self._charge.sender.send([told for each in known for told in _told(programmes[each[:2]], each)])
            await segment_store.save_told(connection, self._charge.clock.now(), known)
            if len(untold) < _TOLD or not known:
                return

    async def _spare(
        self, connection: asyncpg.Connection, programmes: Mapping[Scope, RunningProgramme], changes: Sequence[Untold]
    ) -> None:
        """Bring entries and exits to the heads of members, where a segment spares points at boundaries."""
        said = [one for each in changes for one in spared_by_segment(programmes[each[:2]], each)]
        if said:
            async with connection.transaction():
                await rewrite(connection, said)

    async def _measure(self, connection: asyncpg.Connection) -> None:
        now = self._charge.clock.now()
        waiting, since = await segment_store.load_waiting(connection, now, COUNTED)
        self._charge.metrics.segments_wait(waiting, 0.0 if since is None else max((now - since).total_seconds(), 0.0))


def _told(programme: RunningProgramme, change: Untold) -> Iterator[Prepared]:
    """What an entry or an exit has to tell: its event, and where a campaign waits for it the occasion that it is."""
    yield segment_event(programme, change)
    at, number = change.effective_at, change.number
    occasion = segment_turn(change.member_id, change.segment, at, entered=change.entered, number=number)
    if is_awaited(programme, occasion.name, occasion.of, at):
        yield prepared(programme, occasion)


def spared_by_segment(programme: RunningProgramme, change: Untold) -> Iterator[Said]:
    """What spares a member's points from an entry or an exit on, as far as the segment does."""
    rules = programme.exemptions.segments.get(change.segment)
    if rules is not None:
        at = change.effective_at
        spans = held("segment", change.segment, rules, at, None) if change.entered else ()
        name = (change.tenant_id, change.programme_id, change.member_id)
        yield Said(name, segment_source(change.segment), tuple(spans), at)


def segment_event(programme: RunningProgramme, change: Untold) -> Prepared:
    """Return the event of an entry or an exit: the same for the same change, whenever it is told."""
    text = str(change.member_id)
    kind = MemberSegmentEnteredV1 if change.entered else MemberSegmentLeftV1
    version = programme.numbered(change.version)
    segments = () if version is None else version.compiled.source.segments
    title = next((one.title for one in segments if one.name == change.segment), None)
    value = encode(
        type=kind.event_type,
        source=SOURCE,
        id=event_id(programme.tenant, f"{programme.programme}/{change.segment}", kind.event_type, text, change.number),
        time=change.effective_at,
        subject=text,
        tenant=programme.tenant,
        programme=programme.programme,
        memberseq=None,
        partitionkey=text,
        data={
            "member_id": text,
            "segment": change.segment,
            "title": title,
            "number": change.number,
            "reason": change.reason,
            "effective_at": change.effective_at,
            "programme_version": change.version,
        },
    )
    return Prepared(MEMBERS, text.encode(), value, headers_of(value))
