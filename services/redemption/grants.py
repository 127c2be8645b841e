"""Gifts of campaigns: a reward of the catalogue that was granted becomes an order of price 0, and one taken back ends.

What campaigns grant that is not in the catalogue belongs to others and is passed over. An event that comes again is
known by its key, for ever: what it takes back is written down before any of it is.
"""

from __future__ import annotations

import asyncio
from functools import partial
from hashlib import sha256
from uuid import UUID

import msgspec

from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Answer, Ask
from libs.promotions.choices import Choice
from libs.runtime import logs, sql
from services.redemption import choices, store
from services.redemption.deciding import Known, RequestName, id_of
from services.redemption.gifts import CREDENTIAL, Gift
from services.redemption.handlers import Desk
from services.redemption.heard import until_done

log = logs.get(__name__)
_QUERIES = sql.load("services.redemption", "orders.sql")
_OURS = frozenset({"reward", "coupon", "gift_card", "sample"})
_Plan = list[tuple[UUID, int]]
"""Orders, and how many pieces of each are taken back."""
_read_plan = msgspec.json.Decoder(_Plan).decode
_write_plan = msgspec.json.Encoder().encode


async def take(desk: Desk, told: Gift, stopping: asyncio.Event) -> None:
    """Do what the event of a gift says; while the database is away it waits.

    What can't be done is told to the log and passed over.
    """
    if told.data.kind in _OURS:
        await until_done(partial(_do, desk, told), told.id, stopping)


async def _do(desk: Desk, told: Gift) -> None:
    scope = desk.programmes.scope_of(told.tenant, told.programme)
    if scope is None:
        log.warning("grant.programme_unknown", event_id=told.id)
        return
    choice = choices.of(desk, scope, told.data.reference)
    if told.revoked:
        await _take_back(desk, told, scope, choice)
    elif choice is None:
        _tell(told, await desk.serve(_grant(told, scope, await _whose(desk, told, scope))))
    else:
        for number in range(told.data.quantity):
            await choices.keep(desk, scope, choice, _event(told), number, told.data)


async def _whose(desk: Desk, told: Gift, scope: tuple[int, int]) -> UUID:
    """Who is given it: whom the member was merged into, as somebody who has won long after buying a ticket may be."""
    async with desk.pool.acquire() as connection, connection.transaction(readonly=True):
        return await store.leads_to(connection, (*scope, told.data.member_id))


async def _take_back(desk: Desk, told: Gift, scope: tuple[int, int], choice: Choice | None) -> None:
    """Take choices back with what became of them, whether or not the programme still has this one; else orders."""
    chosen = await choices.revoke(desk, scope, _event(told), told.data)
    plan = [(order_id, 1) for order_id in chosen]
    if choice is None and not chosen:
        plan = await _planned(desk, told, scope)
    for order_id, pieces in plan:
        _tell(told, await desk.serve(_revoke(told, scope, order_id, pieces)))


async def _planned(desk: Desk, told: Gift, scope: tuple[int, int]) -> _Plan:
    """The orders that an event takes back, the last first; the same ones however often the event comes.

    They are kept as what gives back is kept, for ever: an order that it has ended would make room for another one.
    """
    given, key = told.data, _key(told, "")
    request = RequestName(scope[0], CREDENTIAL, "cancel", key)
    whose = (scope[1], given.member_id)
    async with desk.pool.acquire() as connection, connection.transaction():
        begun = await store.begin(connection, request, key, desk.clock.now(), whose, id_of(request))
        if isinstance(begun, Known):
            return _read_plan(begun.answer)
        rows = await connection.fetch(
            _QUERIES["granted_orders"], *scope, given.member_id, given.reference, given.campaign
        )
        plan: _Plan = []
        left = given.quantity
        for row in rows:
            if pieces := min(left, row["kept"]):
                plan.append((row["order_id"], pieces))
                left -= pieces
        await store.keep_answer(connection, request, _write_plan(plan))
    return plan


def _grant(told: Gift, scope: tuple[int, int], member_id: UUID) -> Ask:
    given = told.data
    key = _key(told, "")
    return Ask(
        "grant", scope[0], CREDENTIAL, key=key, fingerprint=key, programme_id=scope[1], member_id=member_id,
        order=OrderAsk(reward=given.reference, quantity=given.quantity, campaign=given.campaign, cause=given.cause_id),
    )  # fmt: skip


def _revoke(told: Gift, scope: tuple[int, int], order_id: UUID, pieces: int) -> Ask:
    key = _key(told, str(order_id))
    return Ask(
        "cancel", scope[0], CREDENTIAL, key=key, fingerprint=key, redemption_id=order_id, by="operator",
        order=OrderAsk(quantity=pieces, note=told.data.cause_id),
    )  # fmt: skip


def _event(told: Gift) -> str:
    return f"{told.source} {told.id}"


def _key(told: Gift, of: str) -> bytes:
    return sha256(f"{told.source}\x1f{told.id}\x1f{of}".encode()).digest()


def _tell(told: Gift, answer: Answer) -> None:
    """What could not be done is told; what nobody has in the catalogue, or has chosen, is somebody else's business."""
    if answer.refused not in (None, "reward-unknown", "redemption-unknown"):
        log.warning("grant.refused", event_id=told.id, code=answer.refused)
