"""`pointstream verify`: clean on a sound database, and each invariant is seen to fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import NamedTuple

import asyncpg
import psutil
import pytest
from typer.testing import CliRunner

from cli.exits import Exit
from cli.main import app
from cli.verify import INVARIANTS, check, examine
from libs.ledger.invariants import INVARIANTS as PURE
from libs.runtime import sql
from tests.support.database import Database

SOUND = sql.load("tests.support", "sound.sql")
TAMPER = sql.load("tests.support", "tamper.sql")


class Case(NamedTuple):
    """A change that only a superuser could make, and the invariants that must report it."""

    tamper: str
    reports: set[str]


CASES = [
    Case("movement_of_an_illegal_pair", {"movements-balance"}),
    Case("allocation_missing", {"movements-balance", "lots-add-up"}),
    Case("allocation_of_no_lot", {"movements-balance", "lots-add-up"}),
    Case("allocation_of_no_movement", {"movements-balance", "lots-add-up"}),
    Case("allocation_of_another_wallet", {"movements-balance", "accounts-equal-lots", "conservation"}),
    Case("points_from_nowhere", {"conservation", "accounts-equal-lots", "lots-add-up"}),
    Case("points_of_another_member", {"accounts-equal-lots", "lots-add-up"}),
    Case("points_of_another_lot", {"lots-add-up"}),
    Case("held_of_another_lot", {"ledger-is-fold"}),
    Case("held_without_a_hold", {"ledger-is-fold", "accounts-equal-lots"}),
    Case("left_below_zero", {"lots-in-bounds", "no-negative-account"}),
    Case("more_left_than_amount", {"lots-in-bounds", "conservation", "accounts-equal-lots", "lots-add-up"}),
    Case("repaid_without_debt", {"no-negative-account", "ledger-is-fold"}),
    Case("pending_after_it_was_activated", {"ledger-is-fold", "accounts-equal-lots"}),
    Case("date_moved_by_nothing", {"ledger-is-fold"}),
    Case("activated_by_nothing", {"ledger-is-fold"}),
    Case("debt_forgotten", {"ledger-is-fold"}),
    Case("debt_of_another_time", {"ledger-is-fold"}),
    Case("loan_of_other_terms", {"ledger-is-fold"}),
    Case("loan_that_is_owed_already", {"ledger-is-fold"}),
    Case("loan_without_terms", {"movements-balance", "ledger-is-fold"}),
    Case("terms_of_no_loan", {"movements-balance", "ledger-is-fold"}),
    Case("loan_that_never_falls_due", {"ledger-is-fold"}),
    Case("loan_of_other_points", {"redemptions-have-points"}),
    Case("head_that_does_not_owe", {"ledger-is-fold"}),
    Case("head_that_will_never_lapse", {"ledger-is-fold"}),
    Case("head_that_waits_for_nothing", {"ledger-is-fold"}),
    Case("adjusted_and_pending", {"movements-balance", "ledger-is-fold", "accounts-equal-lots"}),
    Case("credited_twice", {"one-credit-per-event", "effects-have-events"}),
    Case("credited_to_two_members", {"one-credit-per-event", "effects-have-events"}),
    Case("credited_without_event", {"one-credit-per-event"}),
    Case("accepted_and_lost", {"accepted-once"}),
    Case("accepted_in_two_places", {"accepted-once"}),
    Case("decision_lost", {"accepted-once"}),
    Case("outbox_row_lost", {"outbox-in-order"}),
    Case("outbox_end_lost", {"outbox-in-order"}),
    Case("outbox_start_lost", {"outbox-in-order"}),
    Case("event_never_made", {"effects-have-events"}),
    Case("sweep_told_of_nothing", {"sweeps-have-events"}),
    Case("head_behind", {"sequence-has-no-gap"}),
    Case("movement_lost", {"sequence-has-no-gap", "accounts-equal-lots", "ledger-is-fold", "redemptions-have-points"}),
    Case("restored_twice", {"corrections-in-bounds"}),
    Case("position_behind_dead_letter", {"positions-hold-effects"}),
    Case("shard_of_another_claim", {"positions-hold-effects"}),
    Case("card_of_another_tenant", {"tenants-disjoint"}),
    Case("member_without_ledger", {"tenants-disjoint"}),
    Case("event_of_two_tenants", {"tenants-disjoint"}),
    Case("table_without_guard", {"tenants-disjoint"}),
    Case("day_made_up", {"history-is-fold"}),
    Case("redemption_of_other_points", {"redemptions-have-points", "games-add-up"}),
    Case("redemption_never_told", {"redemptions-have-points"}),
    Case("trade_without_points", {"redemptions-have-points"}),
    Case("code_used_more_often_than_told", {"codes-have-uses"}),
    Case("use_of_a_code_lost", {"codes-have-uses"}),
    Case("card_with_more_than_was_put_on_it", {"gift-cards-add-up"}),
    Case("card_entry_lost", {"gift-cards-add-up"}),
    Case("card_paid_from_nowhere", {"gift-cards-add-up"}),
    Case("cart_bought_and_let_go", {"carts-keep-their-word"}),
    Case("cart_that_nobody_speaks_of", {"carts-keep-their-word"}),
    Case("cart_of_another_member", {"carts-keep-their-word"}),
    Case("cart_returned_with_more_than_was_bought", {"carts-keep-their-word"}),
    Case("cart_given_up_with_its_code", {"carts-keep-their-word"}),
    Case("cart_held_without_its_code", {"carts-keep-their-word"}),
    Case("cart_given_up_with_its_points", {"carts-keep-their-word"}),
    Case("ticket_lost", {"games-add-up"}),
    Case("prize_won_once_more", {"games-add-up"}),
    Case("spin_lost", {"games-add-up"}),
    Case("prize_drawn_twice", {"games-add-up"}),
    Case("bid_that_is_not_held", {"games-add-up"}),
    Case("part_of_a_household_lost", {"households-share", "redemptions-have-points"}),
    Case("more_of_another_than_was_redeemed", {"households-share"}),
    Case("spent_before_joining", {"households-share"}),
    Case("dissolved_and_not_left", {"households-share"}),
]


@pytest.fixture
async def superuser(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection that foreign keys and checks do not hold back, to a database with a small and sound history."""
    connection = await asyncpg.connect(database.dsn())
    await connection.execute(SOUND["unguarded"])
    await connection.execute(SOUND["history"])
    yield connection
    await connection.close()


async def test_sound_history_is_clean(database: Database, superuser: asyncpg.Connection) -> None:
    results = await check(database.dsn("operator"))
    assert [(result.name, result.samples) for result in results if result.violations] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.tamper)
async def test_invariant_can_fail(database: Database, superuser: asyncpg.Connection, case: Case) -> None:
    assert await superuser.execute(TAMPER[case.tamper]) not in ("UPDATE 0", "DELETE 0", "INSERT 0 0")
    results = await check(database.dsn("operator"))
    assert {result.name for result in results if result.violations} == case.reports
    assert all(result.samples for result in results if result.violations)


def test_every_invariant_is_seen_to_fail() -> None:
    assert {name for case in CASES for name in case.reports} == {invariant.name for invariant in INVARIANTS}


def test_every_pure_invariant_has_its_twin() -> None:
    assert set(PURE) <= {invariant.name for invariant in INVARIANTS}


async def test_published_rows_may_be_dropped(database: Database, superuser: asyncpg.Connection) -> None:
    await superuser.execute(TAMPER["published_rows_dropped"])
    assert not any(result.violations for result in await check(database.dsn("operator")))


async def test_counts_all_and_shows_five(database: Database, superuser: asyncpg.Connection) -> None:
    await superuser.execute(TAMPER["many_cards_of_another_tenant"])
    found = {result.name: result for result in await check(database.dsn("operator"))}["tenants-disjoint"]
    assert found.violations == 7
    assert len(found.samples) == 5


async def test_command_tells_clean_from_violated(database: Database, superuser: asyncpg.Connection) -> None:
    clean = await asyncio.to_thread(CliRunner().invoke, app, ["verify", "--dsn", database.dsn("operator"), "--json"])
    assert clean.exit_code == Exit.OK
    told = json.loads(clean.stdout)
    assert told["violations"] == 0
    assert [entry["violations"] for entry in told["invariants"]] == [0] * len(INVARIANTS)
    await superuser.execute(TAMPER["head_behind"])
    violated = await asyncio.to_thread(CliRunner().invoke, app, ["verify", "--dsn", database.dsn("operator")])
    assert violated.exit_code == Exit.VIOLATIONS
    assert "sequence-has-no-gap" in violated.stdout
    nowhere = await asyncio.to_thread(CliRunner().invoke, app, ["verify", "--dsn", "postgresql://x@127.0.0.1:1/x"])
    assert nowhere.exit_code == Exit.UNAVAILABLE


@pytest.mark.slow
async def test_two_hundred_thousand_postings_take_less_than_three_seconds(
    database: Database, superuser: asyncpg.Connection
) -> None:
    """Three seconds of one processor's time, which a busy machine does not stretch."""
    await superuser.execute(SOUND["many"])
    await superuser.execute(SOUND["analyze"])
    alone = {"max_parallel_workers_per_gather": "0"}
    connection = await asyncpg.connect(database.dsn("operator"), server_settings=alone)
    backend = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()"))
    before = backend.cpu_times()
    results = await examine(connection)
    after = backend.cpu_times()
    await connection.close()
    assert not any(result.violations for result in results)
    assert after.user + after.system - before.user - before.system < 3
