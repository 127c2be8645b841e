"""The way of a command to redemption: one request under a key, answered or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeAlias
from uuid import uuid4

import aiohttp
import msgspec
import orjson
import typer

from cli.code_pools import Session, session
from cli.connections import Connections
from cli.exits import Exit
from cli.failures import fail, finished, running
from cli.publishing import the_member, who
from deploy.embedded import state
from libs.contracts.codes import CodeAsk, ValueAnswer, read_value_answer, write
from libs.contracts.games import GameAsk
from libs.contracts.gift_cards import CardAsk
from libs.contracts.households import HouseholdAsk
from libs.contracts.redemption import Ask, door_token

RedemptionOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--redemption", metavar="URL", help="Ask this redemption service (default: that of --data)."),
]
KeyOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--key", metavar="TEXT", help="A name of your own for this request: repeated, it counts once."),
]
AnyAsk: TypeAlias = CodeAsk | CardAsk | GameAsk | HouseholdAsk | Ask
"""What redemption is asked by commands."""
_PATIENCE = 30.0


def request(tenant_id: int, told: dict[str, Any], key: str | None) -> dict[str, Any]:
    """What an ask says of who calls the command, and of the request that it is."""
    return {
        "tenant_id": tenant_id,
        "credential": f"command:{who()}",
        "key": sha256((key or str(uuid4())).encode()).digest(),
        "fingerprint": sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS, default=str)).digest(),
    }


class Where(NamedTuple):
    """How a command finds its programme, and redemption, by its options."""

    data: Path
    tenant: str | None
    programme: str | None
    redemption: str | None
    dsn: str | None
    seal_key_file: Path | None
    as_json: bool

    @property
    def connections(self) -> Connections:
        """The ways to the database, and to what is sealed in it."""
        return Connections(self.data, self.as_json, self.dsn, None, self.seal_key_file)


def ask_about(
    where: Where,
    path: str,
    make: Callable[..., AnyAsk],
    told: Mapping[str, object],
    *,
    key: str | None = None,
    member: str | None = None,
    found: Callable[[Session], Mapping[str, object]] = lambda at: {},
) -> dict[str, Any]:
    """Make an ask of what is told and found, about a member if one is named, and return what redemption tells."""
    connections = where.connections

    async def work() -> dict[str, Any]:
        async with session(connections, where.tenant, where.programme) as at:
            known = {**told, **found(at), "programme_id": at.scope[1]}
            if member is not None:
                _, known["member_id"] = await the_member(
                    at.connection, connections, member, where.tenant, where.programme
                )
            named = request(at.scope[0], msgspec.to_builtins(known), key)
            return await ask(connections, where.redemption, path, make(**named, **known))

    return finished(work, as_json=where.as_json)


async def ask(connections: Connections, url: str | None, path: str, asked: AnyAsk) -> dict[str, Any]:
    """Ask redemption and return what it tells; ends the command when it refuses or does not answer."""
    answer = await answered(connections, url, path, asked)
    if answer.refused is not None:
        fail(Exit.FAILED, f"{answer.refused}: {answer.detail}", as_json=connections.as_json)
    told: dict[str, Any] = orjson.loads(bytes(answer.body))
    return told


async def answered(connections: Connections, url: str | None, path: str, asked: AnyAsk) -> ValueAnswer:
    """Ask redemption; ends the command when it does not answer: then it is not known whether it was done."""
    address = url or _address(connections)
    token = door_token(connections.seal_key())
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE)) as session,
            session.post(address.rstrip("/") + path, data=write(asked), headers=headers) as reply,
        ):
            body, status = await reply.read(), reply.status
    except (aiohttp.ClientError, TimeoutError) as error:
        fail(Exit.UNAVAILABLE, f"redemption does not answer: {type(error).__name__}", as_json=connections.as_json)
    if status != 200:
        fail(Exit.UNAVAILABLE, f"redemption answers {status}", as_json=connections.as_json)
    return read_value_answer(body)


def _address(connections: Connections) -> str:
    if connections.postgres is not None:
        fail(Exit.USAGE, "name the redemption service with --redemption", as_json=connections.as_json)
    running(connections.data, as_json=connections.as_json)
    return f"http://127.0.0.1:{state.load(connections.data).ports['redemption']}"
