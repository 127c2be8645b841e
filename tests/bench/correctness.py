"""Whether the books are right after a benchmark: a figure for wrong points would be worth nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cli.verify import check
from tests.bench.drain import Sent
from tests.bench.population import make_population
from tests.bench.stage import QUERIES, Stage


async def verify(stage: Stage, sent: Sent) -> list[str]:
    """Return what is wrong: sums and members' points that differ from what was sent, and violations of the platform's
    own invariants."""
    async with stage.connection() as connection:
        found = dict(await connection.fetchrow(QUERIES["totals"]))
        rows = await connection.fetch(QUERIES["balances"])
    expected = {
        "inbox": sent.records - sent.repeats,
        "lots": sent.purchases,
        "heads": sent.movements,
        "credited": sent.credited,
        "points": sent.points,
        "events": sent.events,
        "dead_letters": 0,
    }
    wrong = [f"{name}: {found[name]}, expected {value}" for name, value in expected.items() if found[name] != value]
    if not found["counters"]:  # of the budget that all members share; other rules have more
        wrong.append("counters: none")
    numbers = {member_id: number for number, member_id in enumerate(make_population(sent.members).member_ids)}
    points = np.zeros(sent.members, np.int64)
    for row in rows:
        points[numbers[row["member_id"]]] += row["points"]
    if differing := int((points != await balances(stage, sent.members)).sum()):
        wrong.append(f"members: {differing} have other points than expected")
    results = await check(stage.database.dsn())
    return wrong + [f"{each.id} {each.name}: {each.violations} violations" for each in results if each.violations]


async def balances(stage: Stage, members: int) -> NDArray[np.int64]:
    """What every member must have by now, by number, as the load process has reckoned it."""
    file = stage.folder / "balances.npy"
    await stage.load.ask({"balances": str(file)})
    expected: NDArray[np.int64] = np.zeros(members, np.int64)
    known = np.load(file, allow_pickle=False)
    expected[: len(known)] = known
    return expected
