"""Referrals in PostgreSQL: loaded for the members that a batch is about, saved with every change."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec
import orjson

from libs.judging.versions import RunningProgramme
from libs.lives.life import MemberName
from libs.promotions.pages import StoredDecision
from libs.receipts.decided import story_of
from libs.receipts.story import Story, read_story, write_story
from libs.referral.codes import read_code
from libs.referral.decide import Claim, Outcome
from libs.referral.orders import order_of
from libs.runtime import sql
from libs.runtime.keys import receipt_key
from services.earning import arrivals, loading, store
from services.earning.arrivals import Arrival
from services.earning.cases import Case
from services.earning.history import terms_of
from services.earning.lives import Life
from services.earning.outcome import NO_PAGE
from services.earning.referrals import Change, Found, Pair, Referrals, Referred

_QUERIES = sql.load("services.earning", "referrals.sql")
_LATEST = datetime(9998, 1, 1, tzinfo=UTC)
_PURCHASES = (arrivals.COMPLETED, arrivals.CORRECTED)

Code = tuple[int, int, str]
"""Tenant, programme and code."""


class Event(NamedTuple):
    """An event of a member, and the page with the decision on it."""

    tenant_id: int
    programme_id: int
    member_id: UUID
    key: UUID
    page: int


class _Number(msgspec.Struct, gc=False):
    receipt_number: str
    store: str | None = None


_number = msgspec.json.Decoder(_Number).decode


async def referrers(connection: asyncpg.Connection, fresh: Iterable[Arrival]) -> dict[Code, UUID]:
    """Return whose the codes are that a batch names; their owners are locked with the friends."""
    codes = {
        (*each.scope, code): None
        for each in fresh
        if each.kind == arrivals.REFERRAL_CLAIMED and (code := read_code(each.event.data.code)) is not None
    }
    return await owners_of_codes(connection, list(codes)) if codes else {}


async def load(
    connection: asyncpg.Connection,
    programmes: Mapping[loading.Scope, RunningProgramme],
    members: Iterable[MemberName],
    fresh: Sequence[Arrival],
    owners: Mapping[Code, UUID],
    lives: Mapping[MemberName, Life],
    cases: Mapping[UUID, Case],
    now: datetime,
) -> Referrals | None:
    """Load the referrals of a batch's members, who are locked; None where no programme has any."""
    if not any(each.refers for each in programmes.values()):
        return None
    asking = [name for name in members if programmes[name[:2]].refers]
    about = [each for each in fresh if each.kind in arrivals.REFERRALS]
    looked = {(*each.scope, each.event.data.member_id): None for each in about}
    known = [name for name in looked if name in lives]
    brought = {**dict.fromkeys(known), **{(*code[:2], owner): None for code, owner in owners.items()}}
    rows = await load_rows(connection, asking, list(brought)) if asking else []
    had = {key: case.story.owner for key, case in cases.items()}
    found = Found({row.name: row for row in rows}, owners, had)
    if not known:
        return Referrals(found, now)
    pairs = {(name, row.claim.referrer): None for name in known if (row := found.referred.get(name)) is not None}
    for each in about:
        code = read_code(each.event.data.code) if each.kind == arrivals.REFERRAL_CLAIMED else None
        name = (*each.scope, each.event.data.member_id)
        if code is not None and (*each.scope, code) in owners and name in lives:
            pairs[name, owners[*each.scope, code]] = None
    found.pairs = await load_pairs(connection, list(pairs))
    await _load_accounts(connection, found, known, programmes, lives)
    await _load_orders(connection, found, [name for name, _ in pairs], programmes)
    return Referrals(found, now)


async def _load_accounts(
    connection: asyncpg.Connection,
    found: Found,
    names: Sequence[MemberName],
    programmes: Mapping[loading.Scope, RunningProgramme],
    lives: Mapping[MemberName, Life],
) -> None:
    stories = await load_accounts(connection, names)
    for name in names:
        story = stories.get(name) or Story(owner=name[2])
        found.accounts[name] = Case(programmes[name[:2]], name[2], None, None, story)
    await loading.load_lapsed(connection, found.accounts.values(), lives)


async def _load_orders(
    connection: asyncpg.Connection,
    found: Found,
    friends: Sequence[MemberName],
    programmes: Mapping[loading.Scope, RunningProgramme],
) -> None:
    """What these friends bought that stands, as far as it may count."""
    known = {name: found.referred.get(name) for name in friends}
    asked = {name: (None if one is None else one.ends) or _LATEST for name, one in known.items()}
    events = await load_events(connection, asked)
    decisions = await store.load_decisions(connection, [(event.tenant_id, event.page, event.key) for event in events])
    receipts: dict[tuple[int, UUID], tuple[MemberName, StoredDecision]] = {}
    for event in events:
        decision = decisions.get(event.key)
        if decision is not None and decision.kind in _PURCHASES:
            said = _number(decision.facts)
            key = receipt_key(event.tenant_id, event.programme_id, said.store, said.receipt_number)
            receipts[event.tenant_id, key] = (event[:3], decision)
    stories = await load_stories(connection, list(receipts))
    orders: dict[MemberName, list[Any]] = {name: [] for name in friends}
    for (tenant, key), (name, decision) in receipts.items():
        story = stories.get((tenant, key)) or story_of(decision)
        order = order_of(key, story, name[2], terms_of(programmes[name[:2]]))
        if order is not None:
            orders[name].append(order)
    found.orders = orders


async def owners_of_codes(connection: asyncpg.Connection, codes: Sequence[Code]) -> dict[Code, UUID]:
    """Return the member behind each code that there is."""
    found = await connection.fetch(_QUERIES["owners_of_codes"], *_columns(codes, 3))
    return {tuple(row[:3]): row["member_id"] for row in found}


async def load_rows(
    connection: asyncpg.Connection, friends: Sequence[MemberName], referrers: Sequence[MemberName]
) -> list[Referred]:
    """Return the referrals of these friends, and those of the friends of these referrers."""
    rows = await connection.fetch(_QUERIES["rows"], *_columns(friends, 3), *_columns(referrers, 3))
    return [_referred(row) for row in rows]


def _referred(row: Any) -> Referred:
    claim = Claim(
        row["friend_id"],
        row["referrer_id"],
        row["claimed_at"],
        row["version"],
        row["enrolled_at"],
        row["consented"],
        tuple(row["suspicions"]),
        row["word"],
        "self-referral" in row["reasons"],
    )
    stands = Outcome(row["state"], tuple(row["reasons"]), row["converted_at"], tuple(row["counted"]))
    return Referred((row["tenant_id"], row["programme_id"]), claim, stands, row["until"], row["changes"])


async def load_pairs(
    connection: asyncpg.Connection, pairs: Sequence[tuple[MemberName, UUID]]
) -> dict[tuple[MemberName, UUID], Pair]:
    """Return what is known of each friend and referrer."""
    if not pairs:
        return {}
    asked = [(*name, referrer) for name, referrer in pairs]
    rows = await connection.fetch(_QUERIES["pairs"], *_columns(asked, 4))
    return {
        (tuple(row[:3]), row["referrer_id"]): Pair(
            row["enrolled_at"], row["tied"], tuple(row["shared"]), tuple([_beside(text) for text in row["beside"]])
        )
        for row in rows
    }


def _beside(text: str) -> tuple[str, UUID]:
    kind, _, member_id = text.partition(" ")
    return kind, UUID(member_id)


async def load_accounts(connection: asyncpg.Connection, members: Sequence[MemberName]) -> dict[MemberName, Story]:
    """Return what members have had of referrals so far."""
    rows = await connection.fetch(_QUERIES["accounts"], *_columns(members, 3))
    return {tuple(row[:3]): read_story(row["story"]) for row in rows}


async def load_events(connection: asyncpg.Connection, members: Mapping[MemberName, datetime]) -> list[Event]:
    """Return the events of members that have decisions, each up to its instant."""
    if not members:
        return []
    asked = [(*name, ends) for name, ends in members.items()]
    return [Event(*row) for row in await connection.fetch(_QUERIES["events_of"], *_columns(asked, 4), NO_PAGE)]


async def load_stories(
    connection: asyncpg.Connection, receipts: Sequence[tuple[int, UUID]]
) -> dict[tuple[int, UUID], Story]:
    """Return the stories of receipts that have one."""
    if not receipts:
        return {}
    rows = await connection.fetch(_QUERIES["stories"], *_columns(receipts, 2))
    return {(row["tenant_id"], row["receipt_key"]): read_story(row["story"]) for row in rows}


async def save_referrals(connection: asyncpg.Connection, now: datetime, referrals: Referrals) -> None:
    """Save where referrals stand, every change on the way, and what members have had."""
    rows = [_row(each) for each in referrals.changed.values()]
    kept = [_whose(each.name, "friend_id") | _change(each) for each in referrals.changes]
    accounts = [_whose(name, "member_id") | {"story": _packed(case.story)} for name, case in referrals.settled.items()]
    if rows or accounts:
        await connection.execute(_QUERIES["save_referrals"], now, _json(rows), _json(kept), _json(accounts))
    if referrals.waiting:
        waiting = [
            (*name, cause) for name, cause in sorted(referrals.waiting.items(), key=lambda each: each[0][2].bytes)
        ]
        await connection.execute(_QUERIES["keep_waiting"], *_columns(waiting, 4))


async def load_waiting(connection: asyncpg.Connection, scope: tuple[int, int], most: int) -> list[tuple[UUID, UUID]]:
    """Return members of a programme whose look a switch cut short, each with the event of that look."""
    return [(row["member_id"], row["cause"]) for row in await connection.fetch(_QUERIES["waiting"], *scope, most)]


async def forget_waiting(
    connection: asyncpg.Connection, scope: tuple[int, int], looks: Sequence[tuple[UUID, UUID]]
) -> None:
    """Forget members for whom another look was asked, unless one was cut short again meanwhile."""
    await connection.execute(_QUERIES["forget_waiting"], *scope, *_columns(looks, 2))


async def save_marks(connection: asyncpg.Connection, now: datetime, marks: Iterable[tuple[MemberName, str]]) -> None:
    """Save by what members are known, as `kind:hash`."""
    rows = [(*name, *mark.split(":", 1)) for name, mark in marks]
    if rows:
        await connection.execute(_QUERIES["save_marks"], now, *_columns(rows, 5))


async def save_same(connection: asyncpg.Connection, now: datetime, pairs: Sequence[tuple[MemberName, UUID]]) -> None:
    """Save that two members have had the same identifier."""
    if pairs:
        await connection.execute(_QUERIES["save_same"], now, *_columns([(*name, other) for name, other in pairs], 4))


def _row(referred: Referred) -> dict[str, Any]:
    claim, stands = referred.claim, referred.outcome
    return _whose(referred.name, "friend_id") | {
        "referrer_id": claim.referrer,
        "claimed_at": claim.claimed_at,
        "enrolled_at": claim.enrolled_at,
        "version": claim.version,
        "consented": claim.consented,
        "suspicions": claim.suspicions,
        "word": claim.word,
        "state": stands.state,
        "reasons": stands.reasons,
        "converted_at": stands.converted_at,
        "counted": stands.counted,
        "until": referred.ends,
        "changes": referred.changes,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "number": change.number,
        "state": change.state,
        "reason": change.reason,
        "decided_by": change.decided_by,
        "note": change.note,
        "cause": change.cause,
    }


def _packed(story: Story) -> str:
    return b64encode(write_story(story)).decode()


def _whose(name: MemberName, member: str) -> dict[str, Any]:
    return {"tenant_id": name[0], "programme_id": name[1], member: name[2]}


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return orjson.dumps(rows, default=str).decode()  # keys are UUIDs of a class of their own


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]
