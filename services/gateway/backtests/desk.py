"""Asking for a backtest: what makes no sense is refused at once, the rest is kept and carried out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import orjson
from fastapi import Request

from libs.programmes.draft import draft_of
from libs.promotions.document import ProgrammeInvalid, canonical_json, programme_hash
from libs.promotions.programme import Programme
from libs.runtime.clock import Clock
from services.gateway.backtests.bodies import Asking
from services.gateway.backtests.runner import Runner
from services.gateway.backtests.store import BacktestStore, Kept, Question
from services.gateway.door.access import Caller
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.files.desk import id_of
from services.gateway.metrics import BacktestMetrics
from services.gateway.rules.bodies import document_problem
from services.gateway.rules.desk import in_thread, who
from services.gateway.rules.store import RulesStore
from services.gateway.settings import BacktestsPart


@dataclass(frozen=True, slots=True)
class BacktestDesk:
    """What the operations on backtests are served with. `random` gives so many unpredictable bytes."""

    store: BacktestStore
    rules: RulesStore
    runner: Runner | None
    settings: BacktestsPart
    clock: Clock
    metrics: BacktestMetrics
    random: Callable[[int], bytes]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[BacktestDesk]:
        """Carry out what is asked while the block runs."""
        if self.runner is None or not self.settings.carries_out:
            yield self
            return
        async with self.runner.running():
            yield self

    async def ask(self, caller: Caller, programme: str | None, asking: Asking) -> tuple[Kept, bool]:
        """Keep a question, and return it and whether it was known: the same one that is still open.

        Raises:
            ProblemError: it makes no sense, or can't be taken now.
        """
        if self.runner is None:
            raise ProblemError("backtests-unavailable")
        question = await self._question(caller, programme, asking)
        async with self.store.session(caller.tenant_id) as session:
            kept_id = await session.keep(question)
            known = kept_id != question.backtest_id
            kept = None if kept_id is None else await session.backtest(kept_id)
            if kept is None:
                raise ProblemError("database-away", headers={"Retry-After": "2"})  # it ended in this very moment
            if not known and await session.open_count() > self.settings.most_open:
                raise ProblemError("backtests-waiting", headers={"Retry-After": "60"})
        self.metrics.backtests.labels("known" if known else "asked").inc()
        self.runner.news.set()
        return kept, known

    async def cancel(self, tenant_id: int, backtest_id: UUID) -> Kept:
        """End a backtest.

        Raises:
            ProblemError: it is not there, or has ended otherwise.
        """
        async with self.store.session(tenant_id) as session:
            await session.cancel(backtest_id, self.clock.now())
            kept = await session.backtest(backtest_id)
        if kept is None:
            raise ProblemError("backtest-unknown")
        if kept.state != "cancelled":
            raise ProblemError("backtest-ended")
        self.metrics.backtests.labels("cancelled").inc()
        return kept

    async def _question(self, caller: Caller, programme: str | None, asking: Asking) -> Question:
        drafted = None if asking.document is None else await _programme(asking.document)
        now = self.clock.now()
        until = asking.to or now.replace(microsecond=0)
        if until <= asking.from_:
            raise _invalid("/body/to", "must come after `from`")
        async with self.rules.opened(caller.tenant_id, programme) as opened:
            b = await opened.document(asking.version or 0) if drafted is None else drafted
            if asking.against is not None:
                await opened.document(asking.against)
            currency = opened.where.currency
            programme_id, slug = opened.where.key[1], opened.slug
        if b.currency != currency:
            raise _invalid("/body/document/currency", f"the history counts in {currency}")
        unknown = sorted(asking.point_values.keys() - {wallet.name for wallet in b.wallets})
        if unknown:
            raise _invalid(f"/body/point_values/{unknown[0]}", "the document has no such wallet")
        document = canonical_json(b).decode()
        values = orjson.dumps(asking.point_values, option=orjson.OPT_SORT_KEYS).decode()
        asked = (slug, document, asking.from_.isoformat(), str(asking.to), str(asking.against), values)
        return Question(
            id_of(now, self.random(10)),
            programme_id,
            slug,
            document,
            programme_hash(b),
            asking.version,
            asking.from_,
            until,
            asking.against,
            values,
            sha256("\x1f".join(asked).encode()).digest(),
            who(caller),
            now,
        )


def desk_of_backtests(request: Request) -> BacktestDesk:
    """The desk of the running application."""
    desk: BacktestDesk = request.app.state.backtests
    return desk


async def _programme(document: object) -> Programme:
    try:
        draft = await in_thread(lambda: draft_of(document))
    except ProgrammeInvalid as invalid:
        raise document_problem(invalid, "document") from None
    return draft.programme


def _invalid(place: str, detail: str) -> ProblemError:
    return ProblemError("request-invalid", errors=[FieldError(pointer=place, detail=detail)])
