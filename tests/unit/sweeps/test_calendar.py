"""The boundaries of a programme: all periods of its wallets in one order, each instant once; texts and answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from libs.ledger.boundary import Period
from libs.sweeps.calendar import WalletPeriod, turns
from libs.sweeps.preview import Share, Total, totals
from libs.sweeps.texts import SWEEPS
from services.expiry.overseer import answer

ROME = "Europe/Rome"
PERIODS = (
    WalletPeriod(ROME, Period.MONTH, "stamps"),
    WalletPeriod(ROME, Period.QUARTER, "points"),
    WalletPeriod(ROME, Period.YEAR, "coins"),
    WalletPeriod("America/New_York", Period.QUARTER, "points"),
)
START = datetime(2024, 11, 15, tzinfo=UTC)


def test_periods_that_end_together_are_one_boundary_with_all_wallets() -> None:
    found = turns(PERIODS, START, START + timedelta(days=80))
    assert [(turn.boundary.instant.isoformat(), turn.wallets) for turn in found] == [
        ("2024-11-30T23:00:00+00:00", ("stamps",)),
        ("2024-12-31T23:00:00+00:00", ("coins", "points", "stamps")),
        ("2025-01-01T05:00:00+00:00", ("points",)),
        ("2025-01-31T23:00:00+00:00", ("stamps",)),
    ]


def test_the_first_instant_is_behind_and_the_last_is_counted() -> None:
    (first, second) = turns(PERIODS[:1], START, START + timedelta(days=60))
    assert turns(PERIODS[:1], first.boundary.instant, second.boundary.instant) == [second]
    assert turns(PERIODS[:1], first.boundary.instant - timedelta(microseconds=1), first.boundary.instant) == [first]
    assert turns((), START, START + timedelta(days=900)) == []


def test_shares_of_tiers_add_up() -> None:
    shares = [Share("gold", "points", 2, 5, 70), Share(None, "points", 1, 1, 3), Share(None, "coins", 1, 2, 4)]
    assert totals(shares) == [Total("coins", 1, 2, 4), Total("points", 3, 6, 73)]


def test_what_makes_no_sense_changes_nothing() -> None:
    assert answer("running", "pause", started=True) == "paused"
    assert answer("paused", "resume", started=False) == "announced"
    assert answer("paused", "resume", started=True) == "running"
    assert answer("finished", "cancel", started=True) == "finished"
    assert answer("announced", None, started=False) == "announced"


def test_every_text_is_there_in_every_language() -> None:
    assert SWEEPS.faults() == []
