"""What a batch of decisions leaves behind, in the order in which it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.exemptions.postgres import rewrite
from libs.promotions.pages import StoredDecision
from services.earning import history_store, merging_store, referral_store, store, tier_store
from services.earning.cases import Case
from services.earning.loaded import Loaded
from services.earning.outcome import BatchDecision
from services.earning.paging import Paging


async def save(
    connection: asyncpg.Connection,
    now: datetime,
    page_base: int,
    decided: BatchDecision,
    loaded: Loaded,
    cases: Sequence[Case],
    written: dict[tuple[int, int], list[StoredDecision]],
    paging: Paging,
) -> None:
    """Save decisions, points and receipts.

    `written` has the decisions on the batch's own events, by tenant and number of page; those that take the place of
    earlier ones go behind them, on pages that `paging` hands out, and their receipts are told where they lie.
    """
    again: list[tuple[int, UUID, int]] = []
    for (tenant, _), decision in decided.again.items():
        number = paging.page_for(tenant)
        written.setdefault((tenant, number), []).append(decision)
        again.append((tenant, decision.key, page_base + number))
        case = None if decision.receipt_key is None else loaded.cases.get(decision.receipt_key)
        if case is not None and case.event_key == decision.key:
            case.page = page_base + number
    await store.save_batch(connection, now, page_base, written, decided)
    await store.save_lives(connection, now, loaded.ledgers())
    await store.save_receipts(connection, now, cases, decided, again)
    if decided.days:
        await history_store.save_days(connection, decided.days)
    if loaded.tiers is not None:
        await tier_store.save_tiers(connection, now, loaded.tiers)
        await rewrite(connection, loaded.tiers.spared())
    if loaded.merges is not None:
        await merging_store.save(connection, now, loaded.merges)
    if loaded.referrals is not None:
        await referral_store.save_referrals(connection, now, loaded.referrals)
