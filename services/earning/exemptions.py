"""Heads brought to what another version spares at boundaries: one worker of many does it, some members at a time.

What a version says of exceptions counts a quarter of an hour after it came into force (`libs.exemptions.rules.LEAD`),
and the heads are brought to it as soon as it is known, so that they say so by then. No sweep starts at a boundary to
whose exceptions the heads were not brought yet.
"""

from __future__ import annotations

import asyncpg

from libs.judging.versions import RunningProgramme
from libs.runtime import logs
from libs.runtime.clock import monotonic
from libs.runtime.postgres import DATABASE_ERRORS
from services.earning import exemption_store
from services.earning.charge import Charge
from services.earning.exemption_store import Pass, Scope

log = logs.get(__name__)
_MEMBERS = 200
"""Members of one transaction, in which batches of receipts wait for them."""
_PATIENCE = 1.0
"""Seconds for which one run goes on with a programme."""


class ExemptionKeeper:
    """Keeps heads at what the versions of their programmes spare, in the worker that is in charge.

    `run` is called every second; trouble leaves the place where it is, and the next run goes on there.
    """

    def __init__(self, charge: Charge) -> None:
        self._charge = charge

    async def run(self) -> None:
        """Go on with every programme whose heads are not there yet."""
        programmes = self._charge.programmes().by_key()
        if not self._charge.in_charge() or not any(one.exemptions for one in programmes.values()):
            return
        try:
            async with self._charge.pool.acquire() as connection:
                passes = await exemption_store.load_passes(connection)
                for scope, programme in programmes.items():
                    if programme.exemptions:
                        await self._bring(connection, scope, programme, passes.get(scope))
        except DATABASE_ERRORS as error:
            log.warning("exemptions.not_kept", error=type(error).__name__)

    async def _bring(
        self, connection: asyncpg.Connection, scope: Scope, programme: RunningProgramme, known: Pass | None
    ) -> None:
        rules = programme.exemptions.digest
        version = max(each.compiled.version for each in programme.versions)
        if known is None or known.rules != rules:
            await exemption_store.begin(connection, scope, rules, version)
            known = Pass(rules, version, None, done=False)
        elif known.version != version:
            await exemption_store.go_on(connection, scope, version)
        started = monotonic()
        while not known.done and monotonic() - started < _PATIENCE and self._charge.in_charge():
            known = await exemption_store.step(connection, programme, known, self._charge.clock.now(), _MEMBERS)
