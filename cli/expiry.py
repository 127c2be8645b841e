"""`pointstream expiry` and `pointstream liability`: what lapses when, what it does to a member, what is outstanding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from cli import screen
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.expiry_migrate import migrate
from cli.failures import fail
from cli.in_force import Where, work_on
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import MemberArgument, the_member
from libs.language import wording
from libs.language.catalogue import DEFAULT
from libs.ledger.zones import load_zone
from libs.promotions.rates import digits
from libs.runtime.clock import parse_instant
from libs.segments.reading import in_force
from libs.sweeps.breakage import METHOD, Ended, Estimate, estimates, load_ended
from libs.sweeps.fates import Fate, day_of, load_fates
from libs.sweeps.forecast import forecast as make_forecast
from libs.sweeps.kept import load_outlook
from libs.sweeps.liability import Outstanding
from libs.sweeps.liability import liability as outstanding
from libs.sweeps.outlook import BY_ORIGIN, SPLITS, Lapse, Outlook, Split, Worth, lapses, money, worth_of
from libs.sweeps.reading import load_turns
from libs.sweeps.tables import Table, as_csv, as_xlsx, forecast_tables, last_day, liability_table, text

app = typer.Typer(help="What lapses when, by which policy, and what a boundary does.", no_args_is_help=True)
_AHEAD = timedelta(days=800)
_SHOWN = 12
CsvOption = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write it as comma-separated values too.")
]
XlsxOption = Annotated[Path | None, typer.Option("--xlsx", metavar="FILE", help="Write it as a workbook too.")]
AtOption = Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="As RFC 3339 (default: now).")]
KnownOption = Annotated[
    str | None, typer.Option("--known-at", metavar="INSTANT", help="Leave out what was recorded later.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="INSTANT", help="The last forecast kept by then, instead of one made now."),
]
SplitOption = Annotated[
    list[str] | None, typer.Option("--by", help=f"Only these splits: {', '.join(SPLITS)}; may be given several times.")
]


@app.callback()
def _group() -> None:
    """What lapses when, and what a boundary does to a member."""


@app.command()
def forecast(
    as_of: AsOfOption = None,
    by: SplitOption = None,
    csv: CsvOption = None,
    xlsx: XlsxOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what lapses at every boundary ahead, to the point and in money, if nothing else happens.

    By tier, month of earning, campaign, partner and store. A sweep writes down exactly what is told here at its moment.
    """
    splits = tuple(by or SPLITS)
    if wrong := sorted(set(splits) - set(SPLITS)):
        fail(Exit.USAGE, f"--by {wrong[0]}: one of {', '.join(SPLITS)}", as_json=as_json)
    before = _instant("--as-of", as_of, as_json)

    async def work(where: Where) -> tuple[Outlook, list[Lapse], ZoneInfo, str]:
        source = where.found.compiled.source
        async with where.connection.transaction(isolation="repeatable_read", readonly=True):
            if before is None:
                origins = not BY_ORIGIN.isdisjoint(splits)
                outlook = await make_forecast(where.connection, where.scope, where.now, source.zone, origins=origins)
            else:
                kept = await load_outlook(where.connection, where.scope, before)
                if kept is None:
                    fail(Exit.FAILED, f"no forecast was made by {text(before)}", as_json=as_json)
                outlook = kept
            coming = await load_turns(where.connection, where.scope, outlook.as_of, outlook.as_of + _AHEAD)
        boundaries = [(turn.boundary.instant, wallet) for turn in coming for wallet in turn.wallets]
        found = lapses(outlook, worth_of(source), cast("tuple[Split, ...]", splits), boundaries)
        return outlook, found, load_zone(source.zone), source.currency

    outlook, found, zone, currency = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    tables = forecast_tables(outlook, found, zone, currency)
    _write(tables, csv, xlsx)
    if as_json:
        screen.write_json({"as_of": text(outlook.as_of), **_told(tables)})
        return
    shown = _telling(found)
    rows = [
        (
            "never" if each.lapses_at is None else text(each.lapses_at),
            "" if each.lapses_at is None else str(last_day(each.lapses_at, zone)),
            *(each.wallet, f"{each.whole.lots:,}", f"{each.whole.points:,}", _money(each.whole.worth_minor, currency)),
        )
        for each in shown
    ]
    columns = ("lapses at", "last day", "wallet", "lots", "points", "worth")
    screen.write_table(f"What lapses, as of {text(outlook.as_of)}", rows, columns)
    if len(shown) < len(found):
        screen.out().print(f"nothing so far at {len(found) - len(shown):,} later boundaries", markup=False)
    _show_next(found, currency)


@app.command()
def member(
    who: MemberArgument,
    day: Annotated[
        datetime,
        typer.Argument(metavar="DAY", formats=["%Y-%m-%d"], help="The last day on which the points are good."),
    ],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a boundary does to a member, or did: which points, from which purchases, and why."""

    async def work(where: Where) -> tuple[UUID, list[Fate]]:
        _, member_id = await the_member(where.connection, where.connections, who, *where.programme[2:4])
        span = day_of(day.date(), load_zone(where.found.compiled.source.zone))
        async with where.connection.transaction(isolation="repeatable_read", readonly=True):
            return member_id, await load_fates(where.connection, where.scope, member_id, span, where.now)

    member_id, found = work_on(Connections(data, as_json, dsn, None, seal_key_file), tenant, programme, work)
    if as_json:
        screen.write_json(
            {"member_id": str(member_id), "day": f"{day:%Y-%m-%d}", "lots": [_told_fate(f) for f in found]}
        )
        return
    if not found:
        screen.out().print(f"no points of {member_id} were good to {day:%Y-%m-%d}", markup=False)
        return
    sums: Counter[tuple[str, str]] = Counter()
    for fate in found:
        sums[fate.touched.what, fate.touched.lot.wallet] += fate.touched.points
    rows = [(what, wallet, f"{points:,}") for (what, wallet), points in sorted(sums.items())]
    screen.write_table(f"What happens with {day:%Y-%m-%d}", rows, ("", "wallet", "points"))
    lots = [_fate_row(fate) for fate in found]
    screen.write_table("Lot by lot", lots, ("", "wallet", "points", "earned", "receipt", "store", "version", "policy"))


@app.command()
def breakage(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Estimate how many of the open points will lapse unspent, from what became of past cohorts."""

    async def work(where: Where) -> tuple[list[Estimate], list[Ended], str, Worth, str]:
        source = where.found.compiled.source
        async with where.connection.transaction(isolation="repeatable_read", readonly=True):
            outlook = await make_forecast(where.connection, where.scope, where.now, source.zone, origins=False)
            ended = await load_ended(where.connection, where.scope, where.now, source.zone)
        return estimates(outlook, ended), ended, text(outlook.as_of), worth_of(source), source.currency

    found, ended, as_of, worth, currency = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        cohorts = [each._asdict() | {"cohort": each.cohort and f"{each.cohort:%Y-%m}"} for each in ended]
        wallets = [each._asdict() | {"expected_worth_minor": _expected(each, worth)} for each in found]
        told = {"as_of": as_of, "currency": currency, "method": METHOD, "wallets": wallets, "cohorts": cohorts}
        screen.write_json(told)
        return
    rows = [
        (
            *(each.wallet, f"{each.lapsed:,}", f"{each.redeemed:,}", f"{each.open:,}"),
            "no experience yet" if each.expected is None else f"{each.expected:,}",
            _money(_expected(each, worth), currency),
        )
        for each in found
    ]
    columns = ("wallet", "lapsed before", "redeemed before", "open", "expected to lapse", "worth")
    screen.write_table(f"Breakage, an estimate as of {as_of}", rows, columns)
    screen.out().print(METHOD, markup=False)


def liability(
    at: AtOption = None,
    known_at: KnownOption = None,
    csv: CsvOption = None,
    xlsx: XlsxOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the points outstanding at any instant and what they are worth: the sum of all balances at it."""
    known = _instant("--known-at", known_at, as_json)
    instant = _instant("--at", at, as_json) or known

    async def work(where: Where) -> tuple[datetime, list[Outstanding], Worth, str]:
        when = instant or where.now
        then = await in_force(where.connection, where.scope, when)
        source = (then or where.found).compiled.source
        async with where.connection.transaction(isolation="repeatable_read", readonly=True):
            found = await outstanding(where.connection, where.scope, when, known)
        return when, found, worth_of(source), source.currency

    when, found, worth, currency = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    table = liability_table(when, known, found, worth, currency)
    _write([table], csv, xlsx)
    if as_json:
        screen.write_json(_told([table]))
        return
    rows = [
        (
            each.wallet,
            *(f"{points:,}" for points in (each.available, each.pending, each.held, each.points)),
            _money(money(each.points, each.wallet, worth), currency),
        )
        for each in found
    ]
    columns = ("wallet", "available", "pending", "held", "outstanding", "worth")
    screen.write_table(f"Outstanding at {text(when)}", rows, columns)


def _telling(found: Sequence[Lapse]) -> list[Lapse]:
    """What lapses at all, and the first boundary of each wallet."""
    first = {each.wallet: each.lapses_at for each in reversed(found)}
    return [each for each in found if each.whole.lots or each.lapses_at == first[each.wallet]]


def _show_next(found: Sequence[Lapse], currency: str) -> None:
    """Show the parts of what lapses next."""
    coming = [each for each in found if each.lapses_at is not None and each.whole.points][:1]
    for each in coming:
        rows = [
            (part.split or "", part.name or "none", f"{part.points:,}", _money(part.worth_minor, currency))
            for split in SPLITS
            for part in sorted((p for p in each.parts if p.split == split), key=lambda p: -p.points)[:_SHOWN]
        ]
        title = f"{each.wallet} at {text(each.lapses_at)}" if each.lapses_at is not None else each.wallet
        screen.write_table(title, rows, ("by", "", "points", "worth"))


def _write(tables: Sequence[Table], csv: Path | None, xlsx: Path | None) -> None:
    if csv is not None:
        csv.write_text(as_csv(tables[0]), encoding="utf-8", newline="")
    if xlsx is not None:
        xlsx.write_bytes(as_xlsx(tables))


def _told(tables: Sequence[Table]) -> dict[str, Any]:
    return {each.name: [dict(zip(each.columns, row, strict=True)) for row in each.rows] for each in tables}


def _told_fate(fate: Fate) -> dict[str, Any]:
    touched, lot, earned_by = fate.touched, fate.touched.lot, fate.earned_by
    return {
        "what": touched.what,
        "at": text(touched.at),
        "wallet": lot.wallet,
        "points": touched.points,
        "lot": lot.seq,
        "earned_at": text(lot.earned_at),
        "receipt_number": fate.receipt_number,
        "store": fate.store,
        "earned_by": None if earned_by is None else {"source": earned_by.source, "id": earned_by.id},
        "policy_version": lot.policy_version,
        "policy": fate.policy,
        "written": touched.written,
    }


def _fate_row(fate: Fate) -> tuple[str, ...]:
    touched, lot = fate.touched, fate.touched.lot
    policy = " ".join(f"{value}" for value in (fate.policy or {}).values())
    return (
        *(touched.what, lot.wallet, f"{touched.points:,}", text(lot.earned_at), fate.receipt_number or ""),
        *(fate.store or "", str(lot.policy_version), policy),
    )


def _expected(each: Estimate, worth: Worth) -> int | None:
    """What the points that are expected to lapse are worth; None where either is unknown."""
    return None if each.expected is None else money(each.expected, each.wallet, worth)


def _money(minor: int | None, currency: str) -> str:
    return "" if minor is None else wording.money(minor, digits(currency), currency, DEFAULT)


def _instant(option: str, given: str | None, as_json: bool) -> datetime | None:
    try:
        return None if given is None else parse_instant(given)
    except ValueError as error:
        fail(Exit.USAGE, f"{option}: {error}", as_json=as_json)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    app.command()(migrate)
    main.add_typer(app, name="expiry")
    main.command("liability")(liability)
