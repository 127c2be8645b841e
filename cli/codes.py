"""`pointstream codes`: pools of coupons and vouchers, their codes, and what becomes of one."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import msgspec
import typer

from cli import code_pools, code_use, merge_tags, screen
from cli.code_use import plain, say
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import DryRunOption
from libs.codes import postgres as store
from libs.codes.guessing import guessable
from libs.codes.pattern import Pattern
from libs.codes.pictures import NotDrawn
from libs.codes.rules import PoolRules
from libs.codes.sheet import Sheet, sheet

app = typer.Typer(help="Codes: coupons and vouchers, in pools.", no_args_is_help=True)
PoolArgument: TypeAlias = Annotated[str, typer.Argument(metavar="POOL", help="The pool's name.")]
StateOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--state", metavar="STATE", help="Only those: created, assigned, published, redeemed or void."),
]
RulesOption: TypeAlias = Annotated[
    str | None, typer.Option("--rules", metavar="JSON|FILE", help="When the codes count and what they take off.")
]
_POOL_COLUMNS = ("pool", "kind", "codes", "created", "assigned", "published", "redeemed", "void", "")
_SHOWN_LINES = 10


@app.callback()
def _group() -> None:
    """Codes: coupons and vouchers, in pools."""


@app.command()
def pool(
    name: PoolArgument,
    kind: Annotated[str, typer.Option("--kind", help="coupon or voucher.")] = "coupon",
    rules: RulesOption = None,
    prefix: Annotated[str, typer.Option("--prefix", help="What every code begins with.")] = "",
    alphabet: Annotated[str, typer.Option("--alphabet", help="safe, plain or digits.")] = "safe",
    length: Annotated[int, typer.Option("--length", help="Random characters.")] = 12,
    group: Annotated[int, typer.Option("--group", help="Characters between two dashes; 0 for none.")] = 4,
    brought: Annotated[bool, typer.Option("--brought", help="Its codes are brought along by `codes import`.")] = False,
    paused: Annotated[bool | None, typer.Option("--pause/--resume", help="Stop its codes for now, or go on.")] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dry_run: DryRunOption = False,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a pool, or change the rules of one: they count for codes that are out, too.

    `codes pool spring --prefix SPRING --rules '{"uses": 1, "currency": "EUR", "benefit": {"amount_minor": 500}}'`
    """
    pattern = None if brought else Pattern(prefix, alphabet, length, group)  # type: ignore[arg-type]  # `wrong` looks
    if kind not in ("coupon", "voucher"):
        fail(Exit.USAGE, "--kind: coupon or voucher", as_json=as_json)
    if pattern is not None and (wrong := pattern.wrong()) is not None:
        fail(Exit.USAGE, f"--{wrong.field}: {wrong.detail}", as_json=as_json)
    if pattern is not None and (why := guessable(pattern, 1)) is not None:
        fail(Exit.USAGE, why.detail, as_json=as_json)
    read = code_pools.rules_in(rules, as_json=as_json)

    async def work() -> dict[str, Any]:
        async with code_pools.session(Connections(data, as_json, dsn, None, seal_key_file), tenant, programme) as at:
            known = await store.load_pool(at.connection, at.scope, name)
            if not dry_run and known is None:
                made = (name, kind, pattern, read or PoolRules(), at.now)
                await store.make_pool(at.connection, at.scope, *made)
            if not dry_run and (known is not None or paused is not None) and (read is not None or paused is not None):
                await store.change_pool(at.connection, at.scope, name, at.now, rules=read, paused=paused)
            said = {"pool": name, "made": known is None, "written": not dry_run}
            return said if dry_run and known is None else {**said, **_told(await at.pool(name))}

    told = finished(work, as_json=as_json)
    if as_json:
        screen.write_json(told)
        return
    does = ("made" if told["made"] else "changed") if not dry_run else ("would be made" if told["made"] else "is known")
    screen.out().print(f"pool {name}: {does}", markup=False)


@app.command()
def pools(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the pools, and how many of their codes are where."""

    async def work() -> list[store.Pool]:
        async with code_pools.session(Connections(data, as_json, dsn, None, seal_key_file), tenant, programme) as at:
            return await store.load_pools(at.connection, *at.scope)

    found = finished(work, as_json=as_json)
    if as_json:
        screen.write_json({"pools": [{"pool": each.name, **_told(each)} for each in found]})
        return
    lines = [
        (
            *(each.name, each.kind, f"{each.codes:,}"),
            *(f"{each.counts.get(state, 0):,}" for state in _POOL_COLUMNS[3:8]),
            "paused" if each.paused else "" if each.counts["created"] or not each.codes else "exhausted",
        )
        for each in found
    ]
    screen.write_table("Pools of codes", lines, _POOL_COLUMNS)


@app.command()
def generate(
    pool: PoolArgument,
    many: Annotated[int, typer.Argument(metavar="COUNT", min=1, max=100_000_000, help="How many new codes.")],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dry_run: DryRunOption = False,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put new random codes into a pool; refused with the reason when a guess might then hit one."""

    async def work() -> dict[str, Any]:
        async with code_pools.session(Connections(data, as_json, dsn, None, seal_key_file), tenant, programme) as at:
            found = await at.pool(pool)
            if dry_run:
                shape = code_pools.check_generated(at, found, many)
                return {
                    "pool": pool,
                    "codes": many,
                    "example": shape.shown(next(shape.generate(1, bytes))),
                    "done": False,
                }
            with screen.reporting() as report, report.step("Codes") as step:
                drawn = await code_pools.generate(
                    at, found, many, lambda done: step.progress(f"{done:,} codes", done, many)
                )
                step.done(f"{many:,} codes")
            return {"pool": pool, "codes": many, "drawn": drawn, "done": True}

    told = finished(work, as_json=as_json)
    if as_json:
        screen.write_json(told)
    elif dry_run:
        screen.out().print(f"{many:,} codes like {told['example']} would be made", markup=False)


@app.command("import")
def import_codes(
    pool: PoolArgument,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV; the first column is the code.")],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dry_run: DryRunOption = False,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put codes of a partner into a pool, in the order of the file. What is known already stays as it is.

    Ends with 1 when lines were no codes, or known.
    """

    async def work() -> code_pools.Imported:
        async with code_pools.session(Connections(data, as_json, dsn, None, seal_key_file), tenant, programme) as at:
            found = await at.pool(pool)
            if found.pattern is not None:
                fail(Exit.USAGE, f"the codes of {pool} are generated", as_json=as_json)
            with screen.reporting() as report, report.step("Codes") as step:
                came = await code_pools.bring(
                    at, found, file, lambda read: step.progress(f"{read:,} lines"), dry_run=dry_run
                )
                step.done(f"{came.added:,} codes")
            return came

    came = finished(work, as_json=as_json)
    if as_json:
        screen.write_json({**came._asdict(), "written": not dry_run})
    else:
        for what, lines in (("no code", came.wrong), ("known already", came.known)):
            if lines:
                some = ", ".join(map(str, lines[:_SHOWN_LINES])) + (", …" if len(lines) > _SHOWN_LINES else "")
                screen.err().print(f"{what}: lines {some}", markup=False)
    if came.wrong or came.known:
        raise typer.Exit(Exit.FAILED)


@app.command()
def export(
    pool: PoolArgument,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Default: standard output.")] = None,
    state: StateOption = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="So many at most.")] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write codes in clear as CSV, for who sends or prints them: number, code, state, member, date."""
    if as_json and out is None:
        fail(Exit.USAGE, "--json needs --out, for codes go to standard output", as_json=as_json)

    async def work() -> int:
        async with code_pools.session(Connections(data, as_json, dsn, None, seal_key_file), tenant, programme) as at:
            found, written = await at.pool(pool), 0
            with sys.stdout if out is None else out.open("w", encoding="utf-8", newline="") as opened:
                writer = csv.writer(opened)
                writer.writerow(("number", "code", "state", "member_id", "expires_at"))
                async for each in code_pools.texts(at, found, state, limit):
                    fields = (
                        each["number"],
                        each["code"],
                        each["state"],
                        each["member_id"],
                        plain(each["expires_at"]),
                    )
                    writer.writerow(["" if field is None else field for field in fields])
                    written += 1
            return written

    written = finished(work, as_json=as_json)
    if as_json:
        screen.write_json({"pool": pool, "codes": written, "file": str(out)})


@app.command("sheet")
def write_sheet(
    pool: PoolArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The HTML page.")],
    kind: Annotated[str, typer.Option("--picture", help="qr, code128 or ean13.")] = "qr",
    title: Annotated[str | None, typer.Option("--title", help="What stands above (default: the pool).")] = None,
    below: Annotated[str, typer.Option("--below", help="What stands below every code.")] = "",
    language: Annotated[str, typer.Option("--language", help="The language of these texts.")] = "en",
    state: StateOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="So many at most.")] = 1_000,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a page with the codes of a pool and their pictures, to be printed."""
    if kind not in ("qr", "code128", "ean13"):
        fail(Exit.USAGE, "--picture: qr, code128 or ean13", as_json=as_json)

    async def work() -> int:
        async with code_pools.session(Connections(data, as_json, dsn, None, seal_key_file), tenant, programme) as at:
            found = [each["code"] async for each in code_pools.texts(at, await at.pool(pool), state, limit)]
            on = Sheet(title or pool, below, language, kind)  # type: ignore[arg-type]  # looked at above
            try:
                out.write_text("".join(sheet(found, on)), encoding="utf-8")
            except NotDrawn as error:
                fail(Exit.FAILED, str(error), as_json=as_json)
            return len(found)

    written = finished(work, as_json=as_json)
    say({"pool": pool, "codes": written, "file": str(out)}, f"{written:,} codes in {out}", as_json=as_json)


def _told(one: store.Pool) -> dict[str, Any]:
    shape = None if one.pattern is None else {name: getattr(one.pattern, name) for name in ("prefix", *_SHAPE)}
    return {
        "kind": one.kind,
        "pattern": shape,
        "rules": msgspec.to_builtins(one.rules),
        "revision": one.revision,
        "paused": one.paused,
        "codes": one.codes,
        "counts": dict(one.counts),
    }


_SHAPE = ("alphabet", "length", "group", "checked")


app.command("merge")(merge_tags.merge)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    code_use.register(app)
    main.add_typer(app, name="codes")
