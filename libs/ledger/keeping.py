"""What spares a member's points at a boundary, and for how long: spans of time, and how much of a wallet each spares.

A span says who decided it (`by` a tier, a segment or a person; `name` which; `version` of the programme), so that the
waiver that comes of it can. Spans are known ahead: what they say of an instant that has come is not changed any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import msgspec

from libs.ledger.boundary import boundary_after, day_ends, day_of
from libs.ledger.model import SAME_DAY, Lot, Span, Spared
from libs.ledger.periods import DAY, months_after, rhythm_of
from libs.ledger.zones import load_zone

_stored = msgspec.json.Decoder(dict[str, tuple[Span, ...]])


class Part(NamedTuple):
    """So many points of a lot."""

    lot: Lot
    points: int


class Shared(NamedTuple):
    """What lapses at a boundary of some lots of a wallet, and what each span spares."""

    lapsing: tuple[Part, ...]
    spared: tuple[tuple[Span, tuple[Part, ...]], ...]


def read_spans(stored: str | bytes | None) -> tuple[Span, ...]:
    """Read the spans of a member's head, in the order in which they are asked; of most members there are none.

    Raises:
        msgspec.ValidationError: what is stored is none.
    """
    return () if stored is None else _read(stored)


@lru_cache(maxsize=4_096)
def _read(stored: str | bytes) -> tuple[Span, ...]:
    sources = _stored.decode(stored)
    return tuple([span for source in sorted(sources) for span in sources[source]])


def spared_at(spans: Iterable[Span], wallet: str, boundary: datetime) -> list[Span]:
    """The spans that hold for a wallet at an instant; those that spare everything come first."""
    held = [
        span
        for span in spans
        if span.wallet == wallet and span.since <= boundary and (span.until is None or boundary < span.until)
    ]
    return sorted(held, key=_bounded)


def share_out(spans: Iterable[Span], wallet: str, lots: Sequence[Lot], boundary: datetime) -> Shared:
    """Say what of these lots of a wallet, whose date is the boundary, lapses, and what is spared by which span.

    A lot is spared by the first span that spares all of it; of what is left the spans that spare a number of points
    spare the oldest, together no more than the largest of them.
    """
    held = spared_at(spans, wallet, boundary)
    spared: dict[Span, list[Part]] = {}
    lapsing: list[Part] = []
    most = max(held, key=lambda span: span.first or 0, default=None)
    left = 0 if most is None else most.first or 0
    for lot in sorted(lots, key=lambda each: (each.earned_at, each.seq)):
        whole = next((span for span in held if _spares(span, lot, boundary)), None)
        kept = lot.free if whole is not None else min(lot.free, left)
        reason = most if whole is None else whole
        left -= 0 if whole is not None else kept
        if kept and reason is not None:
            spared.setdefault(reason, []).append(Part(lot, kept))
        if kept < lot.free:
            lapsing.append(Part(lot, lot.free - kept))
    return Shared(_ordered(lapsing), tuple([(span, _ordered(parts)) for span, parts in spared.items()]))


def next_boundary(span: Span, boundary: datetime) -> datetime | None:
    """Until when what a span spares at a boundary lives: the end of the next period; None for ever."""
    if span.period is None:
        return None
    zone = load_zone(span.zone)
    if span.period == SAME_DAY:
        last_day = day_of(boundary, zone) - DAY
        return day_ends(months_after(last_day, 12), zone)
    return boundary_after(boundary, zone, rhythm_of(span.period)).instant


def reason_of(span: Span) -> Spared:
    """Why what a span spares was spared."""
    return Spared(span.by, span.name, span.version)


def _spares(span: Span, lot: Lot, boundary: datetime) -> bool:
    """Whether a span spares a lot whole."""
    if span.first is not None:
        return False
    if span.older_days is not None:
        return lot.earned_at <= boundary - timedelta(span.older_days)
    return span.younger_days is None or lot.earned_at > boundary - timedelta(span.younger_days)


def _bounded(span: Span) -> tuple[bool, bool]:
    return span.first is not None, (span.older_days or span.younger_days) is not None


def _ordered(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(sorted(parts, key=lambda part: part.lot.seq))
