"""How an identifier is named wherever it is stored or looked up: in clear, or by a hash where it is personal."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol, Self

PERSONAL = frozenset({"phone", "email"})
"""Kinds of identifier that name a person outside the programme; only a keyed hash of them is kept."""


class IdentifierLike(Protocol):
    """What a till reads: its kind and its value."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def value(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class IdentifierNames:
    """Names identifiers: `card:123` in clear, personal ones by a keyed hash that nobody can turn back."""

    key: bytes = field(repr=False)

    @classmethod
    def from_seal_key(cls, seal_key: bytes) -> Self:
        """Derive the key of identifiers from the platform's."""
        return cls(hmac.digest(seal_key, b"identifiers", "sha256"))

    def name(self, identifier: IdentifierLike) -> str:
        """Return the text that an identifier is known by."""
        return self.of(identifier.kind, identifier.value)

    def of(self, kind: str, value: str) -> str:
        """Return the text for a kind and a value."""
        if kind in PERSONAL:
            return f"{kind}:{hmac.new(self.key, value.encode(), sha256).hexdigest()[:32]}"
        return f"{kind}:{value}"

    def marks(self, marks: Iterable[IdentifierLike]) -> tuple[str, ...]:
        """Return the texts for marks of persons, each once: all by their keyed hash."""
        hashed = [(each.kind, hmac.new(self.key, f"mark:{each.value}".encode(), sha256)) for each in marks]
        return tuple(dict.fromkeys([f"{kind}:{digest.hexdigest()[:32]}" for kind, digest in hashed]))

    def names(self, identifiers: Iterable[IdentifierLike]) -> tuple[str, ...]:
        """Return the names of several, in order."""
        return tuple([self.name(identifier) for identifier in identifiers])
