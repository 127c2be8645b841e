"""What is done with messages to many, for the API and the console alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from fastapi import Request

from libs.contracts.rejection import Rejection
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.mass import postgres as masses
from libs.mass.counts import Became, Count
from libs.mass.postgres import NameTaken, Seen
from libs.mass.states import Action
from libs.mass.wanted import Wanted, WantedInvalid, check_audience
from libs.segments import reading as members
from libs.segments.lists import Entry, entry_named
from services.gateway.door.access import Caller
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.rules.desk import who
from services.gateway.tenant_store import tenant_transaction

_MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Whole:
    """A message to many with its count and what became of it."""

    seen: Seen
    counts: Sequence[Count]
    became: Sequence[Became]


@dataclass(frozen=True, slots=True)
class MassDesk:
    """Serves whoever writes to many; `random` gives bytes for the names of forms."""

    pool: asyncpg.Pool
    random: Callable[[int], bytes]

    async def make(
        self,
        caller: Caller,
        running: RunningProgramme,
        named: tuple[UUID, bytes],
        wanted: Wanted,
        texts: Sequence[str],
    ) -> Whole:
        """Store a message, to be counted; the same one again is found as it stands.

        Raises:
            ProblemError: it is for nobody, for members or segments that there are not, or its name stands for another.
        """
        version = in_force(caller, running)
        segments = [each.name for each in version.compiled.source.segments]
        try:
            check_audience(wanted, named=bool(texts), segments=segments)
        except WantedInvalid as invalid:
            raise problem(invalid) from None
        entries = [entry_named(text, caller.parts.names) for text in texts]
        try:
            async with self._writing(caller.tenant_id) as connection:
                if not await masses.is_known(connection, running.key, *named):
                    found = await _members(connection, running.key, entries)
                    now = caller.parts.clock.now()
                    await masses.make(connection, running.key, named, wanted, found, _named(caller), now)
        except NameTaken:
            raise ProblemError("idempotency-key-reused") from None
        return await self.one(caller.tenant_id, named[0])

    async def steer(self, caller: Caller, mass_id: UUID, action: Action) -> Whole:
        """Do something with a message; asking again changes nothing.

        Raises:
            ProblemError: it is unknown, it can't be as it stands, or it is for somebody else to do.
        """
        seen = (await self.one(caller.tenant_id, mass_id)).seen
        scope = (caller.tenant_id, seen.programme_id)
        running = (await caller.parts.programmes.of(caller.tenant_id)).by_key()[scope]
        above = in_force(caller, running).compiled.source.messages.approval_above
        async with self._writing(caller.tenant_id) as connection:
            now = caller.parts.clock.now()
            done = await masses.steer(connection, scope, mass_id, action, _named(caller), now, above)
        if done == "own":
            raise ProblemError("second-person-needed")
        if done != "done":
            raise ProblemError("mass-message-elsewhere", f"It is {seen.state.replace('_', ' ')}.")
        return await self.one(caller.tenant_id, mass_id)

    async def one(self, tenant_id: int, mass_id: UUID) -> Whole:
        """Return a message with all that is known of it.

        Raises:
            ProblemError: there is none of this id.
        """
        async with tenant_transaction(self.pool, tenant_id, reading=True) as connection:
            seen = await masses.load_one(connection, tenant_id, mass_id)
            if seen is None:
                raise ProblemError("mass-message-unknown")
            counts = await masses.counts(connection, (tenant_id, seen.programme_id), mass_id)
            return Whole(seen, counts, await masses.became(connection, tenant_id, seen))

    def _writing(self, tenant_id: int) -> AbstractAsyncContextManager[asyncpg.Connection]:
        return tenant_transaction(self.pool, tenant_id)


def desk_of_mass(request: Request) -> MassDesk:
    """The desk of the running application."""
    desk: MassDesk = request.app.state.mass
    return desk


def problem(invalid: WantedInvalid) -> ProblemError:
    """Tell every fault of a message."""
    faults = [
        FieldError(pointer="/body" + "".join(f"/{step}" for step in path.split(".") if step), detail=reason)
        for path, reason in invalid.faults
    ]
    return ProblemError("request-invalid", errors=faults[:_MOST_FAULTS])


def in_force(caller: Caller, running: RunningProgramme) -> ActiveVersion:
    """The version of a programme that is in force.

    Raises:
        ProblemError: none is.
    """
    version = running.at(caller.parts.clock.now())
    if version is None:
        fault = FieldError(pointer="/query/programme", detail="no version of it is in force yet")
        raise ProblemError("programme-needed", errors=[fault])
    return version


async def _members(
    connection: asyncpg.Connection, scope: tuple[int, int], entries: Sequence[Entry | Rejection]
) -> list[UUID]:
    faults = [
        FieldError(pointer=f"/body/members/{at}", detail=f"expected {entry.detail}")
        for at, entry in enumerate(entries)
        if isinstance(entry, Rejection)
    ]
    found: list[UUID | None] = []
    if not faults:
        found = await members.find(connection, scope, [each for each in entries if isinstance(each, Entry)])
        faults = [
            FieldError(pointer=f"/body/members/{at}", detail="no such member of the programme")
            for at, member_id in enumerate(found)
            if member_id is None
        ]
    if faults:
        raise ProblemError("request-invalid", errors=faults[:_MOST_FAULTS])
    return [member_id for member_id in found if member_id is not None]


def _named(caller: Caller) -> str:
    return who(caller)[:64]
