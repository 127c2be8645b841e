"""The document's messages: what members are told of, over which channels, at which hours and how often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.messages.content import ChannelName, Purpose
from libs.promotions.announced import Promotion
from libs.promotions.parts import LocalTime, Misplaced, NonNegative, Part, refuse_repeats, unless_written
from libs.promotions.proposals import ProductProposal

MessageName = Literal[
    "expiry_reminder",
    "points_credited",
    "points_expired",
    "reward_granted",
    "order_moved",
    "reward_in_reach",
    "welcome",
    "tier_reached",
    "tier_about_to_drop",
]
REMINDER: MessageName = "expiry_reminder"
DEFAULT_CHANNELS: tuple[ChannelName, ...] = ("push", "email", "sms")
MOST_HOURS = 24 * 366


class Notice(Part):
    """A message that members are told, on the first of its channels on which they may and can be reached.

    With `follow_hours` the next channel is tried so much later, unless the member has opened it by then. `hours` says
    whether it keeps the quiet hours (`decent`) or goes out at once (`any`); without it service messages go out at once,
    but reminders are not worth waking anybody.
    """

    message: MessageName
    channels: Annotated[tuple[ChannelName, ...], Field(min_length=1, max_length=9)] = DEFAULT_CHANNELS
    purpose: Purpose = "service"
    hours: Literal["decent", "any"] | None = None
    follow_hours: Annotated[int, Field(strict=True, ge=1, le=MOST_HOURS)] | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("channels[{}]", self.channels)
        return self

    @property
    def decent(self) -> bool:
        """Whether it keeps the quiet hours."""
        if self.hours is not None:
            return self.hours == "decent"
        return self.purpose != "service" or self.message == REMINDER


class QuietHours(Part):
    """When nobody is written to, from a local time to another in the member's zone; the same twice is never."""

    since: LocalTime = "21:00"
    until: LocalTime = "08:00"

    @model_validator(mode="after")
    def _within_a_day(self) -> Self:
        for name in ("since", "until"):
            if getattr(self, name) == "24:00":
                raise Misplaced(name, "write 00:00 for midnight")
        return self


class Cap(Part):
    """At most so many messages of a purpose to a member within any span of so many hours."""

    purpose: Purpose
    most: Annotated[int, Field(strict=True, ge=1, le=1_000)]
    hours: Annotated[int, Field(strict=True, ge=1, le=24 * 92)]


class Messages(Part):
    """What members are told. Reminders are always told, by the series of their wallets; other messages where listed.

    `brand` is under whose name; by default the programme's. `language` is that of members of whom none is known. A
    message to more than `approval_above` members at once waits until somebody else than who sends it agrees.
    `proposals` are products that templates may show, `promotions` campaigns of which members are told when they begin.
    """

    brand: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    notices: Annotated[tuple[Notice, ...], Field(max_length=64)] = ()
    quiet: QuietHours = QuietHours()
    caps: Annotated[tuple[Cap, ...], Field(max_length=16)] = ()
    approval_above: NonNegative = unless_written(10_000)
    proposals: Annotated[tuple[ProductProposal, ...], Field(max_length=500)] = unless_written(())
    promotions: Annotated[tuple[Promotion, ...], Field(max_length=500)] = unless_written(())

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        refuse_repeats("notices[{}].message", [notice.message for notice in self.notices])
        return self

    def notice_of(self, message: str) -> Notice | None:
        """Return how a message is told; None when it is not."""
        found = next((notice for notice in self.notices if notice.message == message), None)
        return Notice(message=REMINDER) if found is None and message == REMINDER else found


def caps_for(caps: Sequence[Cap], purpose: Purpose) -> tuple[Cap, ...]:
    """The caps that hold for a purpose."""
    return tuple([cap for cap in caps if cap.purpose == purpose])
