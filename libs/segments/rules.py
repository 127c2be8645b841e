"""The segments of a programme's version as they are decided by, and what tells them from those of another. Pure."""

from __future__ import annotations

import hashlib
from zoneinfo import ZoneInfo

from libs.promotions.document import canonical_bytes
from libs.promotions.programme import Programme
from libs.segments.known import Rules


def rules_of(programme: Programme, zone: ZoneInfo) -> Rules:
    """The segments of a version."""
    return Rules(programme.segments, zone, programme.wallets[0].name)


def digest(rules: Rules) -> str:
    """A text that changes whenever somebody may be in another segment by these rules."""
    document = {
        "segments": [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in rules.segments],
        "zone": rules.zone.key,
        "wallet": rules.first_wallet,
    }
    return hashlib.sha256(canonical_bytes(document)).hexdigest()
