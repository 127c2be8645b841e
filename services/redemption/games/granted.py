"""What campaigns and games grant of tickets and badges comes on the topic of rewards, and goes again on it.

An event that comes again is known by its key, and what was granted by the id that follows from it, for ever.
"""

from __future__ import annotations

import asyncio
from functools import partial
from hashlib import sha256
from uuid import UUID

from libs.runtime import logs
from services.redemption import store as requests
from services.redemption.deciding import UNKNOWN_MEMBER, Known, RequestName, id_of
from services.redemption.games import badges, tickets
from services.redemption.games.desk import GameDesk, game_of
from services.redemption.games.turn import Turn
from services.redemption.gifts import CREDENTIAL, Gift
from services.redemption.handlers import again
from services.redemption.heard import until_done
from services.redemption.values import NotDone

log = logs.get(__name__)
_TICKET, _BADGE = "lottery_ticket", "badge"
_DONE = b"{}"


async def take(desk: GameDesk, told: Gift, stopping: asyncio.Event) -> None:
    """Do what the event of a gift says of tickets and badges; while the database is away it waits.

    What can't be done is told to the log and passed over.
    """
    if told.data.kind in (_TICKET, _BADGE):
        await until_done(partial(_tried, desk, told), told.id, stopping)


async def _tried(desk: GameDesk, told: Gift) -> None:
    try:
        await again(partial(_do, desk, told))
    except NotDone as error:
        log.warning("game_grant.refused", event_id=told.id, code=error.refusal.code)


async def _do(desk: GameDesk, told: Gift) -> None:
    tools, given, now = desk.tools, told.data, desk.tools.clock.now()
    scope = tools.programmes.scope_of(told.tenant, told.programme)
    rules = None if scope is None else tools.programmes.of(scope, now)
    if scope is None or rules is None:
        log.warning("game_grant.programme_unknown", event_id=told.id)
        return
    granted, key = not told.revoked, sha256(f"{told.source}\x1f{told.id}".encode()).digest()
    request = RequestName(scope[0], CREDENTIAL, "game-grant" if granted else "cancel", key)  # the latter for ever
    name, whose = id_of(request), given.member_id
    async with tools.pool.acquire() as connection, connection.transaction():
        if granted:
            whose = await requests.leads_to(connection, (*scope, whose))
        begun = await requests.begin(connection, request, key, now, (scope[1], whose), name)
        if isinstance(begun, Known):
            return
        if begun is None and granted:
            raise NotDone(UNKNOWN_MEMBER)
        turn = Turn(connection, rules, scope, name, now)
        await _apply(turn, told, whose)
        await requests.keep_answer(connection, request, _DONE)
        await requests.tell(connection, now, turn.events)
    tools.committed(list(turn.events))


async def _apply(turn: Turn, told: Gift, member_id: UUID) -> None:
    given = told.data
    if given.kind == _BADGE:
        if not told.revoked:
            await badges.give(turn, member_id, given.reference, given.quantity, given.campaign)
        else:
            await badges.take_back(turn, member_id, given.reference, given.quantity, given.campaign)
        return
    game = await game_of(turn, given.reference, lock=told.revoked)
    if not told.revoked:
        await tickets.grant(turn, game, member_id, given.quantity, given.campaign)
    else:
        await tickets.take_back(turn, game, member_id, given.quantity, given.campaign)
