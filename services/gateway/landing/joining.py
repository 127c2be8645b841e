"""Joining by a landing page: from the fields of its form to the event of an enrolment. Pure.

A form is known by its key, so that however often it is sent one member joins. The member's id follows from the key by
a secret of the platform: nobody can join as somebody that there is.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from libs.contacts.addresses import CheckedAddress, read_address
from libs.contacts.plain_names import plain_name
from libs.design.landing import Form
from libs.design.style import text_in
from services.gateway.confirming.asked import LONGEST_SOURCE, Wish

LIVES = timedelta(hours=12)
"""How long a form may lie open."""
_KEY = re.compile(r"(\d{13})\.([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Joining:
    """Makes members of forms."""

    secret: bytes = field(repr=False)

    @classmethod
    def from_seal_key(cls, key: bytes) -> Self:
        """Derive the secret from the platform's."""
        return cls(hmac.digest(key, b"landing pages", "sha256"))

    def key(self, now: datetime, chance: bytes) -> str:
        """Return the key of a form that is shown; `chance` are sixteen bytes."""
        return f"{int(now.timestamp() * 1000):013d}.{chance.hex()}"

    def member(self, key: str, now: datetime) -> UUID | None:
        """Return the id of who joins by a form, a UUIDv7; None when it is no key of ours, or lay open too long."""
        if not (found := _KEY.fullmatch(key)):
            return None
        made = datetime.fromtimestamp(int(found[1]) / 1000, UTC)
        if not now - LIVES < made <= now + timedelta(minutes=1):
            return None
        drawn = int.from_bytes(hmac.digest(self.secret, key.encode(), "sha256")[:16])
        low = drawn & ((1 << 74) - 1)
        return UUID(int=int(found[1]) << 80 | 0x7 << 76 | (low >> 62) << 64 | 0x2 << 62 | low & ((1 << 62) - 1))


def address_of(fields: Mapping[str, str]) -> CheckedAddress | None:
    """Return the mail address that was filled in; None when it is none."""
    found = read_address("email", fields.get("email", "").strip())
    return found if isinstance(found, CheckedAddress) else None


def names_of(form: Form, fields: Mapping[str, str]) -> dict[str, str] | None:
    """Return the names that were filled in; None when one is plainly no name.

    A stranger may fill in anybody's address, to whom the first mail goes: no place for words of theirs.
    """
    written: dict[str, str] = {name: value for name in form.asks if (value := fields.get(name, "").strip())}
    plain = {name: shown for name, value in written.items() if (shown := plain_name(value)) is not None}
    return plain if len(plain) == len(written) else None


def enrolment(member: UUID, address: CheckedAddress, names: Mapping[str, str], language: str) -> dict[str, Any]:
    """Return the data of the event by which somebody joins; consents come with the confirmation alone."""
    return {
        "member_id": str(member),
        "identifiers": [{"kind": "email", "value": address.identity}],
        "person": {"language": language, **names},
        "contacts": [{"channel": "email", "address": address.value}],
    }


def agrees(form: Form, fields: Mapping[str, str], language: str) -> bool:
    """Whether a consent was asked for and ticked."""
    return bool(text_in(form.consent, language)) and "consent" in fields


def wish(ask_id: UUID, member: UUID, form: Form, language: str, said_at: str) -> Wish:
    """Return what was ticked, to be confirmed by mail; `said_at` is the page."""
    text = text_in(form.consent, language)
    return Wish(ask_id, member, said_at[:LONGEST_SOURCE], text, form.consent_version(language))
