"""What is done to try scenarios on what happened, for the API and the console alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from fastapi import Request

from libs.promotions.programme import Programme
from libs.scenarios import simulations
from libs.scenarios.simulations import Simulation
from services.gateway.door.access import Caller
from services.gateway.door.problems import ProblemError
from services.gateway.files.desk import id_of
from services.gateway.quotes.api import one_programme
from services.gateway.rules.desk import who
from services.gateway.tenant_store import tenant_transaction

RETRY_SECONDS = "15"
_NEWEST = 20


@dataclass(frozen=True, slots=True)
class SimulationDesk:
    """The means; `random` gives bytes for ids."""

    pool: asyncpg.Pool
    random: Callable[[int], bytes]

    async def ask(
        self, caller: Caller, programme: str | None, days: int, scenario: str | None, document: Programme | None
    ) -> Simulation:
        """Have scenarios tried on the last days: those of a document or in force, all or one.

        Raises:
            ProblemError: there is none of the name, or too many trials wait.
        """
        now = caller.parts.clock.now()
        running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
        version = running.at(now)
        source = document or (None if version is None else version.compiled.source)
        known = () if source is None else source.scenarios
        wanted = [each for each in known if scenario in (None, each.name)]
        if not wanted:
            raise ProblemError("scenario-unknown")
        name = id_of(now, self.random(10))
        async with tenant_transaction(self.pool, caller.tenant_id) as connection:
            if not await simulations.ask(connection, running.key, name, days, wanted, who(caller)[:128], now):
                raise ProblemError("simulations-waiting", headers={"Retry-After": RETRY_SECONDS})
        return await self.one(caller.tenant_id, name)

    async def one(self, tenant_id: int, simulation_id: UUID) -> Simulation:
        """Return a trial as it stands.

        Raises:
            ProblemError: there is none of this id.
        """
        async with tenant_transaction(self.pool, tenant_id, reading=True) as connection:
            found = await simulations.one(connection, tenant_id, simulation_id)
        if found is None:
            raise ProblemError("simulation-unknown")
        return found

    async def newest(self, tenant_id: int) -> list[Simulation]:
        """Return the trials of a company, the newest first."""
        async with tenant_transaction(self.pool, tenant_id, reading=True) as connection:
            return await simulations.newest(connection, tenant_id, _NEWEST)


def desk_of_simulations(request: Request) -> SimulationDesk:
    """The desk of the running application."""
    desk: SimulationDesk = request.app.state.simulations
    return desk
