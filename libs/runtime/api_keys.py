"""API keys in text and at rest: minting, reading and digests. Pure; where keys are stored is the caller's business.

A key reads `ly_test_<key id>_<secret>`. The prefix lets scanners of leaked secrets know it, the id finds its row, and
the secret is 256 random bits, shown once. Only a SHA-256 digest is kept: against that much entropy there is nothing to
guess, so a slow hash would only make every request slow.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

Mode = Literal["test", "live"]

SCOPES = (
    "members:read",
    "points:read",
    "receipts:read",
    "quotes:read",
    "events:write",
    "members:write",
    "points:adjust",
    "points:spend",
    "rewards:read",
    "rewards:write",
    "rules:read",
    "rules:publish",
    "webhooks:read",
    "webhooks:write",
    "pii:read",
    "chats:answer",
    "admin",
)
"""What a key may be allowed; `admin` includes the others."""

_ID_BYTES = 8
_SECRET_BYTES = 32
_FORM = re.compile(r"ly_(test|live)_([0-9a-f]{16})_([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is stored of a key: everything but the secret. Instants are aware UTC."""

    key_id: str
    tenant_id: int
    name: str
    digest: bytes
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def usable(self, at: datetime) -> bool:
        """Whether the key is neither revoked nor past its date."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def allows(self, scope: str) -> bool:
        """Whether the key was given this scope."""
        return scope in self.scopes or "admin" in self.scopes


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """A key as a caller sent it: the id to look up, and the digest of all of it to compare."""

    key_id: str
    digest: bytes

    def matches(self, digest: bytes) -> bool:
        """Whether it is the key of that digest, in a time that tells nothing about it."""
        return hmac.compare_digest(self.digest, digest)


def mint(
    tenant_id: int,
    name: str,
    scopes: Iterable[str],
    now: datetime,
    random: Callable[[int], bytes],
    *,
    expires_at: datetime | None = None,
    mode: Mode = "test",
) -> tuple[str, ApiKey]:
    """Make a key: its text, to be shown once, and what to store of it.

    `random` gives so many unpredictable bytes (`os.urandom`).

    Raises:
        ValueError: a scope is not one of `SCOPES`, or none was given.
    """
    wanted = tuple(sorted(set(scopes)))
    if not wanted or (strangers := sorted(set(wanted) - set(SCOPES))):
        raise ValueError(f"scopes {', '.join(strangers) if wanted else '(none)'}; allowed: {', '.join(SCOPES)}")
    key_id = random(_ID_BYTES).hex()
    text = f"ly_{mode}_{key_id}_{random(_SECRET_BYTES).hex()}"
    return text, ApiKey(key_id, tenant_id, name, digest(text), wanted, now, expires_at)


def digest(text: str) -> bytes:
    """The SHA-256 of a whole key."""
    return sha256(text.encode()).digest()


def present(text: str) -> PresentedKey | None:
    """Read what a caller sent; None when it can't be a key."""
    form = _FORM.fullmatch(text)
    return PresentedKey(form.group(2), digest(text)) if form else None
