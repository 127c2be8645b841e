"""The schema: migrations and the readable file make the same one, and every role has the rights listed here only."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from libs.runtime import sql
from libs.runtime.migrate import ROLES, MigrationError, migrate, migrations
from tests.support.database import Database
from tests.support.schemas import dump, empty_database

_SQL = sql.load("tests.integration", "rights.sql")
READABLE = Path(__file__).parents[2] / "deploy/schema/schema.sql"

RIGHTS = {
    "earning": {
        "USAGE": "earning earning.page ledger members platform stream vault",
        "SELECT": """
            ledger.journal ledger.lot_now members.exemption members.list_member
            platform.exchange_rate platform.programme platform.programme_version platform.source
            members.referral_code platform.tenant
            """,
        (
            "INSERT SELECT UPDATE(changed_at) UPDATE(changes) UPDATE(consented) UPDATE(converted_at) UPDATE(counted) "
            "UPDATE(reasons) UPDATE(state) UPDATE(word)"
        ): "earning.referral",
        "INSERT SELECT UPDATE(story)": "earning.referral_account",
        "INSERT SELECT UPDATE(rules) UPDATE(seen_at) UPDATE(switches)": "earning.worker",
        "INSERT SELECT UPDATE(until) UPDATE(version)": "earning.told_programme",
        "INSERT SELECT": """
            earning.decision_page earning.decision_page_rest earning.receipt_event
            earning.referral_change earning.unpaid_receipt ledger.allocation ledger.movement ledger.waiver members.mark
            members.member members.same_person members.tier_change platform.kill_switch stream.dead_letter stream.outbox
            """,
        "INSERT SELECT UPDATE(page)": "earning.inbox",
        "INSERT SELECT UPDATE(event_key) UPDATE(member_id) UPDATE(page) UPDATE(programme_id) UPDATE(story)": (
            "earning.receipt"
        ),
        "INSERT SELECT UPDATE": "stream.outbox_shard stream.position",
        "INSERT SELECT UPDATE(at) UPDATE(enrolled_at) UPDATE(member_id) UPDATE(open) UPDATE(place)": (
            "earning.occasion_clock"
        ),
        "INSERT SELECT UPDATE(present)": "vault.consent vault.profile",
        "INSERT SELECT UPDATE(sealed_key)": "vault.member_key",
        (
            "INSERT SELECT UPDATE(country) UPDATE(family_name) UPDATE(given_name) UPDATE(language) "
            "UPDATE(recorded_at) UPDATE(zone)"
        ): "vault.person",
        "DELETE INSERT SELECT UPDATE(address)": "vault.contact",
        "INSERT SELECT UPDATE(used)": "earning.counter",
        "INSERT SELECT UPDATE(told_at)": "earning.budget_reached members.segment_change",
        "INSERT SELECT UPDATE(held) UPDATE(now_active_from) UPDATE(now_expires_at) UPDATE(pending) UPDATE(remaining)": (
            "ledger.lot"
        ),
        "INSERT SELECT UPDATE(amount) UPDATE(since)": "ledger.debt",
        "DELETE INSERT SELECT UPDATE(cause)": "earning.referral_waiting",
        "DELETE INSERT SELECT": "earning.parked_receipt earning.unclaimed_receipt members.segment_member",
        "DELETE INSERT SELECT UPDATE(due_at) UPDATE(reason) UPDATE(urgent)": "members.segment_look",
        "INSERT SELECT UPDATE(after_member) UPDATE(done) UPDATE(programme_version) UPDATE(rules)": (
            "members.exemption_pass members.segment_pass"
        ),
        (
            "INSERT SELECT UPDATE(activates_at) UPDATE(keeps) UPDATE(lapses_at) UPDATE(merged) UPDATE(owing) "
            "UPDATE(seq) UPDATE(tier)"
        ): "ledger.member",
        "INSERT SELECT UPDATE(leads_to) UPDATE(returned) UPDATE(undone_at) UPDATE(undone_by)": "members.merge",
        "INSERT SELECT UPDATE(member_id) UPDATE(recorded_at)": "members.identifier",
        (
            "INSERT SELECT UPDATE(changes) UPDATE(due_at) UPDATE(given) UPDATE(level) UPDATE(seen_on) UPDATE(since) "
            "UPDATE(until) UPDATE(warned)"
        ): "members.tier_standing",
        "DELETE INSERT SELECT UPDATE(parts) UPDATE(points) UPDATE(spend_minor) UPDATE(visits)": "earning.member_day",
    },
    "expiry": {
        "USAGE": "earning expiry ledger members platform stream",
        "SELECT": """
            earning.decision_page earning.inbox
            members.segment_member
            ledger.debt ledger.lot_now members.exemption_pass platform.exchange_rate platform.programme
            platform.programme_version platform.source platform.tenant
            """,
        "INSERT SELECT": """
            expiry.boundary expiry.forecast ledger.allocation ledger.movement ledger.waiver stream.outbox
            """,
        "INSERT SELECT UPDATE": "stream.outbox_shard",
        "SELECT UPDATE(now_expires_at) UPDATE(remaining)": "ledger.lot",
        "SELECT UPDATE(lapses_at) UPDATE(seq)": "ledger.member",
        (
            "INSERT SELECT UPDATE(approved_at) UPDATE(approved_by) UPDATE(asked) UPDATE(asked_by) UPDATE(ended_at) "
            "UPDATE(lapsed) UPDATE(members) UPDATE(spared) UPDATE(started_at) UPDATE(state) UPDATE(told_at) "
            "UPDATE(waived)"
        ): "expiry.sweep",
        "SELECT UPDATE(state)": "expiry.reinstatement",
        "SELECT UPDATE(sent)": "expiry.reinstatement_share",
        (
            "INSERT SELECT UPDATE(after) UPDATE(done) UPDATE(epoch) UPDATE(finished) UPDATE(holder) "
            "UPDATE(lease_until) UPDATE(left_alone) UPDATE(members)"
        ): "expiry.chunk",
        "INSERT SELECT UPDATE(ended_at) UPDATE(state)": "expiry.reminder",
        "INSERT SELECT UPDATE(epoch) UPDATE(finished) UPDATE(holder) UPDATE(lease_until) UPDATE(told)": (
            "expiry.reminder_chunk"
        ),
    },
    "gateway": {
        "USAGE": "earning expiry gateway ledger members notifier platform redemption stream vault",
        "SELECT": """
            earning.budget_reached earning.counter earning.decision_page earning.inbox earning.member_day
            earning.parked_receipt
            earning.receipt
            earning.receipt_event earning.referral earning.referral_change earning.unclaimed_receipt
            earning.unpaid_receipt expiry.chunk expiry.forecast expiry.reminder expiry.reminder_chunk
            ledger.allocation ledger.debt ledger.journal ledger.lot ledger.lot_now ledger.movement ledger.waiver
            members.identifier members.member members.merge members.segment_change members.segment_member
            members.tier_change members.tier_standing
            platform.programme platform.source platform.tenant
            notifier.captured notifier.delivery notifier.sms_day
            redemption.code redemption.code_miss redemption.code_pool redemption.code_use
            redemption.gift_card redemption.gift_card_entry
            redemption.redemption stream.outbox_shard stream.position vault.profile
            """,
        "INSERT SELECT": """
            expiry.reinstatement_share members.referral_code notifier.feedback notifier.media notifier.template
            platform.exchange_rate platform.programme_version
            """,
        "INSERT SELECT UPDATE(decided_at) UPDATE(decided_by) UPDATE(state)": "expiry.reinstatement",
        "INSERT SELECT UPDATE(ended_at) UPDATE(ended_by)": "members.exemption",
        "SELECT UPDATE(keeps)": "ledger.member",
        "INSERT SELECT UPDATE(on_at) UPDATE(on_by) UPDATE(on_note)": "platform.kill_switch",
        "SELECT(reason) SELECT(recorded_at) SELECT(tenant_id) SELECT(topic)": "stream.dead_letter",
        "SELECT UPDATE(asked) UPDATE(asked_by)": "expiry.sweep",
        "SELECT UPDATE(last_used_at)": "gateway.api_key",
        "SELECT UPDATE(read_at)": "notifier.inbox",
        (
            "DELETE INSERT SELECT UPDATE(description) UPDATE(event_types) UPDATE(old_secret) UPDATE(old_until) "
            "UPDATE(paused_until) UPDATE(secret) UPDATE(state) UPDATE(state_at) UPDATE(style) UPDATE(url)"
        ): "notifier.webhook_endpoint",
        "DELETE INSERT SELECT UPDATE(due_at) UPDATE(ended_at) UPDATE(failed) UPDATE(state)": (
            "notifier.webhook_message"
        ),
        "DELETE SELECT": "notifier.webhook_attempt",
        "DELETE INSERT SELECT UPDATE(kind) UPDATE(set_at) UPDATE(set_by) UPDATE(settings) UPDATE(version)": (
            "notifier.provider"
        ),
        "INSERT SELECT UPDATE(present)": "vault.consent",
        "INSERT SELECT UPDATE(sealed_key)": "vault.member_key",
        (
            "INSERT SELECT UPDATE(country) UPDATE(family_name) UPDATE(given_name) UPDATE(language) "
            "UPDATE(recorded_at) UPDATE(zone)"
        ): "vault.person",
        "DELETE INSERT SELECT UPDATE(address) UPDATE(alive) UPDATE(changed_at) UPDATE(reason)": "vault.contact",
        (
            "DELETE INSERT SELECT UPDATE(attempt) UPDATE(body) UPDATE(fingerprint) UPDATE(location) UPDATE(started_at) "
            "UPDATE(status)"
        ): "gateway.idempotency",
        "DELETE INSERT SELECT": "gateway.backtest_part gateway.file_reject members.list_member",
        (
            "DELETE INSERT SELECT UPDATE(done) UPDATE(ended_at) UPDATE(epoch) UPDATE(failure) UPDATE(items) "
            "UPDATE(lease_until) UPDATE(stage) UPDATE(state) UPDATE(summary) UPDATE(total)"
        ): "gateway.backtest",
        "INSERT SELECT UPDATE(due_at) UPDATE(reason) UPDATE(urgent)": "members.segment_look",
        (
            "DELETE INSERT SELECT UPDATE(began_at) UPDATE(began_bytes) UPDATE(began_read) UPDATE(bytes_read) "
            "UPDATE(ended_at) UPDATE(epoch) UPDATE(failure) UPDATE(lease_until) UPDATE(line) UPDATE(moved_at) "
            "UPDATE(place) UPDATE(published) UPDATE(read) UPDATE(rejected) UPDATE(state)"
        ): "gateway.file",
    },
    "redemption": {
        "USAGE": "earning ledger platform redemption stream",
        "SELECT": """
            ledger.lot_now platform.exchange_rate platform.programme platform.programme_version platform.source
            platform.tenant
            """,
        "INSERT": "ledger.allocation ledger.movement ledger.waiver",
        "INSERT SELECT": "redemption.gift_card_entry stream.outbox",
        "INSERT SELECT UPDATE": "stream.outbox_shard",
        "INSERT SELECT UPDATE(amount) UPDATE(since)": "ledger.debt",
        "INSERT SELECT UPDATE(held) UPDATE(now_active_from) UPDATE(now_expires_at) UPDATE(pending) UPDATE(remaining)": (
            "ledger.lot"
        ),
        "SELECT UPDATE(activates_at) UPDATE(lapses_at) UPDATE(owing) UPDATE(seq)": "ledger.member",
        "DELETE INSERT SELECT UPDATE(parts) UPDATE(points) UPDATE(spend_minor) UPDATE(visits)": "earning.member_day",
        (
            "INSERT SELECT UPDATE(changed_at) UPDATE(counted_on) UPDATE(extended) UPDATE(hold_until) UPDATE(points) "
            "UPDATE(restored) UPDATE(shares) UPDATE(state)"
        ): "redemption.redemption",
        "DELETE INSERT SELECT UPDATE(answer)": "redemption.request",
        (
            "INSERT SELECT UPDATE(changed_at) UPDATE(codes) UPDATE(exhausted_at) UPDATE(last_number) UPDATE(paused) "
            "UPDATE(revision) UPDATE(rules)"
        ): "redemption.code_pool",
        (
            "INSERT SELECT UPDATE(assigned_at) UPDATE(expires_at) UPDATE(issue) UPDATE(member_id) UPDATE(published_at) "
            "UPDATE(redeemed_at) UPDATE(state) UPDATE(uses) UPDATE(voided_at)"
        ): "redemption.code",
        "INSERT SELECT UPDATE(returned_at)": "redemption.code_use",
        (
            "INSERT SELECT UPDATE(balance_minor) UPDATE(changed_at) UPDATE(expires_at) UPDATE(last_load_at) "
            "UPDATE(member_id) UPDATE(seq) UPDATE(state)"
        ): "redemption.gift_card",
        "DELETE INSERT SELECT UPDATE(misses)": "redemption.code_miss",
    },
    "operator": {
        "USAGE": "earning expiry gateway ledger members notifier platform redemption stream vault",
        "SELECT": """
            earning.budget_reached earning.counter earning.decision_page earning.decision_page_rest earning.inbox
            earning.occasion_clock
            earning.parked_receipt
            earning.receipt earning.receipt_event earning.referral earning.referral_account earning.referral_change
            earning.referral_waiting earning.told_programme earning.unclaimed_receipt
            earning.unpaid_receipt earning.worker expiry.boundary expiry.chunk expiry.forecast
            expiry.reminder
            expiry.reminder_chunk
            ledger.allocation ledger.journal ledger.lot_now ledger.movement ledger.waiver
            members.exemption_pass members.identifier members.mark members.member members.merge
            members.referral_code members.same_person
            members.segment_change members.segment_member members.tier_change members.tier_standing
            notifier.captured notifier.delivery notifier.sms_day
            redemption.code_miss redemption.code_use redemption.gift_card redemption.gift_card_entry
            redemption.redemption redemption.request stream.outbox stream.outbox_rest stream.outbox_shard vault.profile
            """,
        "INSERT SELECT UPDATE": """
            gateway.api_key platform.exchange_rate platform.programme platform.programme_version platform.tenant
            """,
        "DELETE INSERT SELECT UPDATE": "platform.source",
        (
            "DELETE INSERT SELECT UPDATE(description) UPDATE(event_types) UPDATE(old_secret) UPDATE(old_until) "
            "UPDATE(paused_until) UPDATE(secret) UPDATE(state) UPDATE(state_at) UPDATE(style) UPDATE(url)"
        ): "notifier.webhook_endpoint",
        "DELETE INSERT SELECT UPDATE(due_at) UPDATE(ended_at) UPDATE(failed) UPDATE(state)": (
            "notifier.webhook_message"
        ),
        "DELETE SELECT": "notifier.webhook_attempt",
        "DELETE INSERT SELECT UPDATE(kind) UPDATE(set_at) UPDATE(set_by) UPDATE(settings) UPDATE(version)": (
            "notifier.provider"
        ),
        "INSERT SELECT": "expiry.reinstatement_share notifier.media notifier.template redemption.code",
        (
            "INSERT SELECT UPDATE(changed_at) UPDATE(codes) UPDATE(exhausted_at) UPDATE(last_number) UPDATE(paused) "
            "UPDATE(revision) UPDATE(rules)"
        ): "redemption.code_pool",
        "INSERT SELECT UPDATE(decided_at) UPDATE(decided_by) UPDATE(state)": "expiry.reinstatement",
        "INSERT SELECT UPDATE(on_at) UPDATE(on_by) UPDATE(on_note)": "platform.kill_switch",
        "DELETE INSERT SELECT": "earning.member_day ledger.debt members.list_member",
        "INSERT SELECT UPDATE(due_at) UPDATE(reason) UPDATE(urgent)": "members.segment_look",
        "SELECT UPDATE(rules)": "members.segment_pass",
        "SELECT UPDATE(asked) UPDATE(asked_by)": "expiry.sweep",
        "SELECT UPDATE(held) UPDATE(now_active_from) UPDATE(now_expires_at) UPDATE(pending) UPDATE(remaining)": (
            "ledger.lot"
        ),
        "INSERT SELECT UPDATE(ended_at) UPDATE(ended_by)": "members.exemption",
        "SELECT UPDATE(activates_at) UPDATE(keeps) UPDATE(lapses_at) UPDATE(owing) UPDATE(seq)": "ledger.member",
        "SELECT UPDATE(replayed_at)": "stream.dead_letter",
        "INSERT SELECT UPDATE(present)": "vault.consent",
        "INSERT SELECT UPDATE(destroyed_at) UPDATE(sealed_key)": "vault.member_key",
        (
            "DELETE INSERT SELECT UPDATE(country) UPDATE(family_name) UPDATE(given_name) UPDATE(language) "
            "UPDATE(recorded_at) UPDATE(zone)"
        ): "vault.person",
        "DELETE INSERT SELECT UPDATE(address) UPDATE(alive) UPDATE(changed_at) UPDATE(reason)": "vault.contact",
        "SELECT UPDATE(bad_streak) UPDATE(halt_reason) UPDATE(halted_at) UPDATE(recent_bad) UPDATE(recent_seen)": (
            "stream.position"
        ),
    },
    "notifier": {
        "SELECT UPDATE(paused_until) UPDATE(state) UPDATE(state_at)": "notifier.webhook_endpoint",
        (
            "DELETE INSERT SELECT UPDATE(attempts) UPDATE(due_at) UPDATE(ended_at) UPDATE(epoch) UPDATE(failed) "
            "UPDATE(lease_until) UPDATE(state)"
        ): "notifier.webhook_message",
        "INSERT SELECT UPDATE(refused) UPDATE(segments)": "notifier.sms_day",
        "USAGE": "ledger members notifier platform stream vault",
        "SELECT": """
            ledger.debt ledger.lot ledger.lot_now ledger.member members.tier_standing
            notifier.provider notifier.template
            platform.exchange_rate platform.programme platform.programme_version platform.source platform.tenant
            vault.person
            """,
        "INSERT SELECT UPDATE(present)": "vault.consent",
        "INSERT SELECT UPDATE(sealed_key)": "vault.member_key",
        "SELECT UPDATE(alive) UPDATE(changed_at) UPDATE(reached_at) UPDATE(reason)": "vault.contact",
        "DELETE INSERT SELECT": "notifier.captured notifier.inbox notifier.webhook_attempt",
        "INSERT SELECT": "stream.dead_letter stream.outbox",
        "INSERT SELECT UPDATE": "stream.outbox_shard",
        "SELECT UPDATE(applied_at)": "notifier.feedback",
        (
            "INSERT SELECT UPDATE(attempts) UPDATE(clicked_at) UPDATE(delivered_at) UPDATE(detail) UPDATE(digest) "
            "UPDATE(due_at) UPDATE(ended_at) UPDATE(epoch) UPDATE(follow_at) UPDATE(handed_at) UPDATE(holder) "
            "UPDATE(language) UPDATE(lapses) UPDATE(lease_until) UPDATE(opened_at) UPDATE(provider_id) UPDATE(reason) "
            "UPDATE(state) UPDATE(trail)"
        ): "notifier.delivery",
    },
}


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database.dsn())
    yield opened
    await opened.close()


async def test_migrations_and_the_readable_schema_are_one(
    postgres_server: EmbeddedPostgres, database_template: str
) -> None:
    migrated = await empty_database(postgres_server, "pointstream_migrated")
    await migrate(migrated)
    read = await empty_database(postgres_server, "pointstream_readable")
    connection = await asyncpg.connect(read)
    await connection.execute("SET ROLE pointstream_owner")
    await connection.execute(READABLE.read_text(encoding="utf-8"))
    await connection.close()
    ours, theirs = await dump(migrated), await dump(read)
    assert any("; Type: POLICY;" in line for line in ours)
    assert any("ATTACH PARTITION" in line for line in ours)
    difference = "\n".join(difflib.unified_diff(ours, theirs, "migrations", "schema.sql", lineterm="", n=4))
    assert not difference, f"\n{difference}"


async def test_a_difference_would_be_seen(postgres_server: EmbeddedPostgres, database: Database) -> None:
    before = await dump(database.dsn())
    connection = await asyncpg.connect(database.dsn())
    for change in (
        "GRANT DELETE ON ledger.lot TO pointstream_gateway",
        "ALTER TABLE ledger.lot NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE earning.decision_page_rest ALTER COLUMN body SET STORAGE MAIN",
        "ALTER FUNCTION platform.current_tenant() VOLATILE",
    ):
        await connection.execute(change)
        after = await dump(database.dsn())
        assert after != before, change
        before = after
    await connection.close()


async def test_migrating_again_does_nothing(database: Database) -> None:
    before = await dump(database.dsn())
    assert await asyncio.gather(*(migrate(database.dsn()) for _ in range(3))) == [[], [], []]
    assert await dump(database.dsn()) == before


async def test_a_dry_run_applies_nothing(postgres_server: EmbeddedPostgres, database_template: str) -> None:
    dsn = await empty_database(postgres_server, "pointstream_dry")
    before = await dump(dsn)
    assert await migrate(dsn, dry_run=True) == [migration.name for migration in migrations()]
    assert await dump(dsn) == before
    assert await migrate(dsn) == [migration.name for migration in migrations()]


async def test_a_changed_file_is_refused(database: Database, connection: asyncpg.Connection) -> None:
    first = migrations()[0].name
    await connection.execute("UPDATE public.migration SET checksum = 'other' WHERE name = $1", first)
    with pytest.raises(MigrationError, match=f"{first} was changed"):
        await migrate(database.dsn())


async def test_a_newer_database_is_refused(database: Database, connection: asyncpg.Connection) -> None:
    await connection.execute("INSERT INTO public.migration (name, checksum) VALUES ('9999_tomorrow', '')")
    with pytest.raises(MigrationError, match="newer than this code: it has 9999_tomorrow"):
        await migrate(database.dsn(), dry_run=True)


async def test_every_table_with_a_tenant_forces_row_level_security(connection: asyncpg.Connection) -> None:
    assert [row[0] for row in await connection.fetch(_SQL["unprotected"])] == []


async def test_few_tables_have_no_tenant(connection: asyncpg.Connection) -> None:
    """The plumbing knows no tenants; whatever else comes without one was thought about, and stands here."""
    assert [row[0] for row in await connection.fetch(_SQL["without_tenant"])] == [
        "earning.worker", "stream.outbox", "stream.outbox_rest", "stream.outbox_shard", "stream.position",
    ]  # fmt: skip


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
async def test_a_role_has_these_rights_only(connection: asyncpg.Connection, role: str) -> None:
    granted = await connection.fetch(_SQL["granted"], f"pointstream_{role}")
    assert {row["rights"]: row["objects"].split() for row in granted} == {
        rights: sorted(objects.split()) for rights, objects in RIGHTS[role].items()
    }


async def test_no_role_has_powers_over_the_server(connection: asyncpg.Connection) -> None:
    assert await connection.fetch(_SQL["powers"]) == []
