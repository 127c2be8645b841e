"""How the gateway asks redemption for what a member has chosen: as a grant, under the key of the choice."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

CREDENTIAL = "choices"
"""Under which all choices are asked for, whoever does: a choice is made once."""


def choice_key(choice_id: UUID) -> bytes:
    """The digest of the key of a choice."""
    return sha256(b"choice " + choice_id.bytes).digest()
