"""What follows on redemptions of members who were merged: it is done in their own ledgers, and goes on from there.

A lot of theirs takes back what it gave; what is left of it then belongs to whom they were merged into.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.lives.life import Life, MemberName
from libs.lives.made import Cause
from libs.lives.passing import pass_all_on
from libs.lives.postgres import Head
from libs.runtime import sql
from services.redemption.households.store import Hands
from services.redemption.store import Locked

_QUERIES = sql.load("services.redemption", "merged.sql")
_REASON = "came-back"


class Reached(NamedTuple):
    """Those whom a request may touch, locked before its key is taken.

    Of one that follows on a redemption of merged members: `whose` it is, and whom they were merged into (`leads`).
    """

    hands: Hands
    whose: Locked | None = None
    leads: Mapping[MemberName, MemberName] = MappingProxyType({})


async def lock(connection: asyncpg.Connection, tenant_id: int, redemption_id: UUID) -> Reached:
    """Lock whose a redemption is, the owners of the lots that it took, and whom these were merged into.

    Raises:
        asyncpg.SerializationError: somebody was merged, or parted again, meanwhile; it is to be repeated.
    """
    heads: dict[MemberName, Locked] = {}
    leads: dict[MemberName, MemberName] = {}
    whose = None
    for row in await connection.fetch(_QUERIES["lock_followed"], tenant_id, redemption_id):
        name = (tenant_id, row["programme_id"], row["member_id"])
        heads[name] = Locked(name, Head(row["seq"], row["owing"]), row["spread"], row["tier"])
        if row["leads_to"] is not None:
            leads[name] = (*name[:2], row["leads_to"])
        if row["spends"]:
            whose = heads[name]
    return Reached(Hands(heads), whose, leads)


async def pass_on(
    connection: asyncpg.Connection,
    leads: Mapping[MemberName, MemberName],
    members: Mapping[MemberName, Life],
    cause: Cause,
    now: datetime,
) -> None:
    """Give what came back to merged members to whom they lead, and note with the merge where it went."""
    for one, survivor in leads.items():
        passed = pass_all_on(members[one], members[survivor], cause, _REASON, now)
        if passed:
            pairs = orjson.dumps([list(each) for each in passed]).decode()
            await connection.execute(_QUERIES["passed"], *one, survivor[2], pairs)
