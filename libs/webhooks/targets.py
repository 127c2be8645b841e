"""Where a webhook may go: over https to a public address, whatever way the address is written.

Addresses are read by the parser of the client that connects, so that both see the same host. Nothing is looked up here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from yarl import URL

LONGEST = 2048
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa")
_AUTHORITY = re.compile(r"[a-zA-Z]+://([^/?#]*)")
_NUMBER = re.compile(r"\d+|0[xX][0-9a-fA-F]*")
# Public by their own rules, but they lead into IPv4, where anything may be behind them.
_TUNNELS = tuple(
    map(ip_network, ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48", "::/96", "192.88.99.0/24"))
)
_NOBODY = tuple(map(ip_network, ("fec0::/10", "240.0.0.0/4", "0.0.0.0/8")))

Address = IPv4Address | IPv6Address


class TargetRefused(ValueError):
    """A webhook must not go there; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A place that a webhook may go to, as far as can be told without looking its name up."""

    url: str
    host: str
    port: int
    address: Address | None
    """What the host is, where it is no name."""


def read_target(text: str, *, loopback: bool = False) -> Target:
    """Read the URL of an endpoint. `loopback` lets plain http, and this machine, pass: for trying things out.

    Raises:
        TargetRefused: it is none, or leads where no webhook may go.
    """
    if not text.isascii() or len(text) > LONGEST or any(each <= " " or each in "\\\x7f" for each in text):
        raise TargetRefused("write a URL in ASCII, without blanks, of at most 2,048 characters")
    try:
        url = URL(text)
        host, port = url.raw_host, url.port
    except ValueError:
        raise TargetRefused("this is no URL") from None
    if url.scheme != "https" and not (loopback and url.scheme == "http"):
        raise TargetRefused("write to https only")
    if not host or port is None or not 0 < port < 65536:
        raise TargetRefused("a URL names a host")
    written = _AUTHORITY.match(text)
    if written is None or "@" in written[1]:
        raise TargetRefused("a URL carries no user and no password")
    address = _address(host)
    if address is not None:
        check_address(address, loopback=loopback)
    elif not loopback:
        _check_name(host)
    return Target(str(url.with_fragment(None)), host, port, address)


def check_address(address: Address | str, *, loopback: bool = False) -> None:
    """Let an address pass that is public.

    Raises:
        TargetRefused: it is not.
    """
    address = ip_address(address) if isinstance(address, str) else address
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is not None:
        address = mapped
    if loopback and address.is_loopback:
        return
    odd = any(address in net for net in (*_TUNNELS, *_NOBODY) if net.version == address.version)
    if odd or not address.is_global or address.is_multicast or address.is_reserved:
        raise TargetRefused("its address is not public")


def _address(host: str) -> Address | None:
    """The address that a host is, if it is one in the usual form; any other number is refused."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    last = host.rstrip(".").rpartition(".")[2]
    if _NUMBER.fullmatch(last) or ":" in host:
        raise TargetRefused("write an address as four decimal numbers, or as IPv6 in brackets")
    return None


def _check_name(host: str) -> None:
    name = host.rstrip(".").lower()
    if "." not in name or any(name == each or name.endswith("." + each) for each in _LOCAL_NAMES):
        raise TargetRefused("its name is of a private network")
