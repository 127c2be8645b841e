"""Personal data for whoever need not read it: enough to tell one from another, too little to use. Pure."""

from __future__ import annotations

import orjson

from libs.messages.content import ChannelName

HIDDEN = "•••"
_TAIL = 3


def masked_name(name: str | None) -> str | None:
    """Show a name's first letter."""
    return name and name[0] + HIDDEN


def masked_address(channel: ChannelName, address: str) -> str:
    """Show an address as far as a member on the phone can confirm it: first letters, last digits."""
    if channel == "email":
        local, _, domain = address.rpartition("@")
        name, dot, ending = domain.rpartition(".")
        return f"{local[:1]}{HIDDEN}@{name[:1]}{HIDDEN}{dot}{ending}"
    if channel == "web_push":
        return f"https://{orjson.loads(address)['endpoint'].split('/')[2]}/{HIDDEN}"
    if channel == "file" or len(address) < 3 * _TAIL:
        return HIDDEN
    return (address[:_TAIL] if channel == "sms" else "") + HIDDEN + address[-_TAIL:]
