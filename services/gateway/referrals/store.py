"""Referrals as requests read them, and the codes that members get when they ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from libs.referral.codes import ALPHABET, CHANCE, make_code
from libs.runtime import sql
from services.gateway.door.cursors import Place
from services.gateway.store import Member, Reading
from services.gateway.tenant_store import tenant_transaction

_SQL = sql.load("services.gateway", "referrals.sql")
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_LAST = UUID(int=2**128 - 1)
_TRIES = 5


@dataclass(frozen=True, slots=True)
class KeptCode:
    """A member's code, and when it was made."""

    code: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class KeptReferral:
    """A friend, and where the referral stands."""

    programme: str
    friend_id: UUID
    referrer_id: UUID
    claimed_at: datetime
    version: int
    consented: bool
    state: str
    reasons: tuple[str, ...]
    converted_at: datetime | None
    until: datetime | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class KeptChange:
    """Something that became of a referral; `decided_by` and `note` where a person said so."""

    number: int
    state: str
    reason: str | None
    decided_by: str | None
    note: str | None
    recorded_at: datetime


class Codes:
    """Makes codes; `random` gives so many unpredictable bytes."""

    def __init__(self, pool: asyncpg.Pool, random: Callable[[int], bytes]) -> None:
        self._pool = pool
        self._random = random

    async def code_of(self, tenant_id: int, member: Member, now: datetime) -> KeptCode:
        """Return the one code of a member, made now where there is none: the same for whoever asks at once."""
        whose = (tenant_id, member.programme_id, member.member_id)
        async with tenant_transaction(self._pool, tenant_id) as connection:
            for _ in range(_TRIES):
                found = await connection.fetchrow(_SQL["code_of"], *whose)
                if found is not None:
                    return KeptCode(**found)
                await connection.execute(_SQL["make_code"], *whose, self._fresh(), now)
        raise RuntimeError("every code that was drawn is somebody else's")

    def _fresh(self) -> str:
        # Twice as many bits as a code has: what is left over makes no code likelier than another.
        return make_code(int.from_bytes(self._random(16), "big") % len(ALPHABET) ** CHANCE)


async def known_code(reading: Reading, member: Member) -> KeptCode | None:
    """Return a member's code; None where nobody has asked for one."""
    rows = await reading.fetch(_SQL["code_of"], member.programme_id, member.member_id)
    return KeptCode(**rows[0]) if rows else None


async def is_known(reading: Reading, code: str, programme: str | None) -> bool:
    """Tell whether any member has a code; `programme` is a slug."""
    rows = await reading.fetch(_SQL["code_known"], code, programme)
    return bool(rows[0]["known"])


async def listed(
    reading: Reading, programme: str | None, state: str | None, after: Place | None, count: int
) -> list[KeptReferral]:
    """Return referrals in a state (None: in any), newest first; `programme` is a slug."""
    bounds = (_LATEST, _LAST) if after is None else (after.recorded_at, after.receipt)
    return [_kept(row) for row in await reading.fetch(_SQL["listed"], programme, state, *bounds, count)]


async def of_friend(reading: Reading, member: Member) -> KeptReferral | None:
    """Return the referral by which a member was brought in; None where nobody did."""
    rows = await reading.fetch(_SQL["of_friend"], member.programme_id, member.member_id)
    return _kept(rows[0]) if rows else None


async def of_referrer(reading: Reading, member: Member) -> list[KeptReferral]:
    """Return the friends whom a member brought in, by when they named the code."""
    return [_kept(row) for row in await reading.fetch(_SQL["of_referrer"], member.programme_id, member.member_id)]


async def changes(reading: Reading, member: Member) -> list[KeptChange]:
    """Return all that became of the referral of a friend, in order."""
    rows = await reading.fetch(_SQL["changes"], member.programme_id, member.member_id)
    return [KeptChange(**row) for row in rows]


def _kept(row: asyncpg.Record) -> KeptReferral:
    return KeptReferral(**{**row, "reasons": tuple(row["reasons"])})
