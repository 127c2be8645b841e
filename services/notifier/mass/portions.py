"""From members to the deliveries of a mass message, how many may be laid down by now, and what a count comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from libs.mass.counts import Count
from libs.mass.states import named_in, occasion_of
from libs.scenarios.news import Occasion
from services.notifier.deliveries import Delivery, first_delivery
from services.notifier.domain import Drop, Send, Verdict
from services.notifier.mass.notice import notice_of
from services.notifier.mass.store import Mass


def deliveries_of(mass: Mass, tenant: str, members: Iterable[UUID], begins_at: datetime) -> list[Delivery]:
    """The deliveries of these members over the first channel; the same members give the same ones again."""
    useful_until = begins_at + timedelta(hours=mass.wanted.useful_hours)
    found = []
    for member_id in members:
        form = mass.wanted.form_of(mass.mass_id, member_id)
        name = occasion_of(mass.mass_id, form.name)
        occasion = Occasion(member_id, form.template, name, begins_at.date(), useful_until, {})
        notice = notice_of(mass.wanted.purpose, mass.wanted.channels)
        found.append(first_delivery(tenant, mass.scope, occasion, notice))
    return found


def portion(mass: Mass, in_hand: int, window: int, now: datetime) -> int:
    """How many may be laid down at an instant: as lanes keep up, at its pace, and within what one person may send."""
    most = max(window - in_hand, 0)
    if mass.wanted.per_minute is not None and mass.paced_at is not None:
        passed = (now - mass.paced_at) / timedelta(minutes=1)
        most = min(most, max(mass.paced_laid + int(mass.wanted.per_minute * passed) - mass.laid, 0))
    if (left := left_to_one(mass)) is not None:
        most = min(most, left)
    return most


def left_to_one(mass: Mass) -> int | None:
    """How many more may be written to without a second person; None for any number."""
    if mass.approval_above is None or mass.decided_by is not None:
        return None
    return max(mass.approval_above - mass.laid, 0)


def tally(decided: Iterable[tuple[Delivery, Verdict]]) -> list[Count]:
    """Count what was decided for members, each with the delivery that it was decided over in the end."""
    sums: Counter[tuple[str, str, str, str]] = Counter()
    for delivery, verdict in decided:
        named = named_in(delivery.occasion)
        assert named is not None
        kind = "send" if isinstance(verdict, Send) else "drop" if isinstance(verdict, Drop) else "wait"
        sums[named[1], kind, delivery.channel, "" if isinstance(verdict, Send) else verdict.reason] += 1
    return [Count(*name, members) for name, members in sorted(sums.items())]  # type: ignore[arg-type]  # names of above
