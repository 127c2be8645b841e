"""The document's reminders: a series of steps ahead of each boundary of a wallet, and whom each step is for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from libs.promotions.parts import LocalTime, Misplaced, Name, NonNegative, Part, Texts

if TYPE_CHECKING:
    from libs.promotions.wallets import Wallet

MOST_DAYS = 366


class ReminderAudience(Part):
    """Whom a step is for: members who lose at least `min_points`, and are in one of the `tiers` and `segments` given.

    Who loses nothing is never reminded.
    """

    min_points: NonNegative = 0
    tiers: Texts = ()
    segments: Annotated[tuple[Name, ...], Field(max_length=100)] = ()


class Reminder(Part):
    """One step of a series: `days` before the last day on which points are valid (0: on it), `at` that local hour.

    Its `name` tells it from the others of its wallet, by default `30d` for 30 days.
    """

    days: Annotated[int, Field(strict=True, ge=0, le=MOST_DAYS)]
    at: LocalTime = "09:00"
    audience: ReminderAudience = ReminderAudience()
    name: Name | None = None

    @model_validator(mode="after")
    def _on_its_day(self) -> Self:
        if self.at == "24:00":
            raise Misplaced("at", "that is the next day; give its days and 00:00")
        return self

    @property
    def step(self) -> str:
        """What it is called."""
        return self.name or f"{self.days}d"

    def due_at(self, last_day: date, zone: tzinfo) -> datetime:
        """When it is due ahead of a boundary whose last day this is, in UTC: always before the boundary.

        An hour that the clocks show twice is the first of the two; one that they skip is taken before they do.
        """
        clock = time.fromisoformat(self.at)
        local = datetime.combine(last_day - timedelta(self.days), clock, zone)
        first = local.astimezone(UTC)
        if first.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return first
        return local.replace(fold=1).astimezone(UTC)


Reminders = Annotated[tuple[Reminder, ...], Field(max_length=16)]


def check_reminders(wallets: Sequence[Wallet], segments: Sequence[str]) -> None:
    """Refuse steps of a wallet that never lapses, with the same name, or for segments that the programme lacks.

    Raises:
        Misplaced: there is one.
    """
    for at, wallet in enumerate(wallets):
        path = f"wallets[{at}].reminders"
        if wallet.reminders and wallet.expiry.kind == "never":
            raise Misplaced(path, "of points that never lapse")
        seen: set[str] = set()
        for number, reminder in enumerate(wallet.reminders):
            if reminder.step in seen:
                raise Misplaced(f"{path}[{number}].name", f"there is a step {reminder.step!r} already")
            seen.add(reminder.step)
            for place, name in enumerate(reminder.audience.segments):
                if segments and name not in segments:
                    where = f"{path}[{number}].audience.segments[{place}]"
                    raise Misplaced(where, f"no segment {name!r}", ", ".join(segments))
