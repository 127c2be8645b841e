"""Receipts of carts as earning tells of them: what was set aside is committed, and given back with what comes back."""

from __future__ import annotations

import asyncio
from functools import partial
from uuid import UUID

import msgspec

from libs.contracts.events import CartSettledV1
from libs.runtime import logs
from services.redemption.carts.desk import CartDesk
from services.redemption.carts.model import Stands
from services.redemption.heard import until_done

log = logs.get(__name__)


class _Settled(msgspec.Struct, frozen=True):
    cart_id: UUID
    total_minor: int
    kept_minor: int
    stands: bool = True


class _Told(msgspec.Struct, frozen=True):
    id: str
    tenant: str
    programme: str
    data: _Settled


_read = msgspec.json.Decoder(_Told).decode
SETTLED = CartSettledV1.event_type


async def take(desk: CartDesk, value: bytes, stopping: asyncio.Event) -> None:
    """Do what an event of the type `SETTLED` says; while the database is away it waits."""
    try:
        told = _read(value)
    except msgspec.DecodeError:
        log.warning("cart.unreadable")
        return
    scope = desk.tools.programmes.scope_of(told.tenant, told.programme)
    if scope is None:
        log.warning("cart.programme_unknown", event_id=told.id)
        return
    data = told.data
    stands = Stands(data.total_minor, data.kept_minor, data.stands and (data.kept_minor > 0 or not data.total_minor))
    act = partial(desk.settle, scope[0], data.cart_id, stands)
    await until_done(act, told.id, stopping)
