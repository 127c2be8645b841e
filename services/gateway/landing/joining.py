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
from libs.design.landing import Form

LIVES = timedelta(hours=12)
"""How long a form may lie open."""
_KEY = re.compile(r"(\d{13})\.([0-9a-f]{32})")
_LONGEST_NAME = 100


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


def enrolment(
    member: UUID, address: CheckedAddress, form: Form, fields: Mapping[str, str], language: str, said_at: str
) -> dict[str, Any]:
    """Return the data of the event by which somebody joins; `said_at` is the page on which a consent was given."""
    person = {"language": language}
    person |= {name: value for name in form.asks if (value := fields.get(name, "").strip()[:_LONGEST_NAME])}
    consents = []
    if form.consent:
        consents.append(
            {
                "purpose": "marketing",
                "channel": "email",
                "given": "consent" in fields,
                "source": said_at[:128],
                "text_version": form.consent_version(language),
            }
        )
    return {
        "member_id": str(member),
        "identifiers": [{"kind": "email", "value": address.identity}],
        "person": person,
        "contacts": [{"channel": "email", "address": address.value}],
        "consents": [each for each in consents if each["given"]],
    }
