"""Keeps where lots came from: reads the decisions on those that came since it last looked, and puts it beside them."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg

from libs.sweeps.earnings import load_pages
from libs.sweeps.origins import NOBODY, NOWHERE, Earned, brought, number_of
from services.expiry import origin_store
from services.expiry.forecast_store import in_turn
from services.expiry.origin_store import Fresh, Traced
from services.expiry.store import Scope

_MEMBERS = 500
"""So many are taken in one transaction."""


async def keep_origins(connection: asyncpg.Connection, scope: Scope, stopping: asyncio.Event) -> int:
    """Keep where the lots of a programme came from; return of how many. Ends early when another worker does so.

    A transaction takes some hundred members, and locks none of them: what comes meanwhile is kept the next time.
    """
    kept, after = 0, UUID(int=0)
    while not stopping.is_set():
        async with connection.transaction():
            if not await in_turn(connection):
                break
            await origin_store.be_patient(connection)
            behind = await origin_store.behind(connection, scope, after, _MEMBERS)
            if not behind:
                break
            fresh = await origin_store.fresh_lots(connection, scope, list(behind))
            earned = [Earned(each.page, each.cause, None, each.wallet, 0) for each in fresh]
            pages = await load_pages(connection, scope[0], earned)
            traced = await asyncio.to_thread(_traced, fresh, earned, pages)
            await origin_store.keep(connection, scope, behind, traced)
            kept, after = kept + len(fresh), max(behind)
    return kept


def _traced(fresh: list[Fresh], earned: list[Earned], pages: dict[int, bytes]) -> list[Traced]:
    """Say of each lot where it came from, by the decisions on some pages."""
    decisions = brought(earned, pages)
    found = []
    for each in fresh:
        decision = decisions.get(each.cause)
        place, mix = (NOWHERE, NOBODY) if decision is None else (decision.place, decision.mix(each.wallet))
        found.append(Traced(each.member_id, each.lot, number_of(place), place, number_of(mix), mix))
    return found
