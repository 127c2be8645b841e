"""`pointstream verify`: every invariant that must hold of the stored data, checked over the whole database.

All checks of a run see one snapshot, so they may run beside workers. They read as the operator, who sees every tenant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import asyncpg
import typer

from cli import screen
from cli.exits import Exit
from cli.failures import explained, fail, running
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from libs.gift_cards import model as gift_cards
from libs.history import postgres as history
from libs.ledger.model import LEGAL, LOT_ACCOUNTS
from libs.runtime import sql
from libs.runtime.clock import monotonic

_LEDGER = sql.load("libs.ledger", "invariants.sql")
_STREAM = sql.load("libs.runtime", "invariants.sql")
_BETWEEN = sql.load("cli", "verify.sql")
_VALUES = sql.load("cli", "values.sql")
_GAMES = sql.load("cli", "games.sql")
_HOUSEHOLDS = sql.load("cli", "households.sql")
_NO_PAGE = 4095
"""How the page of an inbox entry ends (modulo 4,096) that has no decision, as earning writes it."""
_CARD_TRIPLES = [(kind, *pair) for kind, pairs in gift_cards.LEGAL.items() for pair in sorted(pairs)]
_TRIPLES = [(kind.value, *pair) for kind, pairs in LEGAL.items() for pair in sorted(pairs)]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one invariant: how often it is violated, and the keys of up to five places."""

    id: str
    name: str
    meaning: str
    violations: int
    samples: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Invariant:
    id: str
    name: str
    meaning: str
    query: str
    arguments: tuple[object, ...] = ()


_HISTORY = _Invariant("I12", "history-is-fold", "the days of members are what stands of their receipts", "")

INVARIANTS: tuple[_Invariant, ...] = (
    _Invariant(
        "I1",
        "movements-balance",
        "movements go where their kind may go, and their allocations add up to them",
        _LEDGER["movements_balance"],
        (*(list(column) for column in zip(*_TRIPLES, strict=True)), sorted(LOT_ACCOUNTS)),
    ),
    _Invariant("I1", "conservation", "points issued are in lots or gone, per wallet", _LEDGER["conservation"]),
    _Invariant("I2", "accounts-equal-lots", "members' accounts equal their lots", _LEDGER["accounts_equal_lots"]),
    _Invariant("I2", "ledger-is-fold", "what lots hold is what movements put there", _LEDGER["ledger_is_fold"]),
    _Invariant("I3", "no-negative-account", "no account of a member is negative", _LEDGER["no_negative_account"]),
    _Invariant(
        "I4", "one-credit-per-event", "an event is credited once", _BETWEEN["one_credit_per_event"], (_NO_PAGE,)
    ),
    _Invariant(
        "I5", "accepted-once", "an accepted receipt is in exactly one place", _BETWEEN["accepted_once"], (_NO_PAGE,)
    ),
    _Invariant("I6", "outbox-in-order", "the outbox has no gap", _STREAM["outbox_in_order"]),
    _Invariant(
        "I6",
        "effects-have-events",
        "every effect has its event",
        _BETWEEN["effects_have_events"],
        (_NO_PAGE,),
    ),
    _Invariant("I6", "sweeps-have-events", "every expiry of a sweep has its event", _BETWEEN["sweeps_have_events"]),
    _Invariant(
        "I6", "sequence-has-no-gap", "members' movements are numbered without a gap", _LEDGER["sequence_has_no_gap"]
    ),
    _Invariant("I7", "lots-in-bounds", "0 ≤ held ≤ left ≤ amount, in every lot", _LEDGER["lots_in_bounds"]),
    _Invariant("I7", "lots-add-up", "what left a lot and what is left make its amount", _LEDGER["lots_add_up"]),
    _Invariant(
        "I8", "corrections-in-bounds", "never more is taken back than there was", _LEDGER["corrections_in_bounds"]
    ),
    _Invariant(
        "I10", "positions-hold-effects", "no effect lies beyond its position", _STREAM["positions_hold_effects"]
    ),
    _Invariant("I11", "tenants-disjoint", "no row reaches into another tenant", _BETWEEN["tenants_disjoint"]),
    _HISTORY,
    _Invariant(
        "I13",
        "redemptions-have-points",
        "redemptions hold and have spent what their movements say, and each is told",
        _BETWEEN["redemptions_have_points"],
    ),
    _Invariant(
        "I14",
        "gift-cards-add-up",
        "cards have what their entries put on them, and money that left one came to another or is gone",
        _VALUES["gift_cards_add_up"],
        tuple(list(column) for column in zip(*_CARD_TRIPLES, strict=True)),
    ),
    _Invariant(
        "I15", "codes-have-uses", "codes are used as often as their redemptions say", _VALUES["codes_have_uses"]
    ),
    _Invariant(
        "I15",
        "carts-keep-their-word",
        "carts are bought or given up once, with all that was set aside for them",
        _VALUES["carts_keep_their_word"],
    ),
    _Invariant(
        "I16",
        "games-add-up",
        "tickets and spins have their numbers, prizes are won as often as there are, and what was paid was redeemed",
        _GAMES["games_add_up"],
    ),
    _Invariant(
        "I17",
        "households-share",
        "what members spent of each other's lots is what their redemptions say, while they belonged together",
        _HOUSEHOLDS["households_share"],
    ),
)
"""Every check, in the order of its id; I9 comes with the hash chain."""


async def check(dsn: str, seen: Callable[[Result], None] = lambda _: None) -> list[Result]:
    """Check every invariant of the database behind `dsn`, a connection URL of the operator or a superuser.

    `seen` is called after each. All are checked in one snapshot.

    Raises:
        asyncpg.PostgresError, OSError: the database can't be reached or read.
    """
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "pointstream-verify"})
    try:
        return await examine(connection, seen)
    finally:
        await connection.close()


async def examine(connection: asyncpg.Connection, seen: Callable[[Result], None] = lambda _: None) -> list[Result]:
    """Do what `check` does on a connection that is in no transaction."""
    results = []
    async with history.tables(connection), connection.transaction(isolation="repeatable_read"):
        await connection.execute(_BETWEEN["settings"])
        for invariant in INVARIANTS:
            began = monotonic()
            if invariant is _HISTORY:
                rows = await history.differing(connection)
            else:
                rows = await connection.fetch(invariant.query, *invariant.arguments)
            result = Result(
                invariant.id,
                invariant.name,
                invariant.meaning,
                rows[0]["violations"] if rows else 0,
                tuple(row["key"] for row in rows),
                round(monotonic() - began, 4),
            )
            results.append(result)
            seen(result)
    return results


def verify(
    data: DataOption = DEFAULT_DATA,
    dsn: Annotated[
        str | None,
        typer.Option(metavar="DSN", help="Check this database instead, as its operator (default: that of --data)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every invariant of the ledger, the inbox and the outbox; safe beside running workers.

    Ends with 0 when all hold, with 6 when one is violated.
    """
    with explained(as_json=as_json):
        dsn = dsn or running(data, as_json=as_json).postgres
        try:
            results = _checked(dsn)
        except (asyncpg.PostgresError, OSError) as error:
            fail(Exit.UNAVAILABLE, f"the database can't be checked: {error}", as_json=as_json)
    violations = sum(result.violations for result in results)
    if as_json:
        screen.write_json({"violations": violations, "invariants": [_described(result) for result in results]})
    else:
        _write(results, violations)
    if violations:
        raise typer.Exit(Exit.VIOLATIONS)


def _checked(dsn: str) -> list[Result]:
    with screen.reporting() as report, report.step("Verify") as step:
        done: list[Result] = []

        def seen(result: Result) -> None:
            done.append(result)
            step.progress(result.name, len(done), len(INVARIANTS))

        results = asyncio.run(check(dsn, seen))
        step.done(f"{len(results)} invariants checked")
    return results


def _described(result: Result) -> Mapping[str, Any]:
    return asdict(result)


def _write(results: list[Result], violations: int) -> None:
    rows = [
        (
            result.id,
            result.name,
            f"{result.violations} violations: {', '.join(result.samples)}" if result.violations else "holds",
            f"{result.seconds * 1000:.0f} ms",
        )
        for result in results
    ]
    title = f"{violations} violations" if violations else "every invariant holds"
    screen.write_table(title, rows, ("id", "invariant", "found", "took"))


def register(app: typer.Typer) -> None:
    """Add the command to the `pointstream` command line."""
    app.command()(verify)
