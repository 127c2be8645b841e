"""Sealing: the original bytes of a dead letter may hold personal data, so they are kept under AES-256-GCM."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class SealBroken(Exception):
    """The bytes were not sealed with this key, or were changed."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals and opens bytes with one key; `context` ties a sealed value to its place and must be given again."""

    cipher: AESGCM
    nonce: Callable[[int], bytes] = os.urandom

    @classmethod
    def from_base64(cls, key: str) -> Seal:
        """Make a seal from 32 bytes in base64."""
        return cls(AESGCM(base64.b64decode(key, validate=True)))

    def close(self, plain: bytes, context: str) -> bytes:
        """Return nonce and ciphertext."""
        nonce = self.nonce(_NONCE)
        return nonce + self.cipher.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return the plain bytes.

        Raises:
            SealBroken: another key or context, or changed bytes.
        """
        try:
            return self.cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise SealBroken("these bytes were sealed with another key, or have been changed") from None
