"""What a request to spend points comes to, whichever way it came. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from libs.contracts.redemption import Ask
from libs.lives.life import Life
from libs.lives.made import Cause
from libs.runtime.keys import event_id
from services.redemption import domain
from services.redemption.domain import Changed, Redemption, Refusal, Rules

REUSED = Refusal("idempotency-key-reused", "The key stands for another request.")
UNKNOWN_MEMBER = Refusal("member-unknown", "Nobody has this id.")
UNKNOWN = Refusal("redemption-unknown", "Nothing of your company has this id.")
MERGED = Refusal(
    "member-merged", "Whose points these are was merged into another member; an adjustment gives that one points."
)
NO_VERSION = Refusal("version-unknown", "No version of the programme is in force yet.")
GIVES_BACK = frozenset({"release", "commit", "cancel"})
"""What may let points come back."""
_write = msgspec.json.Encoder(order="deterministic").encode


class RequestName(NamedTuple):
    """Where a key counts: a credential of a tenant (an API key, or a source), one operation, the digest of the key."""

    tenant_id: int
    credential: str
    operation: str
    digest: bytes


class Known(NamedTuple):
    """A key that was used before: for which request, and what that was answered."""

    fingerprint: bytes
    answer: bytes


class Patience(NamedTuple):
    """How long points are held, and how long they live that come back past their date."""

    hold: timedelta
    grace: timedelta


def name_of(ask: Ask) -> RequestName:
    """The name of a request."""
    return RequestName(ask.tenant_id, ask.credential, ask.operation, ask.key)


def id_of(request: RequestName) -> UUID:
    """The id of the redemption that a request begins: the same for ever, so that none is made twice."""
    return UUID(event_id(str(request.tenant_id), request.digest.hex(), request.operation, request.credential, 0))


def meaning(ask: Ask) -> bytes:
    """A digest of what a request asks for, the same by whichever way it comes: what makes it another under its key."""
    return sha256(_write(replace(ask, credential="", key=b"", fingerprint=b""))).digest()


def decide(
    ask: Ask, life: Life, redemption: Redemption | None, rules: Rules, cause: Cause, at: datetime, patience: Patience
) -> Changed | Refusal:
    """Begin a redemption, or go on with one, and record it on the member in hand."""
    if redemption is None:
        return UNKNOWN if ask.redemption_id is not None else _take(ask, life, rules, cause, at, patience)
    match ask.operation:
        case "extend":
            return domain.extended(redemption, at, patience.hold)
        case "commit":
            return domain.committed(life, redemption, cause, ask.points, at, rules.zone)
        case "release":
            return domain.released(life, redemption, cause, at)
        case "cancel":
            return domain.cancelled(
                life, redemption, cause, ask.points, at, by=ask.by, grace=patience.grace, rules=rules
            )
    # The answer under the key is forgotten, what was done under it is not.
    return Changed(redemption)


def counts(before: Redemption | None, after: Redemption) -> int:
    """Whether a redemption counts from now on (1), no longer (-1), or as it did (0)."""
    was = before is not None and before.state == "redeemed"
    return (after.state == "redeemed") - was


def _take(ask: Ask, life: Life, rules: Rules, cause: Cause, at: datetime, patience: Patience) -> Changed | Refusal:
    assert ask.points is not None
    wallets = domain.wallets_of(rules, ask.wallet)
    if isinstance(wallets, Refusal):
        return wallets
    return domain.taken(
        life,
        cause.key,
        cause,
        ask.points,
        wallets,
        at,
        held_for=patience.hold if ask.operation == "hold" else None,
        zone=rules.zone,
        reference=ask.reference,
    )
