"""Whether the books are right after a benchmark: a figure for wrong points would be worth nothing."""

from __future__ import annotations

from cli.verify import check
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
    results = await check(stage.database.dsn())
    return wrong + [f"{each.id} {each.name}: {each.violations} violations" for each in results if each.violations]
