"""Gifts of campaigns: a reward of the catalogue that was granted becomes an order of price 0, and one taken back ends.

What campaigns grant that is not in the catalogue belongs to others and is passed over. An event that comes again is
known by its key, for ever.
"""

from __future__ import annotations

import asyncio
from functools import partial
from hashlib import sha256
from uuid import UUID

import msgspec

from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Answer, Ask
from libs.runtime import logs, sql
from services.redemption import store
from services.redemption.handlers import Desk
from services.redemption.heard import until_done

log = logs.get(__name__)
_QUERIES = sql.load("services.redemption", "orders.sql")
_OURS = frozenset({"reward", "coupon", "gift_card", "sample"})
_GRANTED, _REVOKED = "org.pointstream.reward.granted.v1", "org.pointstream.reward.revoked.v1"
_CREDENTIAL = "campaigns"


class _Given(msgspec.Struct, frozen=True):
    member_id: UUID
    kind: str
    reference: str
    quantity: int
    campaign: str
    cause_id: str


class _Told(msgspec.Struct, frozen=True):
    id: str
    source: str
    type: str
    tenant: str
    programme: str
    data: _Given


_read = msgspec.json.Decoder(_Told).decode


async def take(desk: Desk, kind: str, value: bytes, stopping: asyncio.Event) -> None:
    """Do what an event of this type says; while the database is away it waits.

    What is no such event, or can't be done, is told to the log and passed over.
    """
    if kind not in (_GRANTED, _REVOKED):
        return
    try:
        told = _read(value)
    except msgspec.DecodeError:
        log.warning("grant.unreadable")
        return
    if told.data.kind in _OURS:
        await until_done(partial(_do, desk, told), told.id, stopping)


async def _do(desk: Desk, told: _Told) -> None:
    scope = desk.programmes.scope_of(told.tenant, told.programme)
    if scope is None:
        log.warning("grant.programme_unknown", event_id=told.id)
        return
    if told.type == _GRANTED:
        _tell(told, await desk.serve(_grant(told, scope)))
        return
    left = told.data.quantity
    async with desk.pool.acquire() as connection, connection.transaction(readonly=True):
        await store.see(connection, scope[0])
        given = told.data
        rows = await connection.fetch(
            _QUERIES["granted_orders"], *scope, given.member_id, given.reference, given.campaign
        )
    for row in rows:
        pieces = min(left, row["kept"])
        if pieces:
            _tell(told, await desk.serve(_revoke(told, scope, row["order_id"], pieces)))
            left -= pieces


def _grant(told: _Told, scope: tuple[int, int]) -> Ask:
    given = told.data
    key = _key(told, "")
    return Ask(
        "grant", scope[0], _CREDENTIAL, key=key, fingerprint=key, programme_id=scope[1], member_id=given.member_id,
        order=OrderAsk(reward=given.reference, quantity=given.quantity, campaign=given.campaign, cause=given.cause_id),
    )  # fmt: skip


def _revoke(told: _Told, scope: tuple[int, int], order_id: UUID, pieces: int) -> Ask:
    key = _key(told, str(order_id))
    return Ask(
        "cancel", scope[0], _CREDENTIAL, key=key, fingerprint=key, redemption_id=order_id, by="operator",
        order=OrderAsk(quantity=pieces, note=told.data.cause_id),
    )  # fmt: skip


def _key(told: _Told, of: str) -> bytes:
    return sha256(f"{told.source}\x1f{told.id}\x1f{of}".encode()).digest()


def _tell(told: _Told, answer: Answer) -> None:
    """What could not be done is told; a reward that nobody has in the catalogue is somebody else's business."""
    if answer.refused not in (None, "reward-unknown"):
        log.warning("grant.refused", event_id=told.id, code=answer.refused)
