"""`pointstream messages mass`: one message to many members: counted, sent, watched, paused and called off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from uuid import UUID, uuid4

import typer
import yaml

from cli import screen
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail
from cli.in_force import Where, work_on
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import who
from cli.reinstatement_rows import FileHasFaults, wishes_of_file
from libs.intake.rows import FileUnreadable
from libs.mass import postgres as masses
from libs.mass.counts import Became, Count, outlook, results
from libs.mass.postgres import NameTaken, Seen
from libs.mass.states import ENDED, Action
from libs.mass.texts import MASS, reason_of
from libs.mass.wanted import Wanted, WantedInvalid, check_audience, wanted_of
from libs.runtime.clock import monotonic
from libs.runtime.keys import event_key
from libs.sweeps.tables import text as instant_text

app = typer.Typer(help="One message to many members: count, send, watch, pause, call off.", no_args_is_help=True)
_LOOK = 0.5
_UNTIL_COUNTED = 600.0
_STANDING = frozenset(("counted", "awaiting_approval", "scheduled", "paused"))
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="YAML: name, words, segments, channels, …")
]
MembersOption = Annotated[
    Path | None,
    typer.Option(
        "--members",
        exists=True,
        dir_okay=False,
        help="CSV of the members: a column member_id, card, phone, email or the like.",
    ),
]
SegmentOption = Annotated[list[str] | None, typer.Option("--segment", metavar="NAME", help="For a segment or list.")]
IdArgument = Annotated[UUID, typer.Argument(metavar="ID", help="The message's id.")]
NameOption = Annotated[
    str | None, typer.Option("--id", metavar="NAME", help="Names the request: under the same name it counts once.")
]
NoWaitOption = Annotated[bool, typer.Option("--no-wait", help="Return at once, before it is counted or over.")]


class Whole(NamedTuple):
    """A message with its count and what became of it."""

    seen: Seen
    counts: Sequence[Count]
    became: Sequence[Became]


@app.callback()
def _group() -> None:
    """One message to many members: count, send, watch, pause, call off."""


@app.command()
def plan(
    file: FileArgument,
    members: MembersOption = None,
    segment: SegmentOption = None,
    name: NameOption = None,
    no_wait: NoWaitOption = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count whom a message would reach over which channel, and why others not. Nothing is sent: `send` does that."""
    connections = Connections(data, as_json, dsn, None, seal_key_file)
    wanted = _wanted(file, segment or (), as_json)

    async def work(where: Where) -> Whole:
        mass_id = UUID(str(event_key(where.programme.source("cli"), name))) if name else uuid4()
        spoken = (wanted.model_dump_json(), members and members.read_bytes())
        named = (mass_id, sha256(repr(spoken).encode()).digest())
        try:
            check_audience(
                wanted, named=members is not None, segments=[each.name for each in where.found.rules.segments]
            )
            found = [] if members is None else await _members(where, members)
            async with where.connection.transaction():
                await masses.make(where.connection, where.scope, named, wanted, found, who(), where.now)
        except (WantedInvalid, NameTaken, FileHasFaults, FileUnreadable) as error:
            fail(Exit.USAGE, str(error), as_json=as_json)
        return await _load(where, mass_id) if no_wait else await _counted(where, mass_id)

    _show(work_on(connections, tenant, programme, work), as_json=as_json)


@app.command("list")
def list_messages(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List messages to many, the newest first."""

    async def work(where: Where) -> list[Seen]:
        return await masses.load(where.connection, *where.scope)

    found = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"mass_messages": [_told(each) for each in found]})
        return
    rows = [
        (each.name, each.state, _number(each.members), _number(each.laid), each.made_by, str(each.mass_id))
        for each in found
    ]
    screen.write_table("Messages to many", rows, ("name", "state", "members", "laid down", "made by", "id"))


@app.command()
def status(
    message: IdArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how a message stands, whom it reaches and why not, and what became of it so far."""

    async def work(where: Where) -> Whole:
        return await _load(where, message)

    _show(work_on(Connections(data, as_json, dsn), tenant, programme, work), as_json=as_json)


@app.command()
def report(
    message: IdArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what became of a message, by variant, channel, state and reason."""

    async def work(where: Where) -> Whole:
        return await _load(where, message)

    whole = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"became": [each._asdict() for each in whole.became]})
        return
    rows = [(each.variant, each.channel, each.state, each.reason, _number(each.messages)) for each in whole.became]
    screen.write_table(whole.seen.name, rows, ("variant", "channel", "state", "why", "messages"))


@app.command()
def send(
    message: IdArgument,
    no_wait: NoWaitOption = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a message that was counted, and follow it; to more members than one person may write to, it waits.

    Whoever follows it may go away: it goes on. `status` shows how far it is.
    """

    async def work(where: Where) -> Whole:
        await _steer(where, message, "send")
        return await (_load(where, message) if no_wait else _followed(where, message))

    _show(work_on(Connections(data, as_json, dsn), tenant, programme, work), as_json=as_json)


def _steering(action: Action, does: str) -> None:
    def command(
        message: IdArgument,
        data: DataOption = DEFAULT_DATA,
        tenant: TenantOption = None,
        programme: ProgrammeOption = None,
        dsn: DsnOption = None,
        as_json: JsonOption = False,
    ) -> None:
        async def work(where: Where) -> Whole:
            await _steer(where, message, action)
            return await _load(where, message)

        _show(work_on(Connections(data, as_json, dsn), tenant, programme, work), as_json=as_json)

    command.__doc__ = does
    app.command(action)(command)


_steering("approve", "Agree to a message to many. Who sent it can not.")
_steering("refuse", "Refuse a message to many. Who sent it can not.")
_steering("pause", "Hold a message; what was not handed over waits.")
_steering("resume", "Let a message go on that was held.")
_steering("cancel", "Call a message off; what was not handed over is not sent.")
_steering("count", "Count again whom a message would reach.")


async def _steer(where: Where, mass_id: UUID, action: Action) -> None:
    above = where.found.compiled.source.messages.approval_above
    async with where.connection.transaction():
        done = await masses.steer(where.connection, where.scope, mass_id, action, who(), where.now, above)
    if done != "done":
        fail(Exit.FAILED, _REFUSALS[done], as_json=where.connections.as_json)


_REFUSALS = {
    "unknown": "there is no such message",
    "own": "you sent it yourself; somebody else decides",
    "otherwise": "it can't be as the message stands; see `pointstream messages mass status`",
}


async def _load(where: Where, mass_id: UUID) -> Whole:
    tenant_id = where.programme.tenant_id
    seen = await masses.load_one(where.connection, tenant_id, mass_id)
    if seen is None:
        fail(Exit.FAILED, _REFUSALS["unknown"], as_json=where.connections.as_json)
    counts = await masses.counts(where.connection, (tenant_id, seen.programme_id), mass_id)
    return Whole(seen, counts, await masses.became(where.connection, tenant_id, seen))


async def _counted(where: Where, mass_id: UUID) -> Whole:
    """The message once all its members are counted."""
    until = monotonic() + _UNTIL_COUNTED

    def over(whole: Whole) -> bool:
        if whole.seen.state == "counting" and monotonic() > until:
            fail(Exit.TIMED_OUT, "it is being counted still", as_json=where.connections.as_json)
        return whole.seen.state != "counting"

    return await _watched(where, mass_id, "Counting", over, lambda whole: (whole.seen.counted, None))


async def _followed(where: Where, mass_id: UUID) -> Whole:
    """The message once it is over, or waits for a person or an hour."""

    def over(whole: Whole) -> bool:
        return whole.seen.state in ENDED | _STANDING

    def done(whole: Whole) -> tuple[int, int | None]:
        settled = {each.variant: each for each in results(whole.became)}
        under_way = sum(each.under_way for each in settled.values())
        return max(whole.seen.laid - under_way, 0), whole.seen.members

    return await _watched(where, mass_id, "Sending", over, done)


async def _watched(
    where: Where,
    mass_id: UUID,
    title: str,
    over: Callable[[Whole], bool],
    done: Callable[[Whole], tuple[int, int | None]],
) -> Whole:
    with screen.reporting() as news, news.step(title) as step:
        while not over(whole := await _load(where, mass_id)):
            step.progress(f"{done(whole)[0]:,} members", *done(whole))
            await asyncio.sleep(_LOOK)
        step.done(f"{done(whole)[0]:,} members")
    return whole


def _wanted(file: Path, segments: Sequence[str], as_json: bool) -> Wanted:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        if isinstance(document, dict) and segments:
            document = {**document, "segments": [*segments]}
        return wanted_of(document)
    except (WantedInvalid, yaml.YAMLError, UnicodeDecodeError) as error:
        fail(Exit.USAGE, f"{file}: {error}", as_json=as_json)


async def _members(where: Where, file: Path) -> list[UUID]:
    names = where.connections.identifier_names()
    wishes = await wishes_of_file(where.connection, where.scope, file, names, 0, None)
    if len(wishes) > masses.MOST_MEMBERS:
        raise FileHasFaults(f"it names more than {masses.MOST_MEMBERS:,} members: make a list of them")
    return [each.member_id for each in wishes]


def _show(whole: Whole, *, as_json: bool) -> None:
    seen = whole.seen
    if as_json:
        screen.write_json(
            {
                **_told(seen),
                "outlook": outlook(whole.counts)._asdict() if seen.counted_at is not None else None,
                "counts": [each._asdict() for each in whole.counts],
                "results": [each._asdict() for each in results(whole.became)],
            }
        )
        return
    line = f"{seen.mass_id} {seen.name}: {MASS.say('en', f'state.{seen.state}')}"
    screen.out().print(line, markup=False)
    if seen.counted_at is not None:
        found = outlook(whole.counts)
        title = f"{found.members:,} members: {found.now:,} now, {found.later:,} later, {found.never:,} not at all"
        counted = [
            (MASS.say("en", f"verdict.{each.verdict}"), each.channel, f"{each.members:,}", reason_of(each, "en"))
            for each in whole.counts
        ]
        screen.write_table(title, counted, ("when", "channel", "members", "why"))
    rows = [(each.variant, *(f"{count:,}" for count in each[1:])) for each in results(whole.became)]
    if rows:
        heads = ("variant", "sent", "opened", "clicked", "bounced", "failed", "held back", "under way")
        screen.write_table("So far", rows, heads)


def _told(seen: Seen) -> dict[str, Any]:
    plain = {
        name: instant_text(each) if isinstance(each, datetime) else str(each) if isinstance(each, UUID) else each
        for name, each in seen._asdict().items()
    }
    return {**plain, "wanted": seen.wanted.model_dump(mode="json", exclude_defaults=True)}


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"
