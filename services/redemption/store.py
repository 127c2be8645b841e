"""Redemption's only door to PostgreSQL. Every transaction sees the rows of one tenant's members alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from msgspec.structs import astuple, replace

from libs.catalogue.rows import read_order, read_steps
from libs.contracts.redemption import Ask
from libs.history.days import REDEMPTIONS
from libs.ledger.keeping import read_spans
from libs.ledger.model import MemberLedger
from libs.lives import postgres as lives
from libs.lives.life import Life, MemberName
from libs.lives.postgres import Head
from libs.promotions.facts import MemberFacts
from libs.runtime import sql, stream_store
from libs.runtime.batch import Outgoing
from services.redemption.deciding import Known, RequestName, dates
from services.redemption.domain import Bill, Portion, Redemption, Rules
from services.redemption.trade_store import trade_of

_QUERIES = sql.load("services.redemption")
KEPT = timedelta(days=7)
"""How long a first answer is given again."""
RulesOf = Callable[[tuple[int, int], datetime], Rules | None]


class Locked(NamedTuple):
    """A member whose ledger is locked for this transaction, and the hash that names the partition of its events.

    `tier` is the member's level, as far as it was asked for.
    """

    name: MemberName
    head: Head
    spread: int
    tier: str | None = None


async def begin(
    connection: asyncpg.Connection,
    request: RequestName,
    fingerprint: bytes,
    now: datetime,
    member: tuple[int, UUID] | None,
    redemption_id: UUID,
) -> Known | Locked | None:
    """Take the key, and lock the member of the redemption, or for a new one `member` (programme and id).

    Gives what is known of the key, if it was used; None where nobody is found.
    """
    row = await connection.fetchrow(
        _QUERIES["begin_request"], *request, fingerprint, now, *(member or (None, None)), redemption_id
    )
    if row["known"]:
        return Known(row["fingerprint"], row["answer"])
    return None if row["member_id"] is None else _locked(request.tenant_id, row)


async def lock_expired(
    connection: asyncpg.Connection, tenant_id: int, now: datetime, ids: Sequence[UUID]
) -> list[Locked]:
    """Lock the members of holds that are over, in order."""
    return [_locked(tenant_id, row) for row in await connection.fetch(_QUERIES["lock_expired"], tenant_id, now, ids)]


def _locked(tenant_id: int, row: asyncpg.Record) -> Locked:
    name = (tenant_id, row["programme_id"], row["member_id"])
    return Locked(name, Head(row["seq"], row["owing"]), row["spread"])


async def see(connection: asyncpg.Connection, tenant_id: int) -> None:
    """See a tenant's rows from here on in this transaction."""
    await connection.execute(_QUERIES["set_tenant"], tenant_id)


async def leads_to(connection: asyncpg.Connection, name: MemberName) -> UUID:
    """Return who a member is now: whom they were merged into, or themselves."""
    await see(connection, name[0])
    survivor: UUID | None = await connection.fetchval(_QUERIES["leads_to"], *name)
    return survivor or name[2]


async def look(connection: asyncpg.Connection, name: MemberName) -> MemberLedger | None:
    """Return a member's ledger without a lock, in a transaction that sees one state; None for nobody."""
    await see(connection, name[0])
    row = await connection.fetchrow(_QUERIES["member"], *name)
    if row is None:
        return None
    return (await lives.load_ledgers(connection, {name: Head(*row)}))[name]


async def load_redemptions(
    connection: asyncpg.Connection, tenant_id: int, ids: Sequence[UUID]
) -> dict[UUID, Redemption]:
    """Return redemptions as they stand; read behind the lock of their members."""
    return {
        row["redemption_id"]: _redemption(tenant_id, row)
        for row in await connection.fetch(_QUERIES["redemptions"], tenant_id, ids)
    }


def _redemption(tenant_id: int, row: asyncpg.Record) -> Redemption:
    return Redemption(
        name=(tenant_id, row["programme_id"], row["member_id"]),
        redemption_id=row["redemption_id"],
        state=row["state"],
        points=row["points"],
        portions=tuple([_portion(*each) for each in orjson.loads(row["shares"])]),
        asked_at=row["asked_at"],
        changed_at=row["changed_at"],
        restored=row["restored"],
        hold_until=row["hold_until"],
        extended=row["extended"],
        reference=row["reference"],
        counted_on=row["counted_on"],
        order=None if row["order_row"] is None else read_order(row["order_row"], read_steps(row["steps"]))[1],
        bill=_bill(row),
        trade=trade_of(row),
    )


def _portion(seq: int, wallet: str, lot_seq: int, amount: int, restored: int, owner: str | None = None) -> Portion:
    return Portion(seq, wallet, lot_seq, amount, restored, None if owner is None else UUID(owner))


def _bill(row: asyncpg.Record) -> Bill | None:
    if row["currency"] is None:
        return None
    return Bill(
        row["currency"],
        row["amount_minor"],
        row["paid_minor"],
        row["rate_points"],
        row["rate_minor"],
        row["tax"],
        row["returned_minor"],
    )


async def load_lives(
    connection: asyncpg.Connection, locked: Iterable[Locked], redemptions: Iterable[Redemption]
) -> dict[MemberName, Life]:
    """Return the members with all that is left, and with the lots of these redemptions even if they are empty."""
    ledgers = await lives.load_ledgers(connection, {member.name: member.head for member in locked})
    return await with_lots(connection, ledgers, redemptions)


async def with_lots(
    connection: asyncpg.Connection, ledgers: dict[MemberName, MemberLedger], redemptions: Iterable[Redemption]
) -> dict[MemberName, Life]:
    """Take members in hand, with the lots of these redemptions even if they are empty."""
    there = {name: {lot.seq for lot in ledger.lots} for name, ledger in ledgers.items()}
    wanted: dict[tuple[MemberName, int], None] = {}
    for redemption in redemptions:
        scope, spender = redemption.name[:2], redemption.name[2]
        for each in redemption.portions:
            name = (*scope, each.owner or spender)
            if name in there and each.lot_seq not in there[name]:
                wanted[name, each.lot_seq] = None
    if wanted:
        more: dict[MemberName, list[asyncpg.Record]] = {}
        columns = [[name[column] for name, _ in wanted] for column in range(3)]
        for found in await connection.fetch(_QUERIES["lots"], *columns, [seq for _, seq in wanted]):
            more.setdefault(tuple(found[:3]), []).append(found)
        for name, rows in more.items():
            ledger = ledgers[name]
            lots = sorted((*ledger.lots, *map(lives.lot_of, rows)), key=lambda lot: lot.seq)
            keeps = ledger.keeps or read_spans(rows[0]["keeps"])
            ledgers[name] = replace(ledger, lots=tuple(lots), keeps=keeps)
    return {name: Life(name, ledger) for name, ledger in ledgers.items()}


async def save(
    connection: asyncpg.Connection, now: datetime, members: Iterable[Life], redemptions: Sequence[Redemption]
) -> None:
    """Save what was done to members, and the redemptions as they are now."""
    await lives.save(connection, now, members)
    rows = [row(redemption) for redemption in redemptions]
    await connection.execute(_QUERIES["save"], now, orjson.dumps(rows, default=str).decode())
    await save_bills(connection, redemptions)


async def save_bills(connection: asyncpg.Connection, redemptions: Iterable[Redemption]) -> None:
    """Save what redemptions pay; for most of them that is nothing."""
    rows = [(*each.name, each.redemption_id, *astuple(each.bill)) for each in redemptions if each.bill is not None]
    if rows:
        await connection.execute(_QUERIES["save_bills"], *zip(*rows, strict=True))


async def tier_of(connection: asyncpg.Connection, name: MemberName) -> str | None:
    """Return the level of a member whose tenant's rows are seen."""
    tier: str | None = await connection.fetchval(_QUERIES["tier"], *name)
    return tier


async def knowing(
    connection: asyncpg.Connection, rules: Rules, asks: Iterable[Ask], members: Iterable[MemberName]
) -> Rules:
    """Return a programme's rules with what the dates of its members' points go by; it asks only where that matters."""
    names = list(members)
    if not rules.dates_by_member or not names or not any(map(dates, asks)):
        return rules
    people: dict[UUID, MemberFacts] = {}
    for row in await connection.fetch(_QUERIES["people"], *names[0][:2], [name[2] for name in names]):
        joined_on = row["enrolled_at"].astimezone(rules.zone).date()
        segments = tuple(row["segments"])
        people[row["member_id"]] = MemberFacts(row["member_id"], row["tier"], segments=segments, joined_on=joined_on)
    return replace(rules, people=people)


async def all_knowing(
    connection: asyncpg.Connection, rules_of: RulesOf, asks: Sequence[Ask], members: Iterable[MemberName], now: datetime
) -> RulesOf:
    """Return how to find rules that know these members, of whichever programmes."""
    known: dict[tuple[int, int], Mapping[UUID, MemberFacts]] = {}
    names = list(members) if any(map(dates, asks)) else []
    for scope in sorted({name[:2] for name in names}):
        rules = rules_of(scope, now)
        if rules is not None:
            rules = await knowing(connection, rules, asks, [name for name in names if name[:2] == scope])
            known |= {scope: rules.people} if rules.people else {}
    if not known:
        return rules_of

    def found(scope: tuple[int, int], at: datetime) -> Rules | None:
        rules = rules_of(scope, at)
        return rules if rules is None or scope not in known else replace(rules, people=known[scope])

    return found


def row(redemption: Redemption) -> dict[str, Any]:
    """A redemption as its row has it."""
    tenant, programme, member_id = redemption.name
    return {
        "tenant_id": tenant,
        "programme_id": programme,
        "member_id": member_id,
        "redemption_id": redemption.redemption_id,
        "state": redemption.state,
        "points": redemption.points,
        "restored": redemption.restored,
        "hold_until": redemption.hold_until,
        "extended": redemption.extended,
        "reference": redemption.reference,
        "shares": [list(each) if each.owner is not None else list(each[:-1]) for each in redemption.portions],
        "counted_on": redemption.counted_on,
        "asked_at": redemption.asked_at,
    }


async def count(connection: asyncpg.Connection, redemption: Redemption, by: int) -> None:
    """Count a redemption in the history of its member, or with -1 count it no longer."""
    tenant, programme, member_id = redemption.name
    parts = orjson.dumps({REDEMPTIONS: by}).decode()
    await connection.execute(
        _QUERIES["count_days"],
        [tenant], [programme], [member_id], [redemption.counted_on], [0], [0], [0], [parts], by < 0,
    )  # fmt: skip


async def keep_answer(connection: asyncpg.Connection, request: RequestName, answer: bytes) -> None:
    """Keep the first answer to a request."""
    await connection.execute(_QUERIES["keep_answer"], *request, answer)


async def tell(connection: asyncpg.Connection, now: datetime, events: dict[str, list[Outgoing]]) -> None:
    """Put events, given by shard, into the outbox: the last statement of a transaction.

    Raises:
        LookupError: a shard is not there, so that nothing may be committed; the relay makes them as it begins.
    """
    rows = stream_store.pack_rows(events)
    if rows:
        seqs = await stream_store.enqueue(connection, stream_store.enqueuing(now, dict.fromkeys(events, 0), rows))
        if len(seqs) < len(rows):
            raise LookupError("an outbox shard of redemption is not there")


async def expired(pool: asyncpg.Pool, now: datetime, most: int) -> dict[int, list[UUID]]:
    """Return holds that are over by tenant, the oldest first and so many in all at most."""
    found: dict[int, list[UUID]] = {}
    for row in await pool.fetch(_QUERIES["expired"], now, most):
        found.setdefault(row["tenant_id"], []).append(row["redemption_id"])
    return found


async def forget_requests(pool: asyncpg.Pool, now: datetime, most: int) -> int:
    """Forget so many answers at most that need not be given again; return how many there were."""
    return int((await pool.execute(_QUERIES["forget_requests"], now - KEPT, most)).split()[-1])


async def load_versions(pool: asyncpg.Pool) -> list[asyncpg.Record]:
    """Return every version of every programme, without its document, in the order in which they come into force."""
    return list(await pool.fetch(_QUERIES["programmes"]))


async def load_blocked(pool: asyncpg.Pool) -> dict[tuple[int, int], frozenset[UUID]]:
    """Return the members who are blocked, by programme."""
    rows = await pool.fetch(_QUERIES["blocked"])
    return {(row["tenant_id"], row["programme_id"]): frozenset(row["members"]) for row in rows}


async def load_document(pool: asyncpg.Pool, tenant_id: int, programme_id: int, version: int) -> str:
    """Return the document of a version as JSON."""
    return str(await pool.fetchval(_QUERIES["document"], tenant_id, programme_id, version))
