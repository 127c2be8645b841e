"""The way of a command to redemption: one request under a key, answered or not."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any, TypeAlias
from uuid import uuid4

import aiohttp
import orjson
import typer

from cli.connections import Connections
from cli.exits import Exit
from cli.failures import fail, running
from cli.publishing import who
from deploy.embedded import state
from libs.contracts.codes import CodeAsk, ValueAnswer, read_value_answer, write
from libs.contracts.games import GameAsk
from libs.contracts.gift_cards import CardAsk
from libs.contracts.redemption import Ask, door_token

RedemptionOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--redemption", metavar="URL", help="Ask this redemption service (default: that of --data)."),
]
KeyOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--key", metavar="TEXT", help="A name of your own for this request: repeated, it counts once."),
]
AnyAsk: TypeAlias = CodeAsk | CardAsk | GameAsk | Ask
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
