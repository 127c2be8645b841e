"""Requests to give back what lapsed: planned, stored, agreed to, looked at. Only stores and the command line import it.

A request is a list of shares, of a member and wallet each. The expiry service publishes an event for each once nobody
has to agree any more, and earning applies it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple
from uuid import UUID

import asyncpg

from libs.promotions.lapsing import Reinstatement
from libs.runtime import sql
from libs.runtime.keys import event_key

_QUERIES = sql.load("libs.sweeps", "reinstating.sql")
_PATIENCE = 120.0
"""Seconds for a request that names many members."""
MOST_MEMBERS = 100_000
"""How many members one request may name."""

Connection = asyncpg.Connection
Scope = tuple[int, int]
Why = Literal["more-than-lapsed", "nothing-lapsed", "over-the-limit"]
Decided = Literal["done", "own", "otherwise", "unknown"]
_WORDS: Mapping[Why, str] = {
    "more-than-lapsed": "less lapsed, or is still away",
    "nothing-lapsed": "nothing lapsed that could come back",
    "over-the-limit": "no more may come back to a member",
}


class CannotReinstate(ValueError):
    """A request that can't be, as a whole; `why` is its code."""

    def __init__(self, why: str, detail: str) -> None:
        super().__init__(detail)
        self.why = why


class Wish(NamedTuple):
    """Points for a member; None for all that lapsed."""

    member_id: UUID
    points: int | None


class Asking(NamedTuple):
    """What somebody asks for.

    `wallet` None means every wallet where all is wanted, and the programme's first one for a number of points.
    `boundary` None means whatever lapsed within the programme's window; `expires_at` None the next boundary.
    """

    wishes: Sequence[Wish]
    wallet: str | None
    boundary: datetime | None
    expires_at: datetime | None
    reason: str
    note: str | None
    by: str


class Share(NamedTuple):
    """Points of a wallet that a member gets back."""

    member_id: UUID
    wallet: str
    points: int


class Plan(NamedTuple):
    """What a request comes to: the span of time in which it lapsed, the shares, and who gets nothing and why.

    `survivors` are those who get the shares of members that were merged into them.
    """

    lapsed_after: datetime
    lapsed_until: datetime
    shares: tuple[Share, ...]
    left_out: tuple[tuple[UUID, Why], ...]
    needs_approval: bool
    survivors: Mapping[UUID, UUID] = MappingProxyType({})

    @property
    def points(self) -> int:
        """All of them, over all wallets."""
        return sum(share.points for share in self.shares)


class Seen(NamedTuple):
    """A request as it stands. Who came away empty is counted once it is looked at by itself."""

    reinstatement_id: UUID
    programme: str
    state: str
    members: int
    points: int
    lapsed_after: datetime
    lapsed_until: datetime
    expires_at: datetime | None
    reason: str
    note: str | None
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    returned_shares: int | None
    returned_points: int | None
    refused_shares: int | None


async def plan(
    connection: asyncpg.Connection, scope: Scope, rules: Reinstatement, first_wallet: str, asking: Asking, now: datetime
) -> Plan:
    """Say what a request comes to; it changes nothing.

    Raises:
        CannotReinstate: nothing comes back in this programme, too many members, or a date that is of no use.
    """
    opens = now - timedelta(days=rules.within_days)
    _check(rules, asking, opens, now)
    until = asking.boundary or now
    before = None
    if asking.boundary is not None:
        before = await connection.fetchval(_QUERIES["boundary_before"], *scope, asking.boundary)
    after = max(opens, before or opens)
    away: dict[UUID, dict[str, tuple[int, int]]] = {}
    members = list({wish.member_id for wish in asking.wishes})
    for member_id, wallet, points, back in await connection.fetch(
        _QUERIES["away"], *scope, members, asking.wallet, after, until, timeout=_PATIENCE
    ):
        away.setdefault(member_id, {})[wallet] = (points, back)
    survivors = dict(await connection.fetch(_QUERIES["leading"], *scope, members))
    shares: list[Share] = []
    left_out: list[tuple[UUID, Why]] = []
    for wish in {wish.member_id: wish for wish in asking.wishes}.values():
        found, why = _shares(wish, away.get(wish.member_id, {}), asking.wallet or first_wallet, rules)
        shares += found
        if why is not None:
            left_out.append((wish.member_id, why))
    needed = sum(share.points for share in shares) > rules.approval_above
    return Plan(after, until, tuple(shares), tuple(left_out), needed, survivors)


def _check(rules: Reinstatement, asking: Asking, opens: datetime, now: datetime) -> None:
    if rules.within_days == 0:
        raise CannotReinstate("not-offered", "the programme in force gives nothing back")
    if len(asking.wishes) > MOST_MEMBERS:
        raise CannotReinstate("too-many", f"a request names {MOST_MEMBERS:,} members at most")
    if asking.boundary is not None and asking.boundary > now:
        raise CannotReinstate("boundary-ahead", "the boundary is still ahead")
    if asking.boundary is not None and asking.boundary <= opens:
        days = f"{rules.within_days} days"
        raise CannotReinstate("window-passed", f"the boundary lies further back than the programme's {days}")
    if asking.expires_at is not None and asking.expires_at <= now:
        raise CannotReinstate("date-passed", "the new date is not ahead")


def _shares(
    wish: Wish, away: dict[str, tuple[int, int]], wallet: str, rules: Reinstatement
) -> tuple[list[Share], Why | None]:
    """What one member gets, and why not all or nothing."""
    most = rules.most_points_per_member
    if wish.points is not None:
        points, back = away.get(wallet, (0, 0))
        if wish.points > points:
            return [], "more-than-lapsed" if points else "nothing-lapsed"
        if most is not None and back + wish.points > most:
            return [], "over-the-limit"
        return [Share(wish.member_id, wallet, wish.points)], None
    found = {
        name: points if most is None else min(points, max(most - back, 0))
        for name, (points, back) in sorted(away.items())
    }
    shares = [Share(wish.member_id, name, points) for name, points in found.items() if points]
    if shares:
        return shares, None
    return [], "over-the-limit" if any(points for points, _ in away.values()) else "nothing-lapsed"


async def is_known(connection: asyncpg.Connection, scope: Scope, name: UUID, digest: bytes) -> bool:
    """Whether a request of this name was stored before; `digest` tells a repeat from another one.

    Raises:
        CannotReinstate: the name stands for another request.
    """
    known = await connection.fetchval(_QUERIES["known"], *scope, name)
    if known is not None and bytes(known) != digest:
        raise CannotReinstate("name-taken", "the name stands for another request")
    return known is not None


async def ask(
    connection: asyncpg.Connection,
    scope: Scope,
    named: tuple[UUID, bytes],
    asking: Asking,
    planned: Plan,
    now: datetime,
) -> None:
    """Store a request by its name and digest, unless it is there; call it in a transaction.

    Raises:
        CannotReinstate: nothing lapsed that could come back, or the name stands for another request.
    """
    if not planned.shares:
        why = planned.left_out[0][1] if len(planned.left_out) == 1 else "nothing-lapsed"
        raise CannotReinstate(why, _WORDS[why])
    name, digest = named
    made = await connection.fetchval(
        _QUERIES["ask"], *scope, name, digest, planned.lapsed_after, planned.lapsed_until, asking.expires_at,
        asking.reason, asking.note, len({share.member_id for share in planned.shares}), planned.points,
        "awaiting_approval" if planned.needs_approval else "approved", asking.by, now,
    )  # fmt: skip
    if made is None:
        await is_known(connection, scope, name, digest)
        return
    slugs = tuple(await connection.fetchrow(_QUERIES["slugs"], *scope))
    columns = [list(column) for column in zip(*planned.shares, strict=True)]
    causes = [event_key(*event_name(slugs, name, share)) for share in planned.shares]
    await connection.execute(_QUERIES["share"], *scope, name, *columns, causes, timeout=_PATIENCE)


def event_name(slugs: tuple[str, str], name: UUID, share: Share) -> tuple[str, str]:
    """Source and id of the event that gives a share back."""
    return f"/pointstream/{slugs[0]}/{slugs[1]}/reinstatements", f"{name}/{share.member_id}/{share.wallet}"


async def decide(
    connection: asyncpg.Connection, tenant_id: int, name: UUID, *, approve: bool, by: str, now: datetime
) -> Decided:
    """Agree to a request or refuse it; `own` when that is for somebody else to do, `otherwise` when it is decided."""
    state = "approved" if approve else "refused"
    if await connection.fetchval(_QUERIES["decide"], tenant_id, name, state, by, now) is not None:
        return "done"
    found = await connection.fetchrow(_QUERIES["asked_by"], tenant_id, name)
    if found is None:
        return "unknown"
    return "own" if found["state"] == "awaiting_approval" else "otherwise"


async def load(
    connection: asyncpg.Connection,
    tenant_id: int,
    programme_id: int | None = None,
    *,
    states: Iterable[str] | None = None,
    before: tuple[datetime, UUID] | None = None,
    most: int = 50,
) -> list[Seen]:
    """Return requests, the newest first; those behind an instant and an id."""
    wanted = None if states is None else list(states)
    rows = await connection.fetch(
        _QUERIES["requests"], tenant_id, programme_id, wanted, *(before or (None, None)), most
    )
    return [Seen(**row, returned_shares=None, returned_points=None, refused_shares=None) for row in rows]


async def load_one(connection: asyncpg.Connection, tenant_id: int, name: UUID) -> Seen | None:
    """Return a request with what came of it so far."""
    row = await connection.fetchrow(_QUERIES["request"], tenant_id, name, timeout=_PATIENCE)
    return None if row is None else Seen(**row)
