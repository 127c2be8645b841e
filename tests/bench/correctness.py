"""Whether the books are right after a benchmark: a figure for wrong points would be worth nothing."""

from __future__ import annotations

from importlib import import_module, util
from typing import Any

from tests.bench.drain import EVENTS_A_RECEIPT, Sent
from tests.bench.stage import QUERIES, Stage


async def verify(stage: Stage, sent: Sent) -> list[str]:
    """Return what is wrong: sums that differ from what was sent, and violations of the platform's own invariants."""
    async with stage.connection() as connection:
        found = dict(await connection.fetchrow(QUERIES["totals"]))
    expected = {
        "inbox": sent.receipts,
        "lots": sent.receipts,
        "heads": sent.receipts,
        "points": sent.points,
        "events": sent.receipts * EVENTS_A_RECEIPT,
        "counters": 1,  # the budget that all members of a programme share, under one name in both
        "dead_letters": 0,
    }
    wrong = [f"{name}: {found[name]}, expected {value}" for name, value in expected.items() if found[name] != value]
    return wrong + await _invariants(stage)


async def _invariants(stage: Stage) -> list[str]:
    if util.find_spec("cli.verify") is None:
        return []
    check: Any = import_module("cli.verify").check
    return [str(each) for each in await check(stage.database.dsn()) if each.violations]
