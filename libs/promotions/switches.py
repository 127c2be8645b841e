"""Kill switches: what may not pay right now, whatever the programme's document says.

A switch is written `campaign:weekend`, `store:42`, `partner:esso`, `channel:web`, `effect:multiplier`, or `everything`.
Those that were off when a receipt was first judged are kept with it, so that it is judged by them for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, Protocol, get_args

from libs.promotions.campaigns import Campaign
from libs.promotions.compile import CompiledProgramme
from libs.promotions.decide import NO_KILLS

SwitchKind = Literal["everything", "campaign", "effect", "store", "partner", "channel"]
KINDS: tuple[SwitchKind, ...] = get_args(SwitchKind)
EVERYTHING = "everything"
SWITCHED_OFF = "switched-off"
"""Why something brought no points at all: everything, or all that was to judge it, is off."""

REFERRAL = "referral"
"""The kind of effect under which referral as a whole is switched off."""

OF_CAMPAIGNS = ("everything", "campaign", "effect")
"""Kinds that stop campaigns for everybody; the others stop only what comes from some place."""


class _All(frozenset[str]):
    """The set of all campaigns, whatever their ids."""

    def __contains__(self, campaign: object) -> bool:
        return True


ALL_KILLED: frozenset[str] = _All((EVERYTHING,))


class Place(Protocol):
    """Where something happened: a receipt or an activity."""

    @property
    def store(self) -> str | None: ...  # noqa: D102
    @property
    def channel(self) -> str: ...  # noqa: D102
    @property
    def partner(self) -> str | None: ...  # noqa: D102


def switch_name(kind: str, value: str) -> str:
    """Name a switch; the value of `everything` is empty."""
    return kind if kind == EVERYTHING else f"{kind}:{value}"


def killed(switches: Sequence[str], programme: CompiledProgramme, place: Place) -> frozenset[str]:
    """Name the campaigns that may not pay for what happened at a place, `ALL_KILLED` for every one."""
    if not switches:
        return NO_KILLS
    here = {EVERYTHING, f"store:{place.store}", f"channel:{place.channel}", f"partner:{place.partner}"}
    if not here.isdisjoint(switches):
        return ALL_KILLED
    return _of_campaigns(tuple(switches), programme)


def stops(switch: str, campaign: Campaign) -> bool:
    """Tell whether a switch that is off stops a campaign for everybody."""
    effects = [f"effect:{effect.kind}" for effect in campaign.benefits]
    return switch in (EVERYTHING, f"campaign:{campaign.id}", *effects)


def stopped(switches: Sequence[str], programme: CompiledProgramme) -> frozenset[str]:
    """Name the campaigns that are stopped for everybody."""
    return _of_campaigns(tuple(switches), programme) if switches else NO_KILLS


@lru_cache(maxsize=64)
def _of_campaigns(switches: tuple[str, ...], programme: CompiledProgramme) -> frozenset[str]:
    """Computed once for the switches and the version, and not for every receipt."""
    return frozenset(
        campaign.id for campaign in programme.source.campaigns if any(stops(switch, campaign) for switch in switches)
    )


def refers(switches: Sequence[str]) -> bool:
    """Tell whether friends may be brought in, as far as switches say."""
    return EVERYTHING not in switches and f"effect:{REFERRAL}" not in switches
