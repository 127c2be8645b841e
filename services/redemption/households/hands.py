"""The others whom a request over HTTP has to do with: locked before its key is taken, looked at behind the locks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.contracts.redemption import Ask
from libs.households import postgres as kept
from libs.lives.life import Life, MemberName
from services.redemption.domain import Redemption, Refusal, Rules
from services.redemption.households import store
from services.redemption.households.jointly import of_owners
from services.redemption.households.pool import ALONE, Beside, pool_of
from services.redemption.households.store import NOBODY, Hands


async def reach(connection: asyncpg.Connection, ask: Ask, *, shares: bool) -> Hands:
    """Lock everybody whose points a request may touch, where members of its tenant share any; else nobody."""
    if not shares:
        return NOBODY
    if ask.redemption_id is not None:
        return await store.lock_together(connection, ask.tenant_id, [], [ask.redemption_id])
    if not ask.household or ask.programme_id is None or ask.member_id is None:
        return NOBODY
    asking = [(ask.programme_id, ask.member_id, True)]
    return await store.lock_together(connection, ask.tenant_id, asking, [])


async def beside(
    connection: asyncpg.Connection,
    hands: Hands,
    members: Mapping[MemberName, Life],
    whose: MemberName,
    ask: Ask,
    redemption: Redemption | None,
    rules: Rules,
    at: datetime,
) -> Beside | Refusal:
    """Give the others in hand, and the pool of the household where a request begins to spend from it."""
    lives = {name[2]: life for name, life in members.items() if name != whose}
    if redemption is not None:
        return of_owners(redemption, lives)
    if not ask.household:
        return ALONE
    today = at.astimezone(rules.zone).date()
    uses = await kept.load_uses(connection, hands.households, rules.household, today)
    pool = pool_of(hands.households.get(whose), whose[2], rules, uses, at)
    return pool if isinstance(pool, Refusal) else Beside(lives, pool)


async def seen(connection: asyncpg.Connection, name: MemberName, rules: Rules, at: datetime) -> Beside | Refusal:
    """Look at the household of a member without a lock, in a transaction that sees one state."""
    household, ledgers = await kept.look(connection, name)
    known = {} if household is None else {name: household}
    uses = await kept.load_uses(connection, known, rules.household, at.astimezone(rules.zone).date())
    pool = pool_of(household, name[2], rules, uses, at)
    if isinstance(pool, Refusal):
        return pool
    lives: dict[UUID, Life] = {member: Life((*name[:2], member), ledger) for member, ledger in ledgers.items()}
    return Beside(lives, pool)
