"""Pools, codes and gift cards as the gateway reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from libs.codes import postgres as codes
from libs.codes.keeping import CodeKeeper
from libs.contracts.codes import CodeUseView, CodeView
from libs.runtime import sql
from services.gateway.codes.views import CodeDetail, PoolView
from services.gateway.store import Member, Reading

_SQL = sql.load("services.gateway", "codes.sql")
_OF_CODE = tuple(name for name in CodeView.model_fields if name != "code")


def pool_view(pool: codes.Pool, programme: str) -> PoolView:
    """Show a pool."""
    return PoolView(
        name=pool.name,
        programme=programme,
        kind=pool.kind,
        generated=pool.pattern is not None,
        rules=msgspec.to_builtins(pool.rules),
        revision=pool.revision,
        paused=pool.paused,
        codes=pool.codes,
        counts=dict(pool.counts),
        available=not pool.paused and pool.counts["created"] > 0,
        created_at=pool.created_at,
        changed_at=pool.changed_at,
    )


async def one_code(reading: Reading, code_id: UUID) -> tuple[CodeDetail, bytes] | None:
    """Return a code of the tenant with its redemptions, and its sealed text."""
    rows = await reading.fetch(codes.QUERIES["code"], code_id)
    if not rows:
        return None
    row = rows[0]
    uses = [
        CodeUseView(
            **use, code_id=code_id, pool=row["pool"], kind=row["kind"], state=row["state"]
        )
        for use in map(dict, await reading.fetch(codes.QUERIES["uses_of_code"], code_id))
    ]  # fmt: skip
    detail = CodeDetail(**{name: row[name] for name in _OF_CODE}, code=None, redemptions=tuple(uses))
    return detail, row["sealed"]


async def codes_of_member(
    reading: Reading, member: Member, states: Sequence[str] | None, keeper: CodeKeeper
) -> list[CodeView]:
    """Return what was assigned to a member, with the texts."""
    wanted = None if states is None else list(states)
    rows = await reading.fetch(_SQL["codes_of_member"], member.programme_id, member.member_id, wanted)
    return [_code(row, keeper.open(reading.tenant_id, row["code_id"], row["sealed"])) for row in rows]


def _code(row: Mapping[str, Any], text: str) -> CodeView:
    return CodeView(**{name: row[name] for name in _OF_CODE}, code=text)


async def sealed_card(reading: Reading, card_id: UUID) -> bytes | None:
    """Return the sealed number of a gift card."""
    rows = await reading.fetch(_SQL["sealed_card"], card_id)
    return bytes(rows[0]["sealed"]) if rows else None
