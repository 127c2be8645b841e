"""The process of one backtest, which gives way to everything else: `python -m services.gateway.backtests`.

It is told on its standard input what to do, tells how far it is on its standard output, and ends with whoever started
it, for then its input ends. What it has judged stays in its folder, and the next process goes on there.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from fractions import Fraction
from pathlib import Path

from libs.backtest.plan import PlanRefused, make_plan
from libs.backtest.postgres import reading
from libs.backtest.results import UnknownWallet, costs_of, summarise, write_results
from libs.backtest.work import OtherWork, Stage, Work, begun_with
from libs.promotions.document import ProgrammeInvalid
from libs.runtime.clock import monotonic
from services.gateway.backtests.carrying import Done, Order, Progress, Refused, Told, read_order, write_told

_LOWER = 10
_WORK = ".work"
_TOLD_EVERY = 0.5
"""Seconds between two words on how far it is."""


class _Telling:
    """Tells how far the work is, not too often."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, stage: Stage, done: int, total: int, items: int) -> None:
        if monotonic() >= self._next or done == total:
            self._next = monotonic() + _TOLD_EVERY
            tell(Progress(stage, done, total, items))


def tell(told: Told) -> None:
    """Write a line to whoever started this process."""
    sys.stdout.buffer.write(write_told(told) + b"\n")
    sys.stdout.buffer.flush()


def carry_out(order: Order) -> None:
    """Do the work, or go on with it, and leave the results in the folder."""
    folder = Path(order.folder)
    work = _begun(order, folder / _WORK) or asyncio.run(_copied(order, folder / _WORK))
    costs = costs_of(work.plan, {wallet: Fraction(value) for wallet, value in order.point_values.items()})
    work.judge()
    write_results(work, summarise(work, costs), folder, costs)


def _begun(order: Order, folder: Path) -> Work | None:
    """The work that a process before this one has left, if its copy is whole; the database is not needed then."""
    begun = begun_with(folder)
    if begun is None:
        return None
    plan = make_plan(begun.scheme, order.since, order.until, order.document, order.against, 0)
    work = Work.begun(folder, plan, order.workers, _Telling())
    return work if work.is_copied else None


async def _copied(order: Order, folder: Path) -> Work:
    async with reading(order.dsn, order.tenant_id, order.programme_id) as history:
        size = await history.size(order.since)
        plan = make_plan(history.scheme, order.since, order.until, order.document, order.against, size)
        work = Work.begun(folder, plan, order.workers, _Telling())
        await work.copy(history)
        return work


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


def main() -> None:
    """Carry out what the first line of the input says."""
    os.nice(_LOWER)
    order = read_order(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        carry_out(order)
    except (PlanRefused, ProgrammeInvalid, OtherWork, UnknownWallet) as refused:
        tell(Refused(str(refused)))
    else:
        tell(Done())


if __name__ == "__main__":
    main()
