"""How a code is kept: under its id, with its text sealed. Both need a key: a dump of tables is worth nothing."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import NamedTuple, Self
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.codes.names import CodeNames
from libs.codes.pattern import canonical
from libs.runtime.seal import Seal


class Kept(NamedTuple):
    """A code as it is stored."""

    code_id: UUID
    sealed: bytes


@dataclass(frozen=True, slots=True)
class CodeKeeper:
    """Closes codes for storing, and opens them for whoever may see them."""

    names: CodeNames
    seal: Seal

    @classmethod
    def from_seal_key(cls, seal_key: bytes) -> Self:
        """Make a keeper from the platform's key, 32 bytes."""
        return cls(CodeNames.from_seal_key(seal_key), Seal(AESGCM(seal_key)))

    @classmethod
    def from_base64(cls, seal_key: str) -> Self:
        """Make a keeper from the platform's key, 32 bytes in base64."""
        return cls.from_seal_key(base64.b64decode(seal_key, validate=True))

    def close(self, tenant_id: int, code: str) -> Kept:
        """Return how a code is stored; `code` is how people are shown it."""
        return self.close_canonical(tenant_id, canonical(code), code)

    def close_canonical(self, tenant_id: int, code: str, shown: str) -> Kept:
        """The same for a code in canonical form, and how people are shown it."""
        code_id = self.names.of_canonical(tenant_id, code)
        return Kept(code_id, self.seal.close(shown.encode(), _place(tenant_id, code_id)))

    def open(self, tenant_id: int, code_id: UUID, sealed: bytes) -> str:
        """Return a code as people are shown it.

        Raises:
            libs.runtime.seal.SealBroken: it was kept with another key, or lies in another's place.
        """
        return self.seal.open(sealed, _place(tenant_id, code_id)).decode()


def _place(tenant_id: int, code_id: UUID) -> str:
    return f"code {tenant_id} {code_id.hex}"
