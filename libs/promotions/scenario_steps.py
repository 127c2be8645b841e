"""What a scenario does: a message, points, a reward, a webhook or a tag, so long after it began."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.messages.content import ChannelName, Purpose
from libs.promotions.parts import FieldName, Misplaced, Name, Part, Points, Text, Texts, refuse_repeats, unless_written

DEFAULT_CHANNELS: tuple[ChannelName, ...] = ("push", "email", "sms")
MOST_HOURS = 24 * 366
ACTIONS = ("points", "reward", "webhook", "tag")
"""What a step may do that is no message."""

Value = Annotated[bool, Field(strict=True)] | Annotated[int, Field(strict=True, ge=-(10**12), le=10**12)] | Text


class GivePoints(Part):
    """So many points of a `wallet`, by default the first; they lapse as the wallet says."""

    points: Points
    wallet: Name | None = None


class GiveReward(Part):
    """A reward that campaigns may give too: `reference` is what the catalogue calls it."""

    reference: Text
    kind: Literal["reward", "coupon", "gift_card", "sample"] = "reward"
    quantity: Annotated[int, Field(strict=True, ge=1, le=1_000)] = 1


class TellSystems(Part):
    """The company's own systems are told by webhook, with what `data` says beside."""

    data: Annotated[dict[FieldName, Value], Field(max_length=32)] = unless_written({})


class SetTag(Part):
    """An attribute of the member gets a value, for segments and campaigns to ask; null takes it away."""

    attribute: FieldName
    value: Value | None = True


class Step(Part):
    """One thing that is done, so many hours after the scenario began: a `message`, or one of the other actions.

    A message goes out on the first of its channels on which the member is reached. When the time comes the member must
    be in one of the `segments` and `tiers` given. `arms` are those that it is for, by default all. It is of use for
    `useful_hours` from then on.
    """

    name: Name
    message: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")] | None = None
    points: GivePoints | None = unless_written(None)
    reward: GiveReward | None = unless_written(None)
    webhook: TellSystems | None = unless_written(None)
    tag: SetTag | None = unless_written(None)
    after_hours: Annotated[int, Field(strict=True, ge=0, le=MOST_HOURS)] = 0
    channels: Annotated[tuple[ChannelName, ...], Field(min_length=1, max_length=9)] = DEFAULT_CHANNELS
    purpose: Purpose = "marketing"
    useful_hours: Annotated[int, Field(strict=True, ge=1, le=MOST_HOURS)] = 48
    arms: Annotated[tuple[Name, ...], Field(max_length=16)] = ()
    segments: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    tiers: Texts = ()

    @property
    def action(self) -> str:
        """What it does: `message` or one of the others."""
        return next((name for name in ACTIONS if getattr(self, name) is not None), "message")

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        refuse_repeats("channels[{}]", self.channels)
        done = [name for name in ("message", *ACTIONS) if getattr(self, name) is not None]
        if len(done) != 1:
            reason = "a step does one thing" if done else "a step needs something to do"
            raise Misplaced(done[1] if done else "message", reason, ", ".join(("message", *ACTIONS)))
        return self
