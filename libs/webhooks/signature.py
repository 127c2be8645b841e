"""How a webhook proves where it comes from: HMAC-SHA256 over its id, time and body, as Standard Webhooks says."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

PREFIX = "whsec_"
BOTH_VALID = timedelta(hours=24)
"""How long what is sent is signed with the secret of before, too, once there is another."""
_BYTES = 32
_SHORTEST, _LONGEST = 24, 64


def make_secret(random: Callable[[int], bytes]) -> str:
    """Return a new secret, as the receiver is given it; `random` gives so many unpredictable bytes."""
    return PREFIX + base64.b64encode(random(_BYTES)).decode()


def secret_bytes(secret: str) -> bytes:
    """Return the key that a secret stands for.

    Raises:
        ValueError: it is no secret of 24 to 64 bytes.
    """
    if not secret.startswith(PREFIX):
        raise ValueError(f"a secret begins with {PREFIX}")
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(f"a secret has {_SHORTEST} to {_LONGEST} bytes")
    return key


def signed_headers(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Return the three headers of an attempt made at an instant of the machine's clock, signed with each secret.

    Raises:
        ValueError: the id has a dot, by which it would be told apart from what follows it, or there is no secret.
    """
    if not message_id or "." in message_id:
        raise ValueError("the id of a webhook has no dot")
    if not secrets:
        raise ValueError("without a secret nothing is signed")
    stamp = str(int(at.timestamp()))
    signed = f"{message_id}.{stamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{_sign(signed, secret)}" for secret in secrets),
    }


def _sign(signed: bytes, secret: str) -> str:
    return base64.b64encode(hmac.digest(secret_bytes(secret), signed, "sha256")).decode()
