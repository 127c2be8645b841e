"""Addresses as they come, checked and brought to one form, so that the same one is known again. Pure.

What is checked is the form: whether anybody is there, only sending shows.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import orjson

from libs.messages.content import ChannelName

AddressedChannel = Literal["email", "sms", "push", "web_push", "http", "file"]
"""Channels that need an address; the others reach a member by what the platform knows anyway."""

ALONE: frozenset[str] = frozenset({"email", "sms", "http", "file"})
"""Channels of which a member has one address: what is told takes the place of it. Devices are added."""

LONGEST = 4_096
"""Characters that an address has at most, as it comes."""

_EMAIL_MOST = 254
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_TOKEN = re.compile(r"[!-~]+")
# A name of more than one part and no number, so that no neighbour of ours is meant.
_ENDPOINT = re.compile(r"https://(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*(?::443)?/[!-~]*")
_CHAT_MOST = 512
_LINES, _LINE = 8, 80
_POINT, _SECRET = 65, 16


@dataclass(frozen=True, slots=True)
class CheckedAddress:
    """An address in its one form. `identity` is what it is known by: two with the same one are the same place."""

    channel: ChannelName
    value: str = field(repr=False)
    identity: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a text is no address of its channel: what was expected, and nothing of the text."""

    expected: str


def read_address(channel: str, text: str, country: str | None = None) -> CheckedAddress | Unfit:
    """Return a text as an address of a channel; `country` (ISO 3166, two letters) is where a number without one is."""
    if channel == "sms":
        return _phone(text.strip(), country)
    read = _READERS.get(channel)
    if read is None:
        return Unfit(f"one of the channels {', '.join(sorted([*_READERS, 'sms']))}")
    if len(text) > LONGEST:
        return Unfit(f"at most {LONGEST} characters")
    return read(text.strip())


def _email(text: str) -> CheckedAddress | Unfit:
    """A mail address as forms on the web take it; the domain in lower case and ASCII."""
    local, at, domain = text.rpartition("@")
    if len(text) > _EMAIL_MOST:
        return _NO_EMAIL
    try:
        domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        return _NO_EMAIL
    labels = domain.split(".")
    if not at or not _LOCAL.fullmatch(local) or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        return _NO_EMAIL
    value = f"{local}@{domain}"
    return CheckedAddress("email", value, value.lower()) if len(value) <= _EMAIL_MOST else _NO_EMAIL


def _phone(text: str, country: str | None) -> CheckedAddress | Unfit:
    """A number in E.164. Its length is checked and not whether it was given out: nobody's list of those is complete."""
    # Here, for it takes a fifth of a second that most processes never need.
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse

    try:
        number = parse(text, country)
    except NumberParseException:
        return _NO_PHONE
    if number.extension or not is_possible_number(number):
        return _NO_PHONE
    value = format_number(number, PhoneNumberFormat.E164)
    return CheckedAddress("sms", value, value)


def _push(text: str) -> CheckedAddress | Unfit:
    return CheckedAddress("push", text, text) if _TOKEN.fullmatch(text) else Unfit("a token without spaces")


def _web_push(text: str) -> CheckedAddress | Unfit:
    """A subscription as the browser's `PushSubscription.toJSON` gives it; it is known by its endpoint."""
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _NO_SUBSCRIPTION
    match told:
        case {"endpoint": str(endpoint), "keys": {"p256dh": str(key), "auth": str(secret)}}:
            point, shared = _unbase(key), _unbase(secret)
        case _:
            return _NO_SUBSCRIPTION
    if not _ENDPOINT.fullmatch(endpoint) or len(point) != _POINT or point[0] != 4 or len(shared) != _SECRET:
        return _NO_SUBSCRIPTION
    keys = {"p256dh": _base(point), "auth": _base(shared)}
    return CheckedAddress("web_push", orjson.dumps({"endpoint": endpoint, "keys": keys}).decode(), endpoint)


def _chat(text: str) -> CheckedAddress | Unfit:
    """Whatever a provider calls its customer by."""
    fits = 1 <= len(text) <= _CHAT_MOST and text.isprintable()
    return CheckedAddress("http", text, text) if fits else Unfit(f"1 to {_CHAT_MOST} printable characters")


def _postal(text: str) -> CheckedAddress | Unfit:
    """What stands on an envelope, line by line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= _LINES or any(len(line) > _LINE or not line.isprintable() for line in lines):
        return Unfit(f"1 to {_LINES} lines of at most {_LINE} characters")
    value = "\n".join(lines)
    return CheckedAddress("file", value, value.casefold())


def _unbase(text: str) -> bytes:
    """The bytes of base64 in either alphabet, padded or not; none where it is not."""
    try:
        even = text.rstrip("=").replace("+", "-").replace("/", "_").encode("ascii")
        return base64.b64decode(even + b"=" * (-len(even) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return b""


def _base(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_NO_EMAIL = Unfit("a mail address")
_NO_PHONE = Unfit("a phone number with its country, or the country said apart")
_NO_SUBSCRIPTION = Unfit("a subscription of a browser: an https endpoint, and the keys p256dh and auth")
_READERS: dict[str, Callable[[str], CheckedAddress | Unfit]] = {
    "email": _email,
    "push": _push,
    "web_push": _web_push,
    "http": _chat,
    "file": _postal,
}
