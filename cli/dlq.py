"""`pointstream dlq`: records that could not be taken — see them, know why, put them back."""

from __future__ import annotations

import base64
import getpass
from collections.abc import Coroutine, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from cli import letters, screen
from cli.connections import Connections, DsnOption, KafkaOption, PrefixOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.letters import Wanted
from cli.masking import masked, revealed
from cli.options import DEFAULT_DATA, DataOption, JsonOption

app = typer.Typer(help="Records that could not be taken: see them, know why, put them back.", no_args_is_help=True)

TopicOption = Annotated[str | None, typer.Option("--topic", help="Only those of this topic, e.g. loyalty.purchases.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Only those refused for this reason.")]


@app.callback()
def _group() -> None:
    """Records that could not be taken: see them, know why, put them back."""


@app.command("list")
def list_letters(
    data: DataOption = DEFAULT_DATA,
    topic: TopicOption = None,
    reason: ReasonOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most; the newest come first.")] = 50,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that were not replayed yet.")] = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List dead letters, the newest first, with a count by reason; and the partitions that stand still."""
    wanted = Wanted(topic, reason, only_open=only_open)

    async def look(dsn: str) -> dict[str, Any]:
        async with letters.connected(dsn) as connection:
            return {
                "reasons": await letters.count(connection, wanted),
                "halted": await letters.halts(connection),
                "letters": await letters.find(connection, wanted, limit),
            }

    found = finished(lambda: look(Connections(data, as_json, dsn).dsn()), as_json=as_json)
    found["total"] = sum(found["reasons"].values())
    if as_json:
        screen.write_json(_plain(found))
        return
    for halt in found["halted"]:
        screen.err().print(
            f"{halt['topic']}/{halt['part']} stands still for {halt['consumer']}: {halt['halt_reason']}", markup=False
        )
    if not found["letters"]:
        screen.out().print("no dead letters", markup=False)
        return
    screen.write_table(
        f"{found['total']} dead letters: " + ", ".join(f"{why} {many}" for why, many in found["reasons"].items()),
        [_row(letter) for letter in found["letters"]],
        ("id", "at", "lay at", "reason", "field", "tried", "replayed"),
    )


@app.command()
def show(
    letter_id: Annotated[UUID, typer.Argument(metavar="ID", help="The letter, as `dlq list` names it.")],
    data: DataOption = DEFAULT_DATA,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show what it says, which may be personal; the database logs who looked.")
    ] = False,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one dead letter: why it was refused, and its structure with every value masked."""
    connections = Connections(data, as_json, dsn, seal_key_file=seal_key_file)

    async def look(dsn: str) -> dict[str, Any]:
        async with letters.connected(dsn) as connection:
            found = await letters.find(connection, Wanted(ids=[letter_id]))
            if not found:
                fail(Exit.FAILED, f"no dead letter {letter_id}", as_json=as_json)
            if reveal:
                await letters.note_reveal(connection, letter_id, getpass.getuser())
            opened = (await letters.open_letters(connection, connections.seal(), [letter_id]))[0]
            return found[0] | _content(opened, reveal=reveal)

    shown = finished(lambda: look(connections.dsn()), as_json=as_json)
    if reveal:
        screen.err().print("revealed; the log of the database server says so", markup=False)
    if as_json:
        screen.write_json(_plain(shown))
        return
    content = {name: shown.pop(name) for name in ("key", "value")}
    screen.write_table(
        str(letter_id), [(name, str(value)) for name, value in _plain(shown).items() if name != "base64"]
    )
    for name, value in content.items():
        screen.out().print(f"\n{name}", markup=False)
        if isinstance(value, str) or value is None:
            screen.out().print(value or "none", markup=False)
        else:
            screen.out().print_json(data=value)


@app.command()
def replay(
    ids: Annotated[list[UUID] | None, typer.Argument(metavar="[ID]...", help="Letters by name.")] = None,
    data: DataOption = DEFAULT_DATA,
    topic: TopicOption = None,
    reason: ReasonOption = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were not replayed yet.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    dsn: DsnOption = None,
    kafka: KafkaOption = None,
    topic_prefix: PrefixOption = "",
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send the original records again, to the topics and partitions that they came from.

    By topic, reason or --all only what was not replayed before. What had been taken in meanwhile is not taken twice.
    """
    if bool(ids) == bool(topic or reason or everything):
        fail(Exit.USAGE, "name letters, or choose them by --topic, --reason or --all", as_json=as_json)
    connections = Connections(data, as_json, dsn, kafka, seal_key_file)
    wanted = Wanted(topic, reason, ids or None, only_open=not ids)

    async def send(dsn: str, replayer: letters.Replayer | None) -> tuple[list[dict[str, Any]], int]:
        async with letters.connected(dsn) as connection:
            found = await letters.find(connection, wanted)
            missing = set(ids or ()) - {letter["letter_id"] for letter in found}
            if missing:
                fail(Exit.FAILED, f"no dead letter {', '.join(map(str, missing))}", as_json=as_json)
            if replayer is None or not found:
                return found, 0
            found.reverse()
            with screen.reporting() as report, report.step("Replay") as step:
                step.progress("records", 0, len(found))
                sent = await replayer.replay(
                    connection,
                    [letter["letter_id"] for letter in found],
                    lambda done: step.progress("records", done, len(found)),
                )
                step.done(f"{sent} records sent again")
            return found, sent

    def begin() -> Coroutine[Any, Any, tuple[list[dict[str, Any]], int]]:
        if dry_run:
            return send(connections.dsn(), None)
        replayer = letters.Replayer(connections.kafka(topic_prefix), connections.seal(), connections.clock().now)
        return send(connections.dsn(), replayer)

    found, sent = finished(begin, as_json=as_json)
    if as_json:
        screen.write_json({"found": len(found), "replayed": sent, "ids": [str(each["letter_id"]) for each in found]})
    elif dry_run and found:
        columns = ("id", "at", "lay at", "reason", "field", "tried", "replayed")
        screen.write_table(f"{len(found)} records would be sent again", [_row(each) for each in found], columns)
    elif not found:
        screen.out().print("nothing to replay", markup=False)


@app.command()
def resume(
    data: DataOption = DEFAULT_DATA,
    topic: Annotated[str | None, typer.Option("--topic", help="A topic, without its prefix.")] = None,
    partition: Annotated[int | None, typer.Option("--partition", min=0, help="One partition of the topic.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every partition that stands still.")] = False,
    dsn: DsnOption = None,
    topic_prefix: PrefixOption = "",
    as_json: JsonOption = False,
) -> None:
    """Lift the halt of partitions: consumption goes on behind the last dead letter, its counters at zero.

    A halt whose cause is not too many bad records (a topic made anew, a position outside the log) comes back.
    """
    if bool(topic) == everything or (everything and partition is not None):
        fail(Exit.USAGE, "name a --topic (and --partition), or all with --all", as_json=as_json)

    async def lift(dsn: str) -> list[Mapping[str, Any]]:
        async with letters.connected(dsn) as connection:
            return await letters.resume(connection, topic_prefix + topic if topic else None, partition)

    lifted = finished(lambda: lift(Connections(data, as_json, dsn).dsn()), as_json=as_json)
    if as_json:
        screen.write_json({"resumed": [dict(each) for each in lifted]})
        return
    for each in lifted:
        screen.out().print(f"{each['topic']}/{each['part']} goes on; it stood still: {each['reason']}", markup=False)
    if not lifted:
        screen.out().print("nothing stands still there", markup=False)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="dlq")


def _row(letter: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(letter["letter_id"]),
        f"{letter['recorded_at']:%Y-%m-%d %H:%M:%S}Z",
        f"{letter['topic']}/{letter['part']}@{letter['record_offset']}",
        letter["reason"],
        letter["field"],
        str(letter["attempts"]),
        f"{letter['replayed_at']:%Y-%m-%d %H:%M:%S}Z" if letter["replayed_at"] else "no",
    )


def _content(opened: letters.Opened, *, reveal: bool) -> dict[str, Any]:
    if not reveal:
        key = None if opened.key is None else f"<{len(opened.key)} bytes>"
        names = [name for name, _ in opened.headers]
        return {"key": key, "value": masked(opened.value), "headers": names, "revealed": False}
    return {
        "key": None if opened.key is None else revealed(opened.key),
        "value": revealed(opened.value),
        "base64": base64.b64encode(opened.value).decode(),
        "headers": {name: None if value is None else revealed(value) for name, value in opened.headers},
        "revealed": True,
    }


def _plain(value: Any) -> Any:
    """The same in what JSON has."""
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case _:
            return value
