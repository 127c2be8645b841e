"""Kill switches as people turn them: what there is to turn, and what a wish must look like. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from libs.promotions.discounts import Discounting
from libs.promotions.extensions import Extend
from libs.promotions.gifts import Gift, StatusPoints
from libs.promotions.payouts import Payout
from libs.promotions.programme import Programme
from libs.promotions.switches import EVERYTHING, KINDS, REFERRAL, switch_name
from libs.promotions.turns import Outage

MOST_OFF = 100
"""So many may be off at once: every decision is kept with those that were."""
_LONGEST = 64
EFFECTS: tuple[str, ...] = (
    *[
        kind
        for effect in (*get_args(Payout), *get_args(Discounting), Gift, StatusPoints, Extend)
        for kind in get_args(effect.model_fields["kind"].annotation)
    ],
    REFERRAL,
)
"""Every kind of effect that a campaign may have; and what friends bring."""


class SwitchesFull(ValueError):
    """Too many switches are off."""

    def __init__(self) -> None:
        super().__init__(f"{MOST_OFF} switches are off already; turn some on, or turn everything off")


class SwitchInvalid(ValueError):
    """There is no such switch; the text says what there is."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch that is off, or was from `off_at` to `on_at`."""

    turn: int
    kind: str
    value: str
    off_at: datetime
    off_by: str
    off_note: str | None = None
    on_at: datetime | None = None
    on_by: str | None = None
    on_note: str | None = None

    @property
    def name(self) -> str:
        """How decisions name it."""
        return switch_name(self.kind, self.value)

    @property
    def outage(self) -> Outage:
        """When it was off."""
        return Outage(self.name, self.off_at, self.on_at)


def check_switch(kind: str, value: str, programmes: Iterable[Programme]) -> None:
    """Let a switch pass that has something to stop. `programmes` are the documents that matter now.

    Raises:
        SwitchInvalid: with what would be right.
    """
    if kind not in KINDS:
        raise SwitchInvalid(f"{kind!r} is no kind of switch; there are {', '.join(KINDS)}")
    if (kind == EVERYTHING) != (not value):
        wants = "takes no value" if kind == EVERYTHING else "needs a value, such as `campaign weekend`"
        raise SwitchInvalid(f"{kind} {wants}")
    if len(value) > _LONGEST:
        raise SwitchInvalid(f"the value of a switch has at most {_LONGEST} characters")
    if kind == "effect" and value not in EFFECTS:
        raise SwitchInvalid(f"{value!r} is no kind of effect; there are {', '.join(EFFECTS)}")
    if kind == "campaign" and not any(value == one.id for programme in programmes for one in programme.campaigns):
        raise SwitchInvalid(f"the programme has no campaign {value!r}")
