"""The document's wallets: kinds of points, when they become active and when they lapse."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.expiry import Expiry, ExpiryFor, check_kept_alive
from libs.promotions.parts import Days, Name, Part, Positive, refuse_repeats, unless_written
from libs.promotions.reminders import Reminders
from libs.promotions.spared import Exemption


class PendingDays(Part):
    """Points become active exactly `days` times 24 hours after they were earned."""

    kind: Literal["after"]
    days: Days


class PendingOnDays(Part):
    """Points become active when the next of these days of the month begins in the programme's zone.

    A day that a month does not have is its last day.
    """

    kind: Literal["on_days"]
    days_of_month: Annotated[
        tuple[Annotated[int, Field(strict=True, ge=1, le=31)], ...], Field(min_length=1, max_length=31)
    ]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("days_of_month[{}]", self.days_of_month)
        return self


class PendingEvent(Part):
    """Points become active with one of these activities, at the latest `deadline_days` times 24 hours after."""

    kind: Literal["event"]
    activities: Annotated[tuple[Name, ...], Field(min_length=1, max_length=64)]
    deadline_days: Days

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("activities[{}]", self.activities)
        return self


Pending = PendingDays | PendingOnDays | PendingEvent


class Worth(Part):
    """What points can be worth to whoever redeems them: so many points for so much, in the currency's minor unit."""

    points: Positive
    minor: Positive


class Wallet(Part):
    """A kind of points. `scale` is the number of decimals that people see.

    Without `pending` points are active at once. `expiry_from` says when the clock of `expiry` starts for those that
    were pending. The first of `expiry_for` that fits a member takes the place of `expiry`.
    """

    name: Name
    scale: Annotated[int, Field(strict=True, ge=0, le=4)] = 0
    expiry: Expiry
    expiry_for: Annotated[tuple[ExpiryFor, ...], Field(max_length=32)] = unless_written(())
    pending: Annotated[Pending, Field(discriminator="kind")] | None = None
    expiry_from: Literal["activation", "earning"] = unless_written("activation")
    spared: Annotated[tuple[Exemption, ...], Field(max_length=32)] = unless_written(
        (), "Whose points do not lapse at a boundary."
    )
    worth: Worth | None = Field(
        default=None, description="What its points are worth, told to people and used by no rule."
    )
    reminders: Reminders = unless_written(
        (), "Whom to remind ahead of each boundary at which its points lapse, and when."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check_kept_alive(self.expiry, self.expiry_for)
        return self
