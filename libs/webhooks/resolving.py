"""Looking a receiver's name up once, and connecting to nothing but what was found and is public.

A name may lead elsewhere a moment later, so what was checked is what is connected to; the socket is looked at again
before it connects, which holds whatever the client above it does.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from libs.webhooks.targets import Target, TargetRefused, check_address

Lookup = Callable[[str, int], Awaitable[list[tuple[int, str]]]]
"""From a name and a port to (family, address); OSError when there is none."""
_WITHIN = 5.0


class NotPublic(OSError):
    """A name, or a socket, leads where no webhook may go."""


async def look_up(host: str, port: int) -> list[tuple[int, str]]:
    """Ask the system for the addresses of a host.

    Raises:
        OSError: there are none, or not in time.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(_WITHIN):
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:  # a part of it is empty, or longer than names have it
            raise OSError("nobody can have this name") from None
    return [(family, str(where[0])) for family, _, _, _, where in found]


async def check_name(target: Target, lookup: Lookup = look_up, *, loopback: bool = False) -> None:
    """Look a target up when an endpoint is made: a name of which any address is not public is refused.

    Raises:
        TargetRefused: it leads to nobody, or where no webhook may go.
    """
    if target.address is not None:
        return
    try:
        found = await lookup(target.host, target.port)
    except OSError:
        raise TargetRefused("nobody has this name") from None
    for _, address in found:
        check_address(address, loopback=loopback)


class PublicResolver(AbstractResolver):
    """Finds the public addresses of a name; where one is not, it finds none."""

    def __init__(self, lookup: Lookup = look_up, *, loopback: bool = False) -> None:
        self._lookup, self._loopback = lookup, loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return what to connect to.

        Raises:
            NotPublic: an address of the name is not public.
            OSError: there are none.
        """
        found = await self._lookup(host, port)
        for _, address in found:
            _pass(address, self._loopback)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for kind, address in found
            if family in (socket.AF_UNSPEC, kind)
        ]

    async def close(self) -> None:
        """Nothing is held."""


def public_connector(lookup: Lookup = look_up, *, loopback: bool = False) -> aiohttp.TCPConnector:
    """Return a pool of connections to public addresses; each is looked up when it is made.

    It has no limit of its own: who waits for a connection would lose the time that the receiver has for an answer.
    """

    def guarded(where: Any) -> socket.socket:
        family, kind, protocol, _, place = where
        _pass(str(place[0]), loopback)
        return socket.socket(family, kind, protocol)

    return aiohttp.TCPConnector(
        resolver=PublicResolver(lookup, loopback=loopback),
        use_dns_cache=False,
        socket_factory=guarded,
        limit=0,
    )


def _pass(address: str, loopback: bool) -> None:
    try:
        check_address(address, loopback=loopback)
    except TargetRefused as refused:
        raise NotPublic(str(refused)) from None
