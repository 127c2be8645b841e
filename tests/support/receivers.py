"""HTTP peers on loopback that answer as a test says: receivers of webhooks, providers of messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Heard:
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Peer:
    """A server that was asked so far, and how many connections were made to it."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)
    at_once: int = 0
    most_at_once: int = 0


async def hang(request: web.Request, body: bytes) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def cut_off(request: web.Request, body: bytes) -> web.StreamResponse:
    """Take the request, and break the connection before answering."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def says(status: int, text: str = "", **headers: str) -> Answer:
    """Answer with a status; underscores in names of headers become hyphens."""

    async def answer(request: web.Request, body: bytes) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=named)

    return answer


def in_pieces(status: int, text: str, *, whole: bool = True) -> Answer:
    """Answer with a status, and its body in two pieces; where it is not `whole`, the second never comes."""

    async def answer(request: web.Request, body: bytes) -> web.StreamResponse:
        told, half = text.encode(), len(text.encode()) // 2
        response = web.StreamResponse(status=status, headers={"Content-Length": str(len(told))})
        await response.prepare(request)
        await response.write(told[:half])
        await asyncio.sleep(0.05)  # so that the pieces arrive apart: one read gives what has come by then
        if whole:
            await response.write(told[half:])
        else:
            assert request.transport is not None
            request.transport.close()
        return response

    return answer


def says_json(status: int, text: str, **headers: str) -> Answer:
    """Answer with JSON."""
    return says(status, text, Content_Type="application/json", **headers)


@asynccontextmanager
async def peer(*answers: Answer) -> AsyncIterator[Peer]:
    """Serve; the answers are given one after the other, the last one ever after."""
    told = Peer()
    left = list(answers) or [says(200)]

    async def handle(request: web.Request) -> web.StreamResponse:
        told.connections.add(request.transport)
        body = await request.read()
        told.heard.append(Heard(request.method, request.path_qs, dict(request.headers), body))
        told.at_once += 1
        told.most_at_once = max(told.most_at_once, told.at_once)
        try:
            return await (left.pop(0) if len(left) > 1 else left[0])(request, body)
        finally:
            told.at_once -= 1

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.0, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    told.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield told
    finally:
        await runner.cleanup()
