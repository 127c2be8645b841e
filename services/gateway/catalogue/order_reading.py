"""Orders as the gateway reads them: with what may follow on their states; what is sealed about members, opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.catalogue import postgres as catalogue
from libs.catalogue.kinds.registry import kind_of
from libs.catalogue.orders import Order
from libs.catalogue.rows import MemberName, seal_context
from libs.catalogue.telling import order_view
from libs.contracts.orders import OrderView
from libs.runtime.seal import Seal

Found = Sequence[tuple[MemberName, Order]]


async def order_views(connection: asyncpg.Connection, found: Found) -> list[OrderView]:
    """Return orders of one programme as they are told."""
    if not found:
        return []
    scope = found[0][0][:2]
    rewards = await catalogue.load_versions(connection, scope, {(each.reference, each.version) for _, each in found})
    views = []
    for name, order in found:
        reward = rewards[order.reference, order.version]
        views.append(order_view(name[2], order, kind_of(reward.what).flow(reward.what)))
    return views


async def personal_answers(connection: asyncpg.Connection, found: Found, seal: Seal) -> dict[UUID, Mapping[str, Any]]:
    """Return what members said about themselves with these orders, where they said anything.

    Raises:
        libs.runtime.seal.SealBroken: it was sealed with another key.
    """
    sealed = await catalogue.load_sealed(connection, found)
    return {name: orjson.loads(seal.open(value, seal_context(name))) for name, value in sealed.items()}
