"""`pointstream backtest`: what a programme document would have given, to whom, over any range of real history."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import asyncpg
import orjson
import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import explained, fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.pace import Pace
from cli.programmes import TenantOption, the_programme
from deploy.embedded.report import Report, Step
from libs.backtest.history import History, Scheme
from libs.backtest.parquet import NoHistory, ParquetHistory, ParquetMissing
from libs.backtest.picture import number, signed
from libs.backtest.plan import Plan, PlanRefused, make_plan
from libs.backtest.postgres import reading
from libs.backtest.report import conditions, headline, sides
from libs.backtest.results import SUMMARY, UnknownWallet, costs_of, scales_of, summarise, write_results
from libs.backtest.work import OtherWork, Stage, Work, begun_with
from libs.ledger.zones import load_zone
from libs.promotions.document import ProgrammeInvalid, canonical_json, parse_programme_yaml
from libs.promotions.rates import digits

_WORK = ".work"
_SPAN = re.compile(r"([1-9]\d{0,4})([dhw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SHOWN = 12

FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="The first day, in the programme's zone, or an instant.")
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="The day, or the instant, that is no longer part of it.")
]
LastOption = Annotated[
    str | None, typer.Option("--last", metavar="SPAN", help="Instead of both: what has just been, such as 7d or 24h.")
]
DocumentOption = Annotated[
    Path,
    typer.Option("--programme", metavar="FILE", exists=True, dir_okay=False, help="The document B, in YAML or JSON."),
]
AgainstOption = Annotated[
    int | None,
    typer.Option(
        "--against", metavar="VERSION", help="Compare with this version (default: those in force at the time)."
    ),
]
SlugOption = Annotated[
    str | None, typer.Option("--programme-slug", metavar="SLUG", help="Which programme, where the tenant has several.")
]
HistoryOption = Annotated[
    Path | None,
    typer.Option(
        "--history", metavar="DIR", exists=True, file_okay=False, help="Read what `history export` wrote, no database."
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", file_okay=False, help="Where to put members.csv, summary.json, report.html."),
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with what was interrupted in --out.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, max=256, metavar="N", help="Processes (default: one a processor).")
]
ValueOption = Annotated[
    list[str] | None,
    typer.Option(
        "--point-value",
        metavar="[WALLET=]AMOUNT",
        help="What a whole point is worth, such as 0.01: tells the cost too.",
    ),
]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command was told, still in words."""

    document: Path
    since: str | None
    until: str | None
    last: str | None
    against: int | None
    values: Sequence[str]
    resume: bool
    workers: int
    as_json: bool


def backtest(
    programme: DocumentOption,
    data: DataOption = DEFAULT_DATA,
    since: FromOption = None,
    until: ToOption = None,
    last: LastOption = None,
    against: AgainstOption = None,
    tenant: TenantOption = None,
    programme_slug: SlugOption = None,
    history: HistoryOption = None,
    out: OutOption = None,
    resume: ResumeOption = False,
    workers: WorkersOption = None,
    point_value: ValueOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge stored receipts and activities again, under the rules of their time and under another document.

    `pointstream backtest --programme new.yaml --last 7d` says before a programme goes live what it would have given.
    Nothing is changed: a copy of the history is taken in one snapshot, and judged by as many processes as there are
    processors, which give way to everything else. The result has the same bytes however often, and by however many
    processes, it is made. With --out an interrupted run goes on with --resume.
    """
    processes = workers or os.cpu_count() or 1
    asked = _Asked(programme, since, until, last, against, point_value or (), resume, processes, as_json)
    connections = Connections(data, as_json, dsn)
    source = _Source(connections, history, tenant, programme_slug)
    with _folder_of(out) as folder, screen.reporting() as news:
        summary, scales = _carry_out(asked, source, folder, news)
    if as_json:
        screen.write_json(summary)
    else:
        _show(summary, scales, out)


def register(main: typer.Typer) -> None:
    """Add the command to the `pointstream` command line."""
    main.command()(backtest)


def _carry_out(
    asked: _Asked, source: _Source, folder: Path, news: Report
) -> tuple[Mapping[str, Any], Mapping[str, int]]:
    document = _document(asked)
    begun = _begun(folder, asked)
    told = _Telling(news)
    try:
        work = _go_on(asked, document, begun, folder, told) if begun is not None else None
        if work is None or not work.is_copied:
            work = finished(lambda: _copied(asked, source, document, begun, folder, told), as_json=asked.as_json)
        with explained(as_json=asked.as_json):
            costs = costs_of(work.plan, _values(asked))
            work.judge()
            told.done("judge", "everybody judged under A and B")
            summary = summarise(work, costs)
            write_results(work, summary, folder, costs)
            work.finish()
    except (PlanRefused, ProgrammeInvalid, OtherWork, UnknownWallet) as refused:
        fail(Exit.USAGE, str(refused), as_json=asked.as_json)
    except BrokenExecutor:
        fail(Exit.FAILED, "a process that judged was ended; with --out, go on with --resume", as_json=asked.as_json)
    except (NoHistory, ParquetMissing) as missing:
        fail(Exit.FAILED, str(missing), as_json=asked.as_json)
    finally:
        told.close()
    return summary, scales_of(work.plan)


def _begun(folder: Path, asked: _Asked) -> Plan | None:
    """The question that the folder was begun with; ends the command where that and --resume do not fit."""
    plan = begun_with(folder / _WORK)
    if plan is not None and not asked.resume:
        fail(Exit.USAGE, f"{folder} has an unfinished backtest: go on with --resume, or name another folder",
             as_json=asked.as_json)  # fmt: skip
    if plan is None and asked.resume:
        what = "is finished" if (folder / SUMMARY).exists() else "has nothing to go on with"
        fail(Exit.USAGE, f"{folder} {what}", as_json=asked.as_json)
    return plan


def _go_on(asked: _Asked, document: Mapping[str, Any], begun: Plan, folder: Path, told: _Telling) -> Work:
    """Go on with what was begun, if it is what is asked."""
    since, until = _range(asked, begun.scheme, None, begun)
    plan = make_plan(begun.scheme, since, until, dict(document), asked.against, 0)  # what is unknown was found then
    return Work.begun(folder / _WORK, plan, asked.workers, told)


async def _copied(
    asked: _Asked, source: _Source, document: Mapping[str, Any], begun: Plan | None, folder: Path, told: _Telling
) -> Work:
    """Begin the work, and take the copy that it is done on."""
    async with source.opened(asked.as_json) as history:
        since, until = _range(asked, history.scheme, source.now(), begun)
        size = await history.size(since)
        plan = make_plan(history.scheme, since, until, dict(document), asked.against, size, history.personal)
        work = Work.begun(folder / _WORK, plan, asked.workers, told)
        copied = await work.copy(history)
        told.done("copy", f"{copied.items:,} receipts and activities copied")
        return work


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the history is: in the platform's database, or in a folder."""

    connections: Connections
    folder: Path | None
    tenant: str | None
    programme: str | None

    def now(self) -> datetime | None:
        """What time it is where the history is kept; None when it lies in a folder."""
        return self.connections.clock().now() if self.folder is None else None

    @asynccontextmanager
    async def opened(self, as_json: bool) -> AsyncIterator[History]:
        """Open it, for as long as it is read."""
        if self.folder is not None:
            yield ParquetHistory(self.folder)
            return
        dsn = self.connections.dsn()
        connection = await asyncpg.connect(dsn)
        try:
            where = await the_programme(connection, self.tenant, self.programme, as_json=as_json)
        finally:
            await connection.close()
        async with reading(dsn, where.tenant_id, where.programme_id) as history:
            yield history


class _Telling:
    """Tells the screen how the work goes, a step a stage."""

    _NAMES: Mapping[Stage, str] = {"copy": "Copy", "judge": "Judge", "bind": "Shared"}
    _UNITS: Mapping[Stage, str] = {"copy": "read", "judge": "judged", "bind": "judged in one sequence"}

    def __init__(self, news: Report) -> None:
        self._news = news
        self._stack = ExitStack()
        self._open: dict[Stage, tuple[Step, Pace]] = {}

    def __call__(self, stage: Stage, done: int, total: int, count: int) -> None:
        """Say how far a stage is."""
        if stage not in self._open:
            step = self._stack.enter_context(self._news.step(self._NAMES[stage]))
            self._open[stage] = step, Pace(step, self._UNITS[stage], total)
        self._open[stage][1].at(done, count=count)

    def done(self, stage: Stage, text: str) -> None:
        """Say that a stage is done, if it was begun."""
        if stage in self._open:
            self._open[stage][0].done(text)

    def close(self) -> None:
        """Leave every stage."""
        self._stack.close()


@contextmanager
def _folder_of(out: Path | None) -> Iterator[Path]:
    """The folder of the results, or one that goes again."""
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        yield out
        return
    with TemporaryDirectory(prefix="pointstream-backtest-") as folder:
        yield Path(folder)


def _document(asked: _Asked) -> dict[str, Any]:
    """Rules B, complete; ends the command when the file has none."""
    try:
        programme = parse_programme_yaml(asked.document.read_text(encoding="utf-8"))
    except (ProgrammeInvalid, UnicodeDecodeError) as error:
        fail(Exit.USAGE, f"{asked.document}: {error}", as_json=asked.as_json)
    document: dict[str, Any] = orjson.loads(canonical_json(programme))
    return document


def _range(asked: _Asked, scheme: Scheme, now: datetime | None, begun: Plan | None) -> tuple[datetime, datetime]:
    """What the range options mean; where they are left out, or only say how long, what was begun counts."""
    fixed = begun if asked.since is None else None
    if asked.last is not None:
        span = _span(asked.last)
        if asked.since is not None or asked.until is not None or span is None:
            raise PlanRefused("--last is a span such as 7d, and stands without --from and --to")
        if fixed is not None and fixed.until - fixed.since == span:
            return fixed.since, fixed.until
        if now is None:
            raise PlanRefused("what lies in a folder has no last days: name them with --from and --to")
        return now.replace(microsecond=0) - span, now.replace(microsecond=0)
    if fixed is not None:
        return fixed.since, fixed.until
    if asked.since is None:
        raise PlanRefused("say which range with --from and --to, or with --last")
    zone = load_zone(scheme.zone)
    until = now.replace(microsecond=0) if asked.until is None and now is not None else None
    if until is None and asked.until is None:
        raise PlanRefused("say with --to where the range ends")
    return _instant(asked.since, zone), until or _instant(asked.until or "", zone)


def _span(text: str) -> timedelta | None:
    found = _SPAN.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else None


def _instant(text: str, zone: ZoneInfo) -> datetime:
    """A day as its beginning in the programme's zone, or an instant, in UTC."""
    try:
        if len(text) == len("2024-03-31"):
            return datetime.combine(date.fromisoformat(text), time(), zone).astimezone(UTC)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise PlanRefused(f"{text} is no day such as 2024-03-31, and no instant such as 2024-03-31T22:00:00Z") from None
    if at.tzinfo is None:
        raise PlanRefused(f"{text} does not say its offset from UTC, such as Z")
    return at.astimezone(UTC)


def _values(asked: _Asked) -> dict[str, Fraction]:
    values = {}
    for text in asked.values:
        wallet, _, amount = text.rpartition("=")
        if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", amount):
            fail(Exit.USAGE, f"--point-value {text}: [WALLET=]AMOUNT, such as 0.01", as_json=asked.as_json)
        values[wallet or "points"] = Fraction(amount)
    return values


def _show(summary: Mapping[str, Any], scales: Mapping[str, int], out: Path | None) -> None:
    console = screen.out()
    for line in headline(summary, scales):
        console.print(line, style="bold", markup=False)
    a, b = sides(summary)
    console.print(f"A: {a}. B: {b}. {summary['from']} until {summary['to']}.", markup=False)
    members = summary["members"]
    screen.write_table(
        f"{members['all']:,} members, {summary['receipts']:,} receipts, {summary['activities']:,} activities",
        [(name, f"{members[name]:,}") for name in ("better", "worse", "same", "mixed")],
        ("under B", "members"),
    )
    rows = [
        (
            each["campaign"],
            each["wallet"],
            *(each[side]["points"] for side in ("a", "b")),
            *(f"{each[side]['times']:,}" for side in ("a", "b")),
        )
        for each in _most_moved(summary["campaigns"])
    ]
    screen.write_table("Campaigns that differ most", rows, ("campaign", "wallet", "A", "B", "times A", "times B"))
    if any(each["tier"] is not None for each in summary["tiers"]):
        ends = [
            (each["tier_set"] or "", each["tier"] or "none", f"{each['a']:,}", f"{each['b']:,}")
            for each in summary["tiers"]
        ]
        screen.write_table("Members by tier at the end of the range", ends, ("tier set", "tier", "A", "B"))
    cost = summary["cost"]
    if cost is not None:
        decimals, more = digits(cost["currency"]), cost["b_minor"] - cost["a_minor"]
        told = f"{number(cost['a_minor'], decimals)} under A, {number(cost['b_minor'], decimals)} under B"
        console.print(f"\nWorth in {cost['currency']}: {told}, {signed(more, decimals)}", markup=False)
    for line in conditions(summary)[:_SHOWN]:
        console.print(f"\n{line}", markup=False)
    if summary["unlike_recorded"]:
        console.print(f"\nFor {summary['unlike_recorded']:,} members A is not what the books have.", markup=False)
    if out is not None:
        console.print(f"\nThe members, the summary and the report are in {out}", markup=False)


def _most_moved(campaigns: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    def moved(each: Mapping[str, Any]) -> Fraction:
        return -abs(Fraction(each["b"]["points"]) - Fraction(each["a"]["points"]))

    return sorted(campaigns, key=lambda each: (moved(each), each["campaign"]))[:_SHOWN]
