"""The token of a cart: which codes count for a receipt, signed, so that nobody needs to be asked about them. Pure.

It is good for one receipt alone, whose key goes into the signature, for the member whom it names, and for purchases up
to an instant.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple, Self
from uuid import UUID

import msgspec

_SIGNED = 16
MOST_CODES = 16
"""As many codes as one cart takes."""


class SignedCart(NamedTuple):
    """A cart as its token tells it: until when it is set aside, the pools of its codes, in order, and whose it is.

    Without a member it is anybody's.
    """

    cart_id: UUID
    until: datetime
    pools: tuple[str, ...]
    member_id: UUID | None = None

    def pools_at(self, bought_at: datetime) -> tuple[str, ...]:
        """The pools whose codes count for a purchase of this instant: none once the time of the cart is over."""
        return self.pools if bought_at < self.until else ()

    def is_for(self, member_id: UUID | None) -> bool:
        """Whether its codes count for a receipt of this member."""
        return self.member_id is None or self.member_id == member_id


class _Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    cart_id: bytes
    until: int
    pools: tuple[str, ...]
    member_id: bytes | None = None


_write = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(_Told).decode


@dataclass(frozen=True, slots=True)
class CartProofs:
    """Signs carts, and reads what it signed."""

    key: bytes = field(repr=False)

    @classmethod
    def from_seal_key(cls, seal_key: bytes) -> Self:
        """Derive the key of carts from the platform's."""
        return cls(hmac.digest(seal_key, b"carts", "sha256"))

    def sign(self, receipt_key: UUID, cart: SignedCart) -> str:
        """Return the token that brings a cart to a receipt; the time is cut to whole milliseconds."""
        whose = None if cart.member_id is None else cart.member_id.bytes
        told = _write(_Told(cart.cart_id.bytes, int(cart.until.timestamp() * 1000), cart.pools, whose))
        return base64.urlsafe_b64encode(self._signature(receipt_key, told) + told).rstrip(b"=").decode()

    def read(self, receipt_key: UUID, token: str) -> SignedCart | None:
        """Return the cart of a token; None where it is none of ours, or that of another receipt."""
        try:
            given = _bytes(token)
        except ValueError:  # no base64
            return None
        signature, told = given[:_SIGNED], given[_SIGNED:]
        if not hmac.compare_digest(signature, self._signature(receipt_key, told)):
            return None
        return _cart(told)

    def _signature(self, receipt_key: UUID, told: bytes) -> bytes:
        return blake2b(receipt_key.bytes + told, digest_size=_SIGNED, key=self.key).digest()


def read_verified(token: str) -> SignedCart:
    """Return the cart of a token that `CartProofs.read` has let pass before."""
    return _cart(_bytes(token)[_SIGNED:])


def _bytes(token: str) -> bytes:
    return base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))


def _cart(told: bytes) -> SignedCart:
    cart = _read(told)
    whose = None if cart.member_id is None else UUID(bytes=cart.member_id)
    return SignedCart(UUID(bytes=cart.cart_id), datetime.fromtimestamp(cart.until / 1000, UTC), cart.pools, whose)
