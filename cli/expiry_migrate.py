"""`pointstream expiry migrate`: old points come under another version's policy, planned, shown, then asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import typer

from cli import publishing, screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption, KafkaOption, PrefixOption, SealOption
from cli.exits import Exit
from cli.failures import fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from deploy.embedded.report import Step
from libs.contracts.events import RedatingRequestedV1
from libs.judging.redating import Redating
from libs.judging.versions import RunningProgramme
from libs.sweeps.redating import Moved, Sums, pages, running

FromOption = Annotated[
    int, typer.Option("--from-version", metavar="VERSION", help="Points that this version of the programme made.")
]
ToOption = Annotated[
    int | None,
    typer.Option(
        "--to-version",
        metavar="VERSION",
        help="By whose policy they lapse (default: the one in force); the same one: only newer zone data counts.",
    ),
]
WalletOption = Annotated[
    str | None, typer.Option("--wallet", metavar="NAME", help="Only points of this wallet (default: all).")
]
NoticeOption = Annotated[
    int,
    typer.Option("--notice-days", metavar="DAYS", min=0, max=3_650, help="No date becomes earlier than this from now."),
]
WithoutOption = Annotated[
    bool, typer.Option("--without-notice", help="Dates may become earlier at once: up to the next boundary.")
]
ReasonOption = Annotated[
    str | None,
    typer.Option("--reason", metavar="CODE", help="Why, as a code (default: new-terms; of one version: zone-data)."),
]
NoteOption = Annotated[str | None, typer.Option("--note", help="Why, in words.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would move, and move nothing.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class _Asked(NamedTuple):
    """What somebody wants, and why."""

    wanted: Redating
    reason: str
    note: str | None


class _Found(NamedTuple):
    """What moves, by wallet and direction, and for how many members in all."""

    asked: _Asked
    members: int
    moved: Sequence[Moved]


def migrate(
    from_version: FromOption,
    to_version: ToOption = None,
    wallet: WalletOption = None,
    notice_days: NoticeOption = 30,
    without_notice: WithoutOption = False,
    reason: ReasonOption = None,
    note: NoteOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    kafka: KafkaOption = None,
    topic_prefix: PrefixOption = "",
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let points that an old version made lapse by the policy of another one.

    New points follow the version in force anyway; old ones keep their dates until somebody wants this. It shows what
    moves, asks, and then asks earning for one member after the other; each entry names the reason. Stopped at any
    moment, the same call goes on with what is left, and once more it moves nothing. From a version to itself it moves
    what `pointstream boundaries --changed` finds: days that end at another instant by newer zone data.
    """
    connections = Connections(data, as_json, dsn, kafka, seal_key_file)

    async def work(at: AtProgramme) -> tuple[_Found, int]:
        programme = await running(at.connection, at.programme[:2], at.programme[2:4])
        notice = None if without_notice else at.now + timedelta(days=notice_days)
        target = _target(programme, to_version, at.now, as_json)
        why = reason or ("zone-data" if from_version == target else "new-terms")
        asked = _Asked(Redating(from_version, target, wallet, notice), why, note)
        _check(programme, asked.wanted, as_json)
        found = await _look(at, programme, asked)
        if dry_run or not found.members:
            return found, 0
        if not as_json:
            _show(found)
        if not yes and not as_json and sys.stdin.isatty() and not typer.confirm("Move these dates?"):
            raise typer.Exit(Exit.FAILED)
        return found, await _move(at, programme, found, connections, topic_prefix)

    found, decided = work_at(connections, tenant, programme, work)
    if as_json:
        screen.write_json(_told(found, decided, dry_run=dry_run))
    elif dry_run or not found.members:
        _show(found)
    else:
        screen.out().print(f"{decided:,} members have other dates", markup=False)


async def _look(at: AtProgramme, programme: RunningProgramme, asked: _Asked) -> _Found:
    """Look at every member, and say what would move."""
    sums = Sums()
    with screen.reporting() as news, news.step("Looking") as step:
        async for page in pages(at.connection, programme, asked.wanted, at.now):
            sums.add(page)
            step.progress(f"{sums.members:,} members")
        step.done(f"{sums.members:,} members")
    return _Found(asked, sums.members, sums.moved)


async def _move(
    at: AtProgramme, programme: RunningProgramme, found: _Found, connections: Connections, topic_prefix: str
) -> int:
    """Ask earning for member after member, some hundred at a time, each time until they are decided."""
    done = 0
    with screen.reporting() as news, news.step("Moving") as step:
        async for page in pages(at.connection, programme, found.asked.wanted, at.now):
            members = list(dict.fromkeys(change.member_id for change in page))
            if members:
                await _ask(at, found.asked, members, connections, topic_prefix)
            done += len(members)
            _tell(step, done, found.members)
        step.done(f"{done:,} members")
    return done


async def _ask(
    at: AtProgramme, asked: _Asked, members: Sequence[UUID], connections: Connections, topic_prefix: str
) -> None:
    wanted = asked.wanted
    data = {
        **wanted._asdict(),
        "notice_until": None if wanted.notice_until is None else wanted.notice_until.isoformat(),
        "reason": asked.reason,
        "note": asked.note,
        "requested_by": publishing.who(),
    }
    kind, as_json = RedatingRequestedV1.event_type, connections.as_json
    requests = [
        publishing.request(at.programme, kind, data | {"member_id": str(member)}, at.now, name=None, as_json=as_json)
        for member in members
    ]
    await publishing.publish(connections, topic_prefix, requests)
    await publishing.decided(at.connection, at.programme.tenant_id, requests)


def _tell(step: Step, done: int, members: int) -> None:
    step.progress(f"{done:,} of {members:,} members", done, members)


def _target(programme: RunningProgramme, asked: int | None, now: datetime, as_json: bool) -> int:
    if asked is not None:
        return asked
    version = programme.at(now)
    if version is None:
        fail(Exit.FAILED, "the programme has no version in force", as_json=as_json)
    return version.compiled.version


def _check(programme: RunningProgramme, wanted: Redating, as_json: bool) -> None:
    for option, number in (("--from-version", wanted.from_version), ("--to-version", wanted.to_version)):
        if programme.numbered(number) is None:
            fail(Exit.USAGE, f"{option} {number}: the programme has no such version", as_json=as_json)
    version = programme.numbered(wanted.to_version)
    if version is not None and wanted.wallet is not None and wanted.wallet not in version.calendars:
        known = ", ".join(version.calendars)
        fail(Exit.USAGE, f"--wallet {wanted.wallet}: version {wanted.to_version} has {known}", as_json=as_json)


def _show(found: _Found) -> None:
    wanted = found.asked.wanted
    rows = [
        (
            *(each.wallet, each.direction, f"{each.members:,}", f"{each.lots:,}", f"{each.points:,}"),
            _days(each),
        )
        for each in found.moved
    ]
    same = wanted.from_version == wanted.to_version
    by = "by today's zone data" if same else f"by the policy of version {wanted.to_version}"
    title = f"Points of version {wanted.from_version} {by}"
    screen.write_table(title, rows, ("wallet", "lapse", "members", "lots", "points", "days"))
    if not rows:
        screen.out().print("nothing moves: all of them have those dates", markup=False)


def _days(moved: Moved) -> str:
    if moved.most_days is None:
        return "never, or from never" if moved.least_days is None else f"{moved.least_days:,} or more"
    least, most = moved.least_days or 0, moved.most_days
    if not most:
        return "less than one"
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"


def _told(found: _Found, decided: int, *, dry_run: bool) -> dict[str, Any]:
    wanted = found.asked.wanted
    notice = wanted.notice_until
    return {
        **wanted._asdict(),
        "notice_until": None if notice is None else notice.isoformat().replace("+00:00", "Z"),
        "reason": found.asked.reason,
        "members": found.members,
        "moved": [each._asdict() for each in found.moved],
        "dry_run": dry_run,
        "decided": decided,
    }
