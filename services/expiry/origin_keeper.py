"""Keeps where lots came from and what they come to, member by member, with the sums of it that forecasts begin with.

It follows the ledger: whose head is not as it was is taken anew, and for lots that came the decisions on them are read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from libs.ledger.model import MemberLedger
from libs.sweeps.adding import look_ahead, month_of
from libs.sweeps.earnings import load_pages
from libs.sweeps.forecast import months
from libs.sweeps.foreseen import members_behind
from libs.sweeps.origins import NOBODY, NOWHERE, Earned, brought, number_of
from libs.sweeps.preview import load_ledgers
from services.expiry import origin_store
from services.expiry.forecast_store import in_turn
from services.expiry.origin_store import Ending, Fresh, Traced
from services.expiry.store import Scope

_FOUND = 100_000
"""So many members are looked for at once: it takes a look at all heads."""
_MEMBERS = 1_000
"""So many are taken in one transaction."""
_MONTH = timedelta(days=32)


async def keep_origins(
    connection: asyncpg.Connection, scope: Scope, now: datetime, zone: str, stopping: asyncio.Event
) -> int:
    """Keep what the members of a programme have; return of how many. Ends early when another worker does so.

    A transaction takes some hundred members, and locks none of them: what comes meanwhile is kept the next time.
    """
    kept: set[UUID] = set()
    whole = False
    while not whole:
        behind = await members_behind(connection, scope, now, _FOUND)
        # Whoever has what a boundary took, and nobody wrote down yet, is behind however often that is kept.
        whole = len(behind) < _FOUND or kept.issuperset(behind)
        for first in range(0, len(behind), _MEMBERS):
            some = behind[first : first + _MEMBERS]
            if stopping.is_set() or not await _keep(connection, scope, now, zone, some):
                return len(kept)
            kept.update(some)
    if kept:
        await origin_store.forget_empty(connection, scope)
    return len(kept)


async def _keep(connection: asyncpg.Connection, scope: Scope, now: datetime, zone: str, members: list[UUID]) -> bool:
    """Keep what some members have, all as of one snapshot; say whether it was this worker's turn."""
    async with connection.transaction(isolation="repeatable_read"):
        if not await in_turn(connection):
            return False
        await origin_store.be_patient(connection)
        fresh = await origin_store.fresh_lots(connection, scope, members)
        earned = [Earned(each.page, each.cause, None, each.wallet, 0) for each in fresh]
        pages = await load_pages(connection, scope[0], earned)
        traced = await asyncio.to_thread(_traced, fresh, earned, pages)
        heads = await origin_store.apart(connection, scope, members)
        ledgers = await load_ledgers(connection, scope, heads) if heads else []
        endings = [each for ledger in ledgers for each in _endings(ledger, now)]
        until = month_of(month_of(now) + _MONTH)
        await origin_store.keep(connection, scope, members, months(zone, now.year), traced, endings, now, until)
    return True


def _endings(ledger: MemberLedger, now: datetime) -> Iterator[Ending]:
    """Say what becomes of the lots of somebody; what is held counts once."""
    seen: set[int] = set()
    for end in look_ahead(ledger, now).ends():
        held = 0 if end.lot.seq in seen else end.lot.held
        seen.add(end.lot.seq)
        yield Ending(ledger.member_id, end.lot.seq, end.lapses_at, end.points, held, end.spared, end.repays)


def _traced(fresh: Sequence[Fresh], earned: Sequence[Earned], pages: dict[int, bytes]) -> list[Traced]:
    """Say of each lot where it came from, by the decisions on some pages."""
    decisions = brought(earned, pages)
    found = []
    for each in fresh:
        decision = decisions.get(each.cause)
        place, mix = (NOWHERE, NOBODY) if decision is None else (decision.place, decision.mix(each.wallet))
        found.append(Traced(each.member_id, each.lot, number_of(place), place, number_of(mix), mix))
    return found
