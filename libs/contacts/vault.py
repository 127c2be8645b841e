"""What names a person, sealed under the member's own key: once that is destroyed, nobody reads it again. Pure."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.contacts.addresses import CheckedAddress
from libs.runtime.seal import Seal

MemberName = tuple[int, int, UUID]
"""Tenant, programme and id of a member."""

KEY = 32
DIGEST = 16


@dataclass(frozen=True, slots=True)
class MemberSeal:
    """Seals and opens what belongs to one member; each value is tied to the member and its place."""

    seal: Seal
    name: MemberName

    def close(self, text: str, place: str) -> bytes:
        """Return a text sealed."""
        return self.seal.close(text.encode(), self._context(place))

    def open(self, sealed: bytes, place: str) -> str:
        """Return the text.

        Raises:
            libs.runtime.seal.SealBroken: another member, place or key, or changed bytes.
        """
        return self.seal.open(sealed, self._context(place)).decode()

    def _context(self, place: str) -> str:
        return f"{_context(self.name)}/{place}"


@dataclass(frozen=True, slots=True)
class Vault:
    """What is needed to keep personal data: the platform's seal over the members' keys, and the key of digests."""

    seal: Seal
    digest_key: bytes = field(repr=False)
    random: Callable[[int], bytes] = field(default=os.urandom, repr=False)

    @classmethod
    def from_seal_key(cls, key: bytes) -> Vault:
        """Derive what is needed from the platform's key."""
        return cls(Seal(AESGCM(key)), hmac.digest(key, b"contacts", "sha256"))

    def new_key(self, name: MemberName) -> bytes:
        """Make a key for a member and return it sealed."""
        return self.seal.close(self.random(KEY), _context(name))

    def digest(self, address: CheckedAddress) -> bytes:
        """What an address is found by: the same for the same place on a channel, and nobody can turn it back."""
        text = f"{address.channel}\x1f{address.identity}".encode()
        return hmac.new(self.digest_key, text, sha256).digest()[:DIGEST]


def open_key(name: MemberName, sealed: bytes, seal: Seal) -> MemberSeal:
    """Return the seal of a member from the sealed key.

    Raises:
        libs.runtime.seal.SealBroken: it is another member's, or was sealed by another platform key.
    """
    return MemberSeal(Seal(AESGCM(seal.open(sealed, _context(name)))), name)


def _context(name: MemberName) -> str:
    tenant, programme, member = name
    return f"vault/{tenant}/{programme}/{member}"
