"""`pointstream webhooks`: endpoints that are told of events, what they were told, and what is told again."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID, uuid4

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import TenantOption, the_tenant
from libs.runtime.clock import SystemClock, parse_instant
from libs.webhooks.endpoints import MOST_ENDPOINTS, Attempt, Endpoint, Kept, Wish
from libs.webhooks.payload import Style, trial_message
from libs.webhooks.postgres import Webhooks
from libs.webhooks.resolving import check_name
from libs.webhooks.targets import TargetRefused, read_target
from libs.webhooks.wanted import unknown_types

app = typer.Typer(help="Webhooks: events told to URLs of yours, signed.", no_args_is_help=True)
T = TypeVar("T")
Work = Callable[[Webhooks, datetime], Awaitable[T]]
EndpointArgument = Annotated[UUID, typer.Argument(metavar="ENDPOINT", help="The endpoint's id.")]
MessageArgument = Annotated[UUID, typer.Argument(metavar="MESSAGE", help="The message's id.")]


@app.callback()
def _group() -> None:
    """Webhooks: events told to URLs of yours, signed."""


@app.command("list")
def list_endpoints(
    data: DataOption = DEFAULT_DATA, tenant: TenantOption = None, dsn: DsnOption = None, as_json: JsonOption = False
) -> None:
    """Show the endpoints, and how many messages wait for each."""
    found = _on(Connections(data, as_json, dsn), tenant, lambda webhooks, _: webhooks.endpoints())
    if as_json:
        screen.write_json({"endpoints": [_plain(each) for each in found]})
        return
    rows = [
        (str(each.endpoint_id), each.url, " ".join(each.event_types), each.state, f"{each.waiting:,}") for each in found
    ]
    screen.write_table(f"{len(found)} endpoints", rows, ("id", "where", "wants", "state", "waiting"))


@app.command()
def create(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to: https, and public.")],
    types: Annotated[list[str], typer.Argument(metavar="TYPE…", help="points.credited, points.*, or '*'.")],
    full: Annotated[bool, typer.Option("--full", help="Tell all that an event says, not its ids alone.")] = False,
    description: Annotated[str, typer.Option("--description", help="What you call it.")] = "",
    loopback: Annotated[bool, typer.Option("--loopback", help="Let it lie on this machine (embedded only).")] = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an endpoint. Its secret is printed here, and never again."""
    for name in unknown_types(types):
        fail(Exit.USAGE, f"no event is called {name}", as_json=as_json)
    connections = Connections(data, as_json, dsn, seal_key_file=seal_key_file)
    style: Style = "full" if full else "thin"

    async def work(webhooks: Webhooks, now: datetime) -> tuple[UUID, str | None]:
        target = read_target(url, loopback=loopback)
        await check_name(target, loopback=loopback)
        endpoint_id = uuid4()
        wish = Wish(target.url, tuple(types), style, description)
        return endpoint_id, await webhooks.add(endpoint_id, wish, now, "command line", os.urandom)

    try:
        endpoint_id, secret = _on(connections, tenant, work, sealed=True)
    except TargetRefused as refused:
        fail(Exit.USAGE, f"{url}: {refused}", as_json=as_json)
    if secret is None:
        fail(Exit.FAILED, f"a company has up to {MOST_ENDPOINTS} endpoints", as_json=as_json)
    _tell_secret(endpoint_id, secret, as_json)


@app.command()
def show(
    endpoint: EndpointArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an endpoint and its newest messages."""

    async def work(webhooks: Webhooks, _: datetime) -> tuple[Endpoint | None, list[Kept]]:
        return await webhooks.endpoint(endpoint), await webhooks.messages(endpoint, None, None, 20)

    found, messages = _on(Connections(data, as_json, dsn), tenant, work)
    if found is None:
        _unknown(as_json)
    if as_json:
        screen.write_json({**_plain(found), "messages": [_plain(each) for each in messages]})
        return
    screen.out().print(f"{found.url}, {found.state}, {found.style}, wants {' '.join(found.event_types)}", markup=False)
    rows = [
        (str(each.message_id), each.event_type, _when(each.queued_at), each.state, str(each.attempts))
        for each in messages
    ]
    screen.write_table("Messages, newest first", rows, ("id", "event", "queued (UTC)", "state", "attempts"))


@app.command()
def attempts(
    endpoint: EndpointArgument,
    message: MessageArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the attempts at a message, newest first."""
    found = _on(Connections(data, as_json, dsn), tenant, lambda webhooks, _: webhooks.attempts(endpoint, message))
    if as_json:
        screen.write_json({"attempts": [_plain(each) for each in found]})
        return
    rows = [
        (str(each.number), _when(each.at), f"{each.took_ms:,} ms", str(each.status or ""), each.why or each.outcome)
        for each in found
    ]
    screen.write_table(f"{len(found)} attempts", rows, ("number", "at (UTC)", "took", "status", "became"))


@app.command()
def rotate(
    endpoint: EndpointArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an endpoint another secret; the old one signs too for 24 hours."""
    connections = Connections(data, as_json, dsn, seal_key_file=seal_key_file)
    secret = _on(connections, tenant, lambda webhooks, now: webhooks.rotate(endpoint, now, os.urandom), sealed=True)
    if secret is None:
        _unknown(as_json)
    _tell_secret(endpoint, secret, as_json)


@app.command()
def enable(
    endpoint: EndpointArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn an endpoint on again, whoever turned it off."""
    done = _on(Connections(data, as_json, dsn), tenant, lambda webhooks, now: webhooks.turn(endpoint, "on", now))
    _said(done, "it is on", as_json)


@app.command()
def disable(
    endpoint: EndpointArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn an endpoint off; what waits for it waits on."""
    done = _on(Connections(data, as_json, dsn), tenant, lambda webhooks, now: webhooks.turn(endpoint, "off", now))
    _said(done, "it is off", as_json)


@app.command()
def remove(
    endpoint: EndpointArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove an endpoint, with all that it was told and what waits for it."""
    done = _on(Connections(data, as_json, dsn), tenant, lambda webhooks, _: webhooks.remove(endpoint))
    _said(done, "it is removed", as_json)


@app.command()
def resend(
    endpoint: EndpointArgument,
    message: MessageArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a message again, at once and under the same id."""
    connections = Connections(data, as_json, dsn)
    done = _on(connections, tenant, lambda webhooks, now: webhooks.resend(endpoint, message, now))
    _said(done, "it is sent again", as_json)


@app.command()
def replay(
    endpoint: EndpointArgument,
    since: Annotated[str, typer.Option("--from", metavar="INSTANT", help="What happened from then on.")],
    until: Annotated[str, typer.Option("--to", metavar="INSTANT", help="And before this.")],
    everything: Annotated[bool, typer.Option("--all", help="What was delivered, too.")] = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a span of messages again, up to 10,000 at one word: those that were given up, or all of them."""
    try:
        span = (parse_instant(since), parse_instant(until))
    except ValueError as error:
        fail(Exit.USAGE, str(error), as_json=as_json)
    connections = Connections(data, as_json, dsn)
    count = _on(connections, tenant, lambda webhooks, now: webhooks.replay(endpoint, span, not everything, now))
    if as_json:
        screen.write_json({"messages": count})
    else:
        screen.out().print(f"{count:,} messages are sent again", markup=False)


@app.command("test")
def try_out(
    endpoint: EndpointArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a message that tells of nothing but that it arrives."""

    async def work(webhooks: Webhooks, now: datetime) -> UUID | None:
        message = trial_message(endpoint, uuid4(), now)
        if await webhooks.endpoint(endpoint) is None:
            return None
        await webhooks.keep(endpoint, message, now)
        return message.message_id

    message_id = _on(Connections(data, as_json, dsn), tenant, work)
    if message_id is None:
        _unknown(as_json)
    if as_json:
        screen.write_json({"message_id": str(message_id)})
    else:
        screen.out().print(f"{message_id} is on its way; `pointstream webhooks attempts` tells", markup=False)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="webhooks")


def _on(connections: Connections, tenant: str | None, work: Work[T], *, sealed: bool = False) -> T:
    """Do something with the webhooks of a tenant, in one transaction."""
    seal = connections.seal() if sealed else None

    async def done() -> T:
        connection = await asyncpg.connect(connections.dsn())
        try:
            tenant_id = await the_tenant(connection, tenant, as_json=connections.as_json)
            async with connection.transaction():
                return await work(Webhooks(connection, tenant_id, seal), SystemClock().now())
        finally:
            await connection.close()

    return finished(done, as_json=connections.as_json)


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _plain(value: Endpoint | Kept | Attempt) -> dict[str, Any]:
    """A value as JSON takes it; bodies are left out."""
    return {
        name: str(each) if isinstance(each, UUID | datetime) else each
        for name, each in asdict(value).items()
        if name != "body"
    }


def _tell_secret(endpoint_id: UUID, secret: str, as_json: bool) -> None:
    if as_json:
        screen.write_json({"endpoint_id": str(endpoint_id), "secret": secret})
        return
    screen.out().print(f"endpoint  {endpoint_id}\nsecret    {secret}", markup=False)
    screen.err().print("the secret is told this once", markup=False)


def _said(done: bool, words: str, as_json: bool) -> None:
    if not done:
        _unknown(as_json)
    if as_json:
        screen.write_json({"done": True})
    else:
        screen.out().print(words, markup=False)


def _unknown(as_json: bool) -> NoReturn:
    fail(Exit.FAILED, "there is no such endpoint, or no such message", as_json=as_json)
