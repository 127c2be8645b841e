"""The forecast and the liability against the pure functions: the sums of what each member's ledger says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from libs.ledger.balance import balances
from libs.ledger.catch_up import catch_up, due
from libs.ledger.evolve import apply_all, as_of
from libs.ledger.model import Account, Kind, Span
from libs.promotions.evaluation import Evaluation, Paid
from libs.promotions.pages import StoredDecision, write_page
from libs.runtime import postgres
from libs.runtime.settings import PostgresSettings
from libs.sweeps.breakage import estimates, load_ended
from libs.sweeps.earnings import add_kept
from libs.sweeps.forecast import forecast
from libs.sweeps.kept import forecasts_made, load_outlook
from libs.sweeps.liability import liability
from libs.sweeps.origins import Origins
from libs.sweeps.outlook import Outlook, lapses
from libs.sweeps.preview import preview, totals
from services.expiry.forecaster import Forecaster, ForecastPace
from services.expiry.metrics import ExpiryMetrics
from services.expiry.origin_keeper import keep_origins
from services.expiry.store import VersionReader
from tests.integration.expiry.test_spared import chance_of
from tests.integration.test_rebuild import CAUSE, Life, lives, store
from tests.support.database import ACME, Database

SCOPE = (ACME.tenant_id, ACME.programme_id)
ZONE = "Europe/Rome"
NOW = datetime(2025, 3, 2, 9, tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)
TIERS = ("gold", "silver", None)
WORTH = {"points": (100, 7)}
_ENDS = (Account.EXPIRED, Account.REDEEMED)
SAY_TIERS = """
UPDATE ledger.member m SET tier = v.tier FROM unnest($1::uuid[], $2::text[]) AS v(member_id, tier)
WHERE m.member_id = v.member_id
"""
EXPLAIN = """
WITH page AS (
    INSERT INTO earning.decision_page (tenant_id, page, recorded_at, body) VALUES (1, 7, '2025-01-01', $2)
)
INSERT INTO earning.inbox (tenant_id, event_key, body_hash, page, recorded_at) VALUES (1, $1, 0, 7, '2025-01-01')
"""
SWEPT = """
INSERT INTO expiry.sweep (tenant_id, programme_id, boundary, sweep_id, local_date, zone, tzdata, wallets, cause, state,
                          preview, announced_at, ended_at)
VALUES (1, 1, '2025-03-31T22:00Z', gen_random_uuid(), '2025-03-31', 'Europe/Rome', 'x', '{points}', gen_random_uuid(),
        'finished', '[]', '2025-03-24', $1)
"""
AT_WORK = """
INSERT INTO expiry.sweep (tenant_id, programme_id, boundary, sweep_id, local_date, zone, tzdata, wallets, cause, state,
                          preview, announced_at, started_at)
VALUES (1, 1, '2025-06-30T22:00Z', gen_random_uuid(), '2025-06-30', 'Europe/Rome', 'x', '{points}', gen_random_uuid(),
        'running', '[]', '2025-06-24', '2025-06-30T22:00Z')
"""
FORGOTTEN = """
WITH gone AS (DELETE FROM expiry.origin WHERE get_byte(uuid_send(member_id), 15) % 3 = 0),
     sums AS (DELETE FROM expiry.foreseen), followed AS (DELETE FROM expiry.followed)
UPDATE expiry.origin SET lots = lots[1 + o.cut:], places = places[1 + o.cut:], mixes = mixes[1 + o.cut:]
FROM (SELECT member_id AS id, (get_byte(uuid_send(member_id), 15) % 3 = 1)::int AS cut FROM expiry.origin) AS o
WHERE member_id = o.id
"""
SPENT = """
WITH spent AS (
    UPDATE ledger.lot SET remaining = held + (remaining - held) / 2
    WHERE remaining > held AND get_byte(uuid_send(member_id), 15) % 5 = 1 RETURNING member_id
)
UPDATE ledger.member SET seq = seq + 1 WHERE member_id IN (SELECT member_id FROM spent)
"""
RISEN = "UPDATE ledger.member SET tier = 'gold' WHERE get_byte(uuid_send(member_id), 15) % 5 = 2"
KEEPS = """
UPDATE ledger.member SET keeps = v.keeps::jsonb
FROM unnest($1::uuid[], $2::text[]) AS v(id, keeps) WHERE member_id = v.id
"""
KEPT = """
SELECT ARRAY(SELECT DISTINCT unnest(o.lots) ORDER BY 1) AS kept,
       coalesce(array_agg(l.seq ORDER BY l.seq) FILTER (WHERE l.remaining > 0), '{}') AS open
FROM expiry.origin o JOIN ledger.lot l USING (tenant_id, programme_id, member_id) GROUP BY o.member_id, o.lots
"""
DECISION = StoredDecision(
    CAUSE, "/pos", "1", NOW, NOW, NOW, "credited", msgspec.Raw(b'{"store":"12","partner":"fuel","lines":[]}'),
    evaluation=Evaluation(1, paid=(Paid("base", "points", 1, 30, 30), Paid("extra", "points", 1, 60, 60))),
)  # fmt: skip


def tier_of(life: Life) -> str | None:
    return TIERS[life.ledger.member_id.int % 3]


def expected(lived: Iterable[Life]) -> tuple[Counter[tuple[object, ...]], Counter[tuple[str, str]]]:
    """What the pure function says of each member: points by slice, and where the points of a wallet are."""
    slices: Counter[tuple[object, ...]] = Counter()
    standing: Counter[tuple[str, str]] = Counter()

    def add(life: Life, lapses_at: datetime | None, seq: int, points: int) -> None:
        lot = life.ledger.lot(seq)
        assert lot is not None
        local = lot.earned_at.astimezone(ZoneInfo(ZONE))
        slices[lapses_at, lot.wallet, tier_of(life), date(local.year, local.month, 1)] += points

    for life in lived:
        past = catch_up(life.ledger, NOW, NOW)
        now = apply_all(life.ledger, past)
        ahead = catch_up(now, NEVER, NOW)
        for wallet, balance in balances(now, NOW).items():
            standing.update({(wallet, name): getattr(balance, name) for name in ("available", "pending", "held")})
        for movement in past:
            if movement.kind is Kind.EXPIRE:
                standing[movement.wallet, "overdue"] += movement.amount
        for movement in (*past, *ahead):
            if movement.kind is Kind.EXPIRE:
                for part in movement.allocations:
                    add(life, movement.effective_at, part.lot_seq, part.amount)
            elif movement.kind is Kind.REPAY and movement in ahead:
                standing[movement.wallet, "repays"] += movement.amount
        for lot in apply_all(now, ahead).lots:
            if lot.free:
                add(life, None, lot.seq, lot.free)
    return slices, standing


def stored(spans: tuple[Span, ...]) -> str | None:
    """What a head keeps of what spares its member."""
    return msgspec.json.encode({"tier:x": spans}).decode() if spans else None


def reconciled(outlook: Outlook) -> None:
    """Whatever is free now lapses at some time, never does, or repays; and every split adds up to that."""
    for wallet in outlook.standing:
        free = sum(
            each.points
            for each in outlook.slices
            if each.wallet == wallet.wallet and (each.lapses_at is None or each.lapses_at > NOW)
        )
        assert free + wallet.repays == wallet.available + wallet.pending
    for lapse in lapses(outlook, WORTH):
        for split in ("tier", "cohort", "campaign", "partner", "store"):
            parts = [part for part in lapse.parts if part.split == split]
            assert sum(part.points for part in parts) == lapse.whole.points
            if lapse.wallet in WORTH:
                assert sum(part.worth_minor or 0 for part in parts) == lapse.whole.worth_minor
                assert lapse.whole.worth_minor == lapse.whole.points * 7 // 100
            else:
                assert {part.worth_minor for part in parts} == {None}


async def test_forecast_and_liability_are_the_sums_of_what_each_ledger_says(database: Database) -> None:
    superuser = await asyncpg.connect(database.dsn())
    lived = lives(400, 13)
    await store(superuser, lived)
    ours = [life for owner, life in lived if owner[0] == ACME.tenant_id]
    await superuser.execute(SAY_TIERS, [life.ledger.member_id for life in ours], [tier_of(life) for life in ours])
    await superuser.execute(EXPLAIN, CAUSE, write_page([DECISION]))
    owing = [life for life in ours if due(life.ledger).activates_at and any(debt.amount for debt in life.ledger.debts)]
    assert owing, "some have debts that an activation repays"

    service = await asyncpg.connect(database.dsn("expiry"))
    outlook = await read_from_lots(service)
    assert await told(service) == outlook
    slices, standing = expected(ours)
    assert {(e.lapses_at, e.wallet, e.tier, e.cohort): e.points for e in outlook.slices} == slices
    assert {
        (each.wallet, name): getattr(each, name)
        for each in outlook.standing
        for name in ("available", "pending", "held", "repays", "overdue")
        if getattr(each, name)
    } == +standing
    reconciled(outlook)

    campaigns: Counter[tuple[str, str | None]] = Counter()
    for origin in outlook.origins:
        if origin.split == "campaign":
            campaigns[origin.wallet, origin.name] += origin.points
        else:
            assert origin.name == {"store": "12", "partner": "fuel"}[origin.split]
    assert set(campaigns) == {("points", "base"), ("points", "extra"), ("bonus", None)}
    assert 1.9 < campaigns["points", "extra"] / campaigns["points", "base"] < 2.1
    await compare_origins(superuser, service, outlook)

    for instant in sorted({each.lapses_at for each in outlook.slices if each.lapses_at is not None})[::17]:
        dry = {total.wallet: (total.lots, total.points) for total in totals(await preview(service, SCOPE, instant))}
        ours_by_then = [each for each in outlook.slices if each.lapses_at is not None and each.lapses_at <= instant]
        assert dry == {
            wallet: (
                sum(each.lots for each in ours_by_then if each.wallet == wallet),
                sum(each.points for each in ours_by_then if each.wallet == wallet),
            )
            for wallet in {each.wallet for each in ours_by_then}
        }
    await service.close()

    operator = await asyncpg.connect(database.dsn("operator"))
    await compare_breakage(operator, ours, outlook)
    spans = {life.ledger.member_id: chance_of(number) for number, life in enumerate(ours)}
    for keeps in ({}, spans):
        await superuser.execute(KEEPS, list(keeps), [stored(each) for each in keeps.values()])
        for days in (0, 20, 45, 70, 90, 130):
            for known in (None, 30, 60):
                await compare_liability(operator, ours, days, known, keeps)
    await operator.close()
    await superuser.close()


async def compare_origins(superuser: asyncpg.Connection, service: asyncpg.Connection, outlook: Outlook) -> None:
    """Where points come from is told alike by the decisions, by what is kept beside the lots, and by some of each."""
    assert await follow(service) > 2 * await follow(service), "only what was earned ahead of its time is taken anew"
    assert await add_kept(service, Origins(), SCOPE), "no decision need be read"
    assert await told(service) == outlook
    await superuser.execute(FORGOTTEN)
    assert not await add_kept(service, Origins(), SCOPE)
    assert await told(service) == outlook
    assert await follow(service) > 0
    assert await told(service) == outlook
    rows = await superuser.fetch(KEPT)
    assert rows
    assert not [row for row in rows if row["kept"] != row["open"]], "what has nothing left is forgotten"


async def test_sums_that_are_kept_follow_whatever_happens(database: Database) -> None:
    superuser = await asyncpg.connect(database.dsn())
    service = await asyncpg.connect(database.dsn("expiry"))
    await store(superuser, lives(120, 13))
    members = await superuser.fetch("SELECT member_id FROM ledger.member ORDER BY member_id")
    spans = [(row["member_id"], chance_of(number)) for number, row in enumerate(members)]
    keeps = [(member, stored(each)) for member, each in spans]
    spared = 0
    await follow(service)
    for change, values in ((SPENT, ()), (RISEN, ()), (KEEPS, tuple(zip(*keeps, strict=True))), (SPENT, ())):
        before = await told(service)
        await superuser.execute(change, *values)
        assert before != await told(service) == await read_from_lots(service)
        assert await follow(service) > 0
        assert await told(service) == await read_from_lots(service)
        spared = sum(each.spared for each in (await told(service)).slices)
    assert spared, "of some it is known that they are spared"
    for days in (20, 45, 90):
        later = NOW + timedelta(days=days)
        assert await told(service, later) == await read_from_lots(service, later)
        await follow(service, later)
        assert await told(service, later) == await read_from_lots(service, later)
    await service.close()
    await superuser.close()


async def follow(service: asyncpg.Connection, now: datetime = NOW) -> int:
    return await keep_origins(service, SCOPE, now, ZONE, asyncio.Event())


async def compare_breakage(operator: asyncpg.Connection, ours: list[Life], outlook: Outlook) -> None:
    """Of the lots whose date has come, so much lapsed and so much was redeemed, by their movements."""
    sums: Counter[tuple[str, str]] = Counter()
    for life in ours:
        for movement in life.journal:
            for part in movement.allocations:
                lot = life.ledger.lot(part.lot_seq)
                if lot is not None and lot.lapsed(NOW) and movement.to_account in _ENDS:
                    sums[lot.wallet, movement.to_account.value] += part.amount
    found = estimates(outlook, await load_ended(operator, SCOPE, NOW, ZONE))
    for each in found:
        assert (each.lapsed, each.redeemed) == (sums[each.wallet, "expired"], sums[each.wallet, "redeemed"])
        assert each.expected == each.open * each.lapsed // (each.lapsed + each.redeemed)
        assert 0 < each.expected < each.open
    assert [each.wallet for each in found] == ["bonus", "points"]


async def told(connection: asyncpg.Connection, at: datetime = NOW) -> Outlook:
    """The forecast, by whatever is kept."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await forecast(connection, SCOPE, at, ZONE)


async def read_from_lots(connection: asyncpg.Connection, at: datetime = NOW) -> Outlook:
    """The forecast, by the lots alone."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await forecast(connection, SCOPE, at, ZONE, behind=-1)


async def compare_liability(
    operator: asyncpg.Connection, ours: list[Life], days: int, known: int | None, keeps: Mapping[UUID, tuple[Span, ...]]
) -> None:
    began = datetime(2025, 1, 1, tzinfo=UTC)
    at = began + timedelta(days=days)
    known_at = None if known is None else began + timedelta(days=known)
    sums: Counter[tuple[str, str]] = Counter()
    for life in ours:
        member = life.ledger.member_id
        then = replace(as_of(member, life.journal, at, known_at), keeps=keeps.get(member, ()))
        for wallet, balance in balances(then, at).items():
            sums.update({(wallet, name): getattr(balance, name) for name in ("available", "pending", "held", "debt")})
    found = {
        (each.wallet, name): points
        for each in await liability(operator, SCOPE, at, known_at)
        for name, points in zip(each._fields[1:], each[1:], strict=True)
        if points
    }
    assert found == +sums, (days, known)
    assert days < 20 or known is not None or sums


async def test_the_service_keeps_a_forecast_and_shows_what_comes_next(database: Database) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await store(superuser, lives(60, 13))
    registry, clock = CollectorRegistry(), Clockwork(NOW)

    def next_points(wallet: str) -> float | None:
        about = {"tenant": "acme", "programme": "main", "wallet": wallet}
        return registry.get_sample_value("loyalty_expiry_next_points", about)

    settings = PostgresSettings(dsn=database.dsn("expiry"))
    async with postgres.opened(postgres.pool(settings, "expiry-test")) as pool, pool.acquire() as connection:
        hours = timedelta(hours=6)
        pace = ForecastPace(hours, timedelta(minutes=1))
        forecaster = Forecaster(pool, clock, pace, hours, ExpiryMetrics(registry), VersionReader())
        await forecaster.look(connection)
        first = await load_outlook(connection, SCOPE)
        assert first == await told(connection)
        for wallet in ("points", "bonus"):
            soonest = next(
                each for each in lapses(first, {}) if each.wallet == wallet and (each.lapses_at or NOW) > NOW
            )
            assert next_points(wallet) == soonest.whole.points > 0

        await superuser.execute("UPDATE ledger.lot SET remaining = held WHERE wallet = 'bonus'")
        await superuser.execute("UPDATE ledger.member SET seq = seq + 1")
        clock.instant += hours - timedelta(seconds=1)
        await forecaster.look(connection)
        assert await forecasts_made(connection, SCOPE, 9) == [NOW]
        clock.instant += timedelta(seconds=1)
        await forecaster.look(connection)
        assert await forecasts_made(connection, SCOPE, 9) == [clock.instant, NOW]
        assert (next_points("bonus"), next_points("points")) == (None, next_points("points"))
        assert await load_outlook(connection, SCOPE, clock.instant - timedelta(seconds=1)) == first
        await superuser.execute(SWEPT, clock.instant + timedelta(seconds=1))
        clock.instant += timedelta(seconds=2)
        await superuser.execute(AT_WORK)
        await forecaster.look(connection)
        assert (await forecasts_made(connection, SCOPE, 9))[0] < clock.instant, "while a sweep is at work it waits"
        await superuser.execute("DELETE FROM expiry.sweep WHERE state = 'running'")
        await forecaster.look(connection)
        assert (await forecasts_made(connection, SCOPE, 9))[0] == clock.instant
    await superuser.close()


@dataclass
class Clockwork:
    """Shows what it is set to."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant

    def at(self, _: datetime) -> datetime:
        return self.instant
