"""Where a webhook may go, whatever way the address is written."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.webhooks.resolving import NotPublic, PublicResolver, check_name, public_connector
from libs.webhooks.targets import TargetRefused, check_address, read_target

PUBLIC = "93.184.216.34"
REFUSED = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://172.16.5.5/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://intranet/",
    "http://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "ftp://example.com/",
    "//example.com/",
    "example.com",
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://example.com@127.0.0.1/",
    "https://@example.com/",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://exa mple.com/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com\n/",
    "https://ex\u00e4mple.com/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://",
    "https:///x",
    "https://" + "a" * 3000 + ".com/",
]


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_not_public_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        read_target(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook?x=1",
        f"https://{PUBLIC}:8443/",
        "https://[2606:4700::1111]/",
        "https://0.pool.example/",
    ],
)
def test_what_is_public_passes(url: str) -> None:
    assert read_target(url).url == url


def test_for_trying_things_out_this_machine_passes_and_nothing_else() -> None:
    assert read_target("http://127.0.0.1:8000/x", loopback=True).port == 8000
    assert read_target("http://localhost:8000/x", loopback=True).address is None
    for url in ("http://10.0.0.1/", "https://169.254.169.254/", "ftp://127.0.0.1/"):
        with pytest.raises(TargetRefused):
            read_target(url, loopback=True)


@settings(max_examples=200)
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_no_private_address_passes(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    try:
        check_address(address)
    except TargetRefused:
        return
    assert address.is_global
    assert not address.is_private
    assert not address.is_loopback
    assert not address.is_multicast


def lookup(*answers: list[str]):  # type: ignore[no-untyped-def]  # a lookup that says something else each time
    left = list(answers)

    async def look(host: str, port: int) -> list[tuple[int, str]]:
        found = left.pop(0) if len(left) > 1 else left[0]
        if not found:
            raise OSError(host)
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, each) for each in found]

    return look


@pytest.mark.parametrize("found", [["10.0.0.1"], [PUBLIC, "127.0.0.1"], ["::ffff:10.0.0.1"], []])
async def test_a_name_that_leads_inside_is_refused_at_create_and_at_connect(found: list[str]) -> None:
    with pytest.raises(TargetRefused):
        await check_name(read_target("https://hook.example.com/"), lookup(found))
    with pytest.raises(OSError, match=r"public|hook"):
        await PublicResolver(lookup(found)).resolve("hook.example.com", 443)


async def test_a_name_that_flips_is_refused_when_it_is_connected_to() -> None:
    flips = lookup([PUBLIC], ["127.0.0.1"])
    await check_name(read_target("https://hook.example.com/"), flips)
    async with aiohttp.ClientSession(connector=public_connector(flips)) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as refused:
            await session.get("https://hook.example.com/")
    assert isinstance(refused.value.os_error, NotPublic)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "127.1", "[::ffff:127.0.0.1]", "localhost"])
async def test_a_socket_is_never_opened_to_this_machine(host: str) -> None:
    """Even where nobody has looked at the URL: what the client itself makes of it is looked at."""
    heard: list[object] = []
    server = await asyncio.start_server(lambda reader, writer: heard.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, aiohttp.ClientSession(connector=public_connector()) as session:
        with pytest.raises((aiohttp.ClientConnectorError, aiohttp.InvalidURL)):
            await session.get(f"http://{host}:{port}/")
    assert heard == []


@pytest.mark.parametrize("host", ["a..example", ".example.com", "a" * 64 + ".example"])
async def test_what_can_be_no_name_is_nobodys(host: str) -> None:
    """Nobody is connected to, and no request ends in anything but that."""
    with pytest.raises(TargetRefused, match="nobody has this name"):
        await check_name(read_target(f"https://{host}/"))
    async with aiohttp.ClientSession(connector=public_connector()) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.post(f"https://{host}/")
