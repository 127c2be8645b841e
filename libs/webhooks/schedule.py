"""When a webhook is tried again, and what an answer asks for. Pure: time and chance are arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

DELAYS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Before each attempt, counted from the end of the one before it; after the last there is none."""

JITTER = 0.1
"""What chance adds to a delay at most, as a share of it: receivers that came back are not all written to at once."""
LONGEST_WAIT = timedelta(hours=24)
"""More than this nobody waits for, whatever `Retry-After` says."""
PAUSE = timedelta(seconds=5)
"""How long nothing else goes to a receiver that says it has too much to do, where it does not say."""
_BUSY = frozenset({429, 502, 504})
_GONE = 410

Outcome = Literal["delivered", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an attempt came to: `why` it failed, `after` when the receiver wants the next one, `busy` if all wait."""

    outcome: Outcome
    why: str = ""
    after: timedelta | None = None
    busy: bool = False


def next_attempt(failed: int, now: datetime, chance: float, after: timedelta | None = None) -> datetime | None:
    """Return when to try again what has failed so many times, `now` the last time; None when it is given up.

    `chance` is a number from 0 up to 1. `after` is what the receiver asked for; the table still holds.
    """
    if failed >= len(DELAYS):
        return None
    wait = DELAYS[failed] * (1 + JITTER * chance)
    return now + max(wait, min(after or timedelta(0), LONGEST_WAIT))


def verdict(status: int, headers: Mapping[str, str], now: datetime) -> Verdict:
    """Judge an answer by its status; the names in `headers` are written as they are here."""
    if 200 <= status < 300:
        return Verdict("delivered")
    if status == _GONE:
        return Verdict("gone", "the receiver wants no more")
    after = retry_after(headers.get("Retry-After"), now)
    if 300 <= status < 400:
        return Verdict("failed", "a redirect, which is not followed", after)
    busy = status in _BUSY or after is not None
    return Verdict("failed", f"status {status}", after if after is not None or not busy else PAUSE, busy)


def retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Read a `Retry-After`: seconds, or a date. None for none, and for what is neither."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):  # a year, or a zone, that no date has
        return None
    date = date.replace(tzinfo=UTC) if date.tzinfo is None else date
    return min(max(date - now, timedelta(0)), LONGEST_WAIT)
