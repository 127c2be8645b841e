"""What a provider of text messages tells us afterwards, signed and about one message, as Twilio does. Pure."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["delivered", "failed", "bounced"]
# Codes of a message that did not arrive, by which the number is known to be dead.
_DEAD = frozenset({"30005", "30006", "21211", "21614"})
_KINDS: Mapping[str, Kind] = {
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "bounced",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message: the provider's code, and whether nobody is at the number any more."""

    kind: Kind
    code: str
    dead: bool


def callback_url(base: str, message_id: str) -> str:
    """Where the provider tells what became of a message: it is named in the address, which the provider signs."""
    return f"{base}{'&' if '?' in base else '?'}message={message_id}"


def signature_of(token: str, url: str, fields: Mapping[str, str]) -> str:
    """Return what a request of the provider is signed with: HMAC-SHA1 over the address and the sorted fields."""
    signed = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


def is_signed(token: str, url: str, fields: Mapping[str, str], signature: str) -> bool:
    """Whether the provider sent this; takes as long whatever is wrong."""
    return hmac.compare_digest(signature_of(token, url, fields).encode(), signature.encode())


def read_report(fields: Mapping[str, str]) -> Report | None:
    """Return what became of a message; None while it is still on its way."""
    kind = _KINDS.get(fields.get("MessageStatus", ""))
    if kind is None:
        return None
    code = fields.get("ErrorCode", "")
    code = code if code.isascii() and code.isdigit() and len(code) <= 6 else ""
    return Report(kind, code, code in _DEAD)
