"""Who takes the steps of scenarios that are no messages, when their time has come.

What is asked of others leaves in the transaction that says the step is done, so a worker that ends anywhere has done
all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from libs.promotions.scenario_steps import Step
from libs.promotions.scenarios import Scenario
from libs.runtime import logs
from libs.runtime.batch import Outgoing
from libs.runtime.clock import Clock
from libs.runtime.failpoint import reach
from libs.runtime.leases import shard_of
from libs.runtime.postgres import DATABASE_ERRORS
from libs.scenarios.ends import Asked, load_ends
from libs.scenarios.planning import step_of
from services.notifier import truth
from services.notifier.acting import store
from services.notifier.acting.orders import Due, name_of, orders
from services.notifier.announcements import WRITER, Shards
from services.notifier.intake import enqueue
from services.notifier.metrics import NotifierMetrics
from services.notifier.programmes import Programmes, Rules

log = logs.get(__name__)
_MOST = 500


class Doer:
    """Looks every second or so, in every worker; two take different steps."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        programmes: Programmes,
        clock: Clock,
        metrics: NotifierMetrics,
        committed: Callable[[Iterable[str]], None],
    ) -> None:
        self._pool = pool
        self._programmes = programmes
        self._clock = clock
        self._metrics = metrics
        self._committed = committed
        self.trouble: str | None = None

    async def look(self) -> None:
        """Take all steps that are due; what can't be done while the database is away is done by the next look."""
        try:
            while await self.work() == _MOST:
                pass
            self._metrics.oldest_act.set(await store.oldest(self._pool, self._clock.now()))
        except DATABASE_ERRORS as error:
            self.trouble = f"steps of scenarios are not taken: {type(error).__name__}"
            log.warning("doer.interrupted", error=type(error).__name__)
            self._metrics.interruptions.inc()
        else:
            self.trouble = None

    async def work(self) -> int:
        """Take a batch and see it through, in one transaction; return how many there were."""
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            taken = await store.due(connection, now, _MOST)
            if not taken:
                return 0
            reach("after-fetch")
            if any(self._told(due, now) is None for due, _ in taken):
                await self._programmes.look_again()  # whoever planned it may know rules younger than the last look
            outcomes = await self._outcomes(connection, [due for due, _ in taken], now)
            shards: Shards = {}
            for due, ordered in outcomes:
                if not isinstance(ordered, str):
                    shards.setdefault(shard_of(WRITER, due.member_id), []).extend(ordered)
            reasons = [outcome if isinstance(outcome, str) else None for _, outcome in outcomes]
            await store.settle(connection, [(row, why) for (_, row), why in zip(taken, reasons, strict=True)], now)
            await enqueue(connection, shards, now)
            reach("before-commit")
        for (due, _), reason in zip(taken, reasons, strict=True):
            self._metrics.acts.labels(due.action, reason or "done").inc()
        self._committed(shards)
        return len(taken)

    async def _outcomes(
        self, connection: asyncpg.Connection, taken: Sequence[Due], now: datetime
    ) -> list[tuple[Due, str | list[Outgoing]]]:
        """Return what each step asks of others and tells, or why it is not taken."""
        tiers, gone = await truth.load_heads(connection, list(dict.fromkeys(due.member for due in taken)))
        found = [(due, self._step(due, gone, now)) for due in taken]
        asked = [
            Asked(name_of(known.rules.tenant, due), due.member, known.scenario, known.step, due.began_at)
            for due, known in found
            if not isinstance(known, str)
        ]
        ends = await load_ends(connection, asked, tiers)
        return [
            (
                due,
                known
                if isinstance(known, str)
                else ends.get(name_of(known.rules.tenant, due)) or known.orders(due, now),
            )
            for due, known in found
        ]

    def _step(self, due: Due, gone: frozenset[truth.Member], now: datetime) -> _Known | str:
        """What the programme says of a step by now, or why it is not taken whatever the member has done."""
        if due.useful_until <= now:
            return "too_late"
        if due.member in gone:
            return "member_left"
        return self._told(due, now) or "not_told"

    def _told(self, due: Due, now: datetime) -> _Known | None:
        """The step by the rules that are known; None where these have none that does the same."""
        rules = self._programmes.of(due.scope, now)
        found = None if rules is None else step_of(rules.scenarios, due.occasion)
        if rules is None or found is None or found[1].action != due.action:
            return None
        return _Known(rules, *found)


@dataclass(frozen=True, slots=True)
class _Known:
    """A step as the programme in force has it."""

    rules: Rules
    scenario: Scenario
    step: Step

    def orders(self, due: Due, now: datetime) -> list[Outgoing]:
        """What it asks and tells."""
        first_wallet = next(iter(self.rules.scales))
        return orders(self.rules.tenant, self.rules.programme, first_wallet, due, self.step, now)
