"""Decision pages: the facts and decisions of some receipts of a batch, kept together and compressed together.

Receipts of a batch resemble each other, so a page of them takes a fifth of what rows of their own would. A page is JSON
lines under zstd; earning writes pages, the door and the support pages read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import cramjam
import msgspec

from libs.promotions.evaluation import Evaluation
from libs.promotions.seen import Seen

PAGE_RECEIPTS = 32
"""Receipts a page: enough to compress well, few enough that reading one costs microseconds."""

Outcome = Literal[
    "credited",
    "no_points",
    "unclaimed",
    "no_member",
    "awaiting_operator",
    "reversed",
    "unchanged",
    "awaiting_purchase",
    "refused",
    "adjusted",
    "activated",
    "transferred",
    "merged",
    "unmerged",
]


class LotMade(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A lot that a decision made: the member's number of it, wallet, points, and when they lapse (None: never)."""

    seq: int
    wallet: str
    points: int
    expires_at: datetime | None
    carried: bool = False


class Moved(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A movement that a decision made: the member's number of it, kind, wallet, accounts, points, what it corrects."""

    seq: int
    kind: str
    wallet: str
    from_account: str
    to_account: str
    points: int
    corrects: int | None = None


class StoredDecision(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event: what it said, what was decided, and by which rules.

    `facts` is the event's payload in canonical JSON, identifiers that are personal replaced by their keyed hash.
    `judged_at` is the instant that it was judged by: its own time, or its arrival when its clock ran ahead. `kind` is
    the event's type without its frame. What follows a purchase judges what is left of it: `judged`, a payload like the
    purchase's. `moved` are movements beside the lots; `rate` the version and value of the exchange rate; `history` what
    was seen of the member's, `segments` those that the member was in, where the programme asks; `switches` the kill
    switches that were off. `profile` numbers the state of the member's profile, of which nothing is kept here; None
    where nobody asked.
    """

    key: UUID
    source: str
    id: str
    occurred_at: datetime
    arrived_at: datetime
    judged_at: datetime
    outcome: Outcome
    facts: msgspec.Raw
    member_id: UUID | None = None
    reason: str | None = None
    evaluation: Evaluation | None = None
    lots: tuple[LotMade, ...] = ()
    tier: str | None = None
    kind: str = "purchase.completed"
    moved: tuple[Moved, ...] = ()
    judged: Any = None
    rate: tuple[int, int] | None = None
    receipt_key: UUID | None = None
    history: Seen | None = None
    switches: tuple[str, ...] = ()
    profile: int | None = None
    segments: tuple[str, ...] | None = None


_encode = msgspec.json.Encoder().encode_lines
_decode = msgspec.json.Decoder(StoredDecision).decode_lines


def write_page(decisions: Sequence[StoredDecision]) -> bytes:
    """Return the page of these decisions, at most `PAGE_RECEIPTS` of them."""
    return bytes(cramjam.zstd.compress(_encode(decisions), 1))


def read_page(page: bytes) -> list[StoredDecision]:
    """Return the decisions of a page.

    Raises:
        cramjam.DecompressionError: it is no page.
        msgspec.MsgspecError: likewise.
    """
    return _decode(bytes(cramjam.zstd.decompress(page)))


def pick(page: bytes, keys: Iterable[UUID]) -> list[StoredDecision]:
    """Return the decisions on some events of a page, and leave the others undecoded."""
    lines = bytes(cramjam.zstd.decompress(page))
    places = sorted([_line_of(lines, key) for key in set(keys)])
    return [_decode_one(lines[at : lines.index(b"\n", at)]) for at in places if at >= 0]


def _line_of(lines: bytes, key: UUID) -> int:
    """Where the line begins that begins with this key; -1 when none does. No string in JSON holds the end of a line."""
    begins = b'{"key":"%b"' % str(key).encode()
    if lines.startswith(begins):
        return 0
    at = lines.find(b"\n" + begins)
    return at if at < 0 else at + 1


_decode_one = msgspec.json.Decoder(StoredDecision).decode
