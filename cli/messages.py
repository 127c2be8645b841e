"""`pointstream messages`: what a member was told, what not, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from cli import mass_messages, screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from libs.deliveries import postgres as deliveries
from libs.deliveries.texts import DELIVERIES, entry_in_words, in_words, reason_in_words
from libs.deliveries.told import Entry, Told
from libs.language.catalogue import LANGUAGES

app = typer.Typer(help="Messages: what members were told, what not, and why.", no_args_is_help=True)
_HEADS = ("queued", "message", "channel", "state", "why", "id")
MemberArgument = Annotated[UUID, typer.Argument(metavar="MEMBER", help="The member's id.")]
MessageArgument = Annotated[UUID, typer.Argument(metavar="MESSAGE", help="The message's id.")]
ChannelOption = Annotated[str | None, typer.Option("--channel", help="Only over this channel, such as email.")]
MessageOption = Annotated[
    str | None, typer.Option("--message", metavar="NAME", help="Only this message, such as expiry_reminder.")
]
MostOption = Annotated[int, typer.Option("--most", min=1, max=1_000, help="How many at most, the newest first.")]
LanguageOption = Annotated[str, typer.Option("--language", help=f"Language of the words: {' or '.join(LANGUAGES)}.")]


@app.callback()
def _group() -> None:
    """Messages: what members were told, what not, and why."""


@app.command("list")
def list_messages(
    member: MemberArgument,
    message: MessageOption = None,
    channel: ChannelOption = None,
    most: MostOption = 50,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the messages of a member over all channels, the newest first."""
    found = _of_member(Connections(data, as_json, dsn), tenant, programme, member, message, channel, most)
    if as_json:
        screen.write_json({"messages": [_told(each) for each in found]})
        return
    rows = [
        (_text(each.queued_at), each.message, each.channel, each.state, each.reason or "", str(each.delivery_id))
        for each in found
    ]
    screen.write_table(f"Messages of {member}", rows, _HEADS)


@app.command()
def show(
    message_id: MessageArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one message: where it stands, and every decision about it."""
    connections = Connections(data, as_json, dsn)

    async def work(at: AtProgramme) -> Told | None:
        return await deliveries.one(at.connection, at.programme.tenant_id, message_id)

    found = work_at(connections, tenant, programme, work)
    if found is None:
        fail(Exit.FAILED, f"there is no message {message_id}", as_json=as_json)
    if as_json:
        screen.write_json(_told(found))
        return
    screen.write_table(in_words(found, "en"), _shown(found), ("", ""))
    screen.write_table(
        "Decisions", [(_text(each.at), entry_in_words(each, "en")) for each in found.trail], ("at", "what")
    )


@app.command()
def why(
    member: MemberArgument,
    message: MessageOption = None,
    channel: ChannelOption = None,
    language: LanguageOption = "en",
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a member got a message or none: the last occasion, channel by channel, in words."""
    if language not in LANGUAGES:
        fail(Exit.USAGE, f"the languages are {', '.join(LANGUAGES)}", as_json=as_json)
    found = _of_member(Connections(data, as_json, dsn), tenant, programme, member, message, channel, 200)
    last = [each for each in found if (each.message, each.occasion) == (found[0].message, found[0].occasion)]
    words = [in_words(each, language) for each in sorted(last, key=lambda each: each.place)]
    if as_json:
        screen.write_json({"words": words, "messages": [_told(each) for each in last]})
        return
    for line in words or [DELIVERIES.say(language, "none")]:
        typer.echo(line)


def _of_member(
    connections: Connections,
    tenant: str | None,
    programme: str | None,
    member: UUID,
    message: str | None,
    channel: str | None,
    most: int,
) -> list[Told]:
    async def work(at: AtProgramme) -> list[Told]:
        name = (at.programme.tenant_id, at.programme.programme_id, member)
        return await deliveries.of_member(at.connection, name, most=most, message=message, channel=channel)

    return work_at(connections, tenant, programme, work)


def _shown(told: Told) -> list[tuple[str, str]]:
    named = {
        "member": str(told.member_id),
        "occasion": told.occasion,
        "channel": told.channel,
        "purpose": told.purpose,
        "state": told.state,
        "reason": reason_in_words(told.reason, "en"),
        "detail": told.detail,
        "attempts": str(told.attempts),
        "queued": _text(told.queued_at),
        "handed over": None if told.handed_at is None else _text(told.handed_at),
        "of use until": None if told.useful_until is None else _text(told.useful_until),
        "then": ", ".join(told.route) or None,
    }
    return [(name, value) for name, value in named.items() if value is not None]


def _told(told: Told) -> dict[str, Any]:
    plain: dict[str, Any] = {
        name: getattr(told, name)
        for name in ("programme", "message", "occasion", "channel", "purpose", "state", "reason", "detail", "attempts",
                     "language")
    }  # fmt: skip
    times = {
        name: None if (at := getattr(told, name)) is None else _text(at)
        for name in ("queued_at", "due_at", "useful_until", "handed_at", "delivered_at", "opened_at", "clicked_at",
                     "ended_at")
    }  # fmt: skip
    return (
        plain
        | times
        | {
            "message_id": str(told.delivery_id),
            "member_id": str(told.member_id),
            "route": list(told.route),
            "facts": dict(told.facts),
            "words": in_words(told, "en"),
            "decisions": [_entry(each) for each in told.trail],
        }
    )


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "at": _text(entry.at),
        "state": entry.state,
        "reason": entry.reason,
        "detail": entry.detail,
        "until": None if entry.until is None else _text(entry.until),
        "words": entry_in_words(entry, "en"),
    }


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    app.add_typer(mass_messages.app, name="mass")
    main.add_typer(app, name="messages")
