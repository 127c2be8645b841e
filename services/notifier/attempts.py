"""What follows an attempt to hand a message over: it is handed, tried again by class of error, or given up. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.notifier.channels.channel import Handed as Taken
from services.notifier.channels.channel import Outcome, Reason, Refused, Unanswered
from services.notifier.channels.channel import Postponed as Later
from services.notifier.states import Failed, Handed, Kept, Postponed

MOST_ATTEMPTS = 12
MOST_LAPSES = 5
"""So many workers may end over a delivery before it is set aside."""
SET_ASIDE = "set_aside"
LONGEST = timedelta(hours=2)

_FIRST: Mapping[Reason, timedelta] = {
    "provider-busy": timedelta(seconds=30),
    "provider-away": timedelta(seconds=5),
    "provider-failed": timedelta(seconds=15),
    "credentials-refused": timedelta(minutes=5),
    "no-answer": timedelta(seconds=10),
}
_USUAL = timedelta(seconds=30)


def after(outcome: Outcome, attempt: int, now: datetime, useful_until: datetime | None, chance: float) -> Kept:
    """Return what becomes of a delivery at its `attempt`-th attempt, the first being 1.

    `chance` between 0 and 1 moves the next attempt by up to a half, so that what failed together does not come again
    together.
    """
    match outcome:
        case Taken(provider_id):
            return Handed(now, provider_id)
        case Refused(reason, detail):
            return Failed(now, reason, detail)
        case Later(reason, detail, wanted):
            return _again(reason, detail, wanted, attempt, now, useful_until, chance)
        case Unanswered(_, detail):
            return _again("no-answer", detail, None, attempt, now, useful_until, chance)


def pause(reason: Reason, attempt: int, chance: float) -> timedelta:
    """How long to wait after the `attempt`-th attempt: twice as long each time, more or less."""
    usual: timedelta = min(_FIRST.get(reason, _USUAL) * 2 ** min(attempt - 1, 20), LONGEST)
    return usual * (0.75 + chance / 2)


def _again(
    reason: Reason,
    detail: str,
    wanted: timedelta | None,
    attempt: int,
    now: datetime,
    useful_until: datetime | None,
    chance: float,
) -> Kept:
    if attempt >= MOST_ATTEMPTS:
        return Failed(now, reason, detail)
    at = now + max(pause(reason, attempt, chance), wanted or timedelta(0))
    if useful_until is not None and at >= useful_until:
        return Failed(now, reason, detail)
    return Postponed(at, reason, detail)
