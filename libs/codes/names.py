"""What a code is known by: a keyed digest of it, from which nobody gets the code back."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Self
from uuid import UUID

from libs.codes.pattern import canonical


@dataclass(frozen=True, slots=True)
class CodeNames:
    """Names codes by an id, which is all that is looked up, logged and told on topics."""

    key: bytes = field(repr=False)

    @classmethod
    def from_seal_key(cls, seal_key: bytes) -> Self:
        """Derive the key of codes from the platform's."""
        return cls(hmac.digest(seal_key, b"codes", "sha256"))

    def of(self, tenant_id: int, code: str) -> UUID:
        """Return the id of a code, however it is typed: another one for each tenant."""
        return self.of_canonical(tenant_id, canonical(code))

    def of_canonical(self, tenant_id: int, code: str) -> UUID:
        """Return the id of a code that is in canonical form."""
        return UUID(bytes=blake2b(b"%d\x1f%s" % (tenant_id, code.encode()), digest_size=16, key=self.key).digest())
