"""Chance that anybody can check: everything follows from a seed whose hash was told before. Pure.

A seed is 32 bytes. Its SHA-256, the commitment, is told when a game opens; the seed itself when it is over. Numbers
come of HMAC-SHA256 under a key that follows from the seed and from what was played, so that a change of either shows.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

FORMAT = "pointstream-draw-1"
"""Names the way of drawing; another way gets another name."""
SEED_BYTES = 32
_SIZE = 2**256
_HOLDER = 32


class Entry(NamedTuple):
    """Tickets of one holder, by consecutive numbers from `first` on."""

    first: int
    tickets: int
    holder: str


def commitment(seed: bytes) -> bytes:
    """What is told of a seed before it is used."""
    return sha256(seed).digest()


def holder_of(game_id: UUID, member_id: UUID) -> str:
    """The name of a member in one game: the same for all of the member's tickets, and of no use elsewhere."""
    return sha256(game_id.bytes + member_id.bytes).hexdigest()[:_HOLDER]


def digest(entries: Iterable[Entry]) -> bytes:
    """What stands for all entries: one line each, `first,tickets,holder`, in the order given."""
    made = sha256()
    for entry in entries:
        made.update(f"{entry.first},{entry.tickets},{entry.holder}\n".encode())
    return made.digest()


def key_of(seed: bytes, *parts: str) -> bytes:
    """The key of a draw: it follows from the seed, the way of drawing, and what is drawn for."""
    return hmac.new(seed, "\n".join((FORMAT, *parts)).encode(), sha256).digest()


class Chance:
    """Numbers under a key, one after the other, each as likely as any other."""

    __slots__ = ("_key", "_next")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._next = 0

    def below(self, many: int) -> int:
        """A number from 0 to `many` - 1: values beyond the last whole multiple are passed over, so none is favoured."""
        fair = _SIZE - _SIZE % many
        while True:
            made = hmac.digest(self._key, self._next.to_bytes(8, "big"), "sha256")
            self._next += 1
            value = int.from_bytes(made, "big")
            if value < fair:
                return value % many
