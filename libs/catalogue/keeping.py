"""Rewards written by people: a version more where something changed, one by one or a whole file at once.

Only stores and the command line import this module.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import asyncpg

from libs.catalogue.exchange import Read
from libs.catalogue.postgres import Kept, Scope, load_rewards, put_reward
from libs.catalogue.reward import Reward


class Overtaken(Exception):
    """Somebody else wrote a version meanwhile; nothing of the transaction may be committed."""


class BroughtIn(NamedTuple):
    """What came of a file: rewards by what happened to them, and what is wrong, with line and pointer."""

    rows: int
    created: int
    changed: int
    unchanged: int
    rejected: int
    faults: tuple[tuple[int, str, str], ...]


async def keep(
    connection: asyncpg.Connection, scope: Scope, reward: Reward, before: Kept | None, author: str, now: datetime
) -> Kept:
    """Add a version of a reward, unless it says what the last one (`before`) says.

    Raises:
        Overtaken: there is a later one.
    """
    if before is not None and before.reward == reward:
        return before
    version = 1 if before is None else before.version + 1
    if not await put_reward(connection, scope, reward, version, author, now):
        raise Overtaken
    return Kept(reward, version, author, now)


async def bring_in(
    connection: asyncpg.Connection, scope: Scope, rows: Iterable[Read], author: str, now: datetime, *, dry_run: bool
) -> BroughtIn:
    """Write the rewards of a file; a wrong row is told, and the others count. A dry run changes nothing.

    Raises:
        Overtaken: somebody else wrote one of them meanwhile.
    """
    known = {each.reward.reference: each for each in await load_rewards(connection, scope)}
    counts = {"created": 0, "changed": 0, "unchanged": 0}
    read, rejected, faults = 0, 0, list[tuple[int, str, str]]()
    for row in rows:
        read += 1
        if row.reward is None:
            rejected += 1
            faults += [(row.line, path, detail) for path, detail in row.faults]
            continue
        before = known.get(row.reward.reference)
        what = "created" if before is None else "unchanged" if before.reward == row.reward else "changed"
        counts[what] += 1
        kept = Kept(row.reward, 0 if before is None else before.version, author, now)
        known[row.reward.reference] = (
            kept if dry_run else await keep(connection, scope, row.reward, before, author, now)
        )
    return BroughtIn(read, counts["created"], counts["changed"], counts["unchanged"], rejected, tuple(faults))
