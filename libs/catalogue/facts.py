"""What is known of whoever asks for a reward, and of the reward's stock and use. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

_NONE: Mapping[str, int] = MappingProxyType({})


class MemberFacts(Struct, frozen=True):
    """A member as a reward is offered: tiers are `set/level` and the plain level, lists are those of people.

    `spendable` are points by wallet; under "" all that count in the unit of the first. `bought` is how many the member
    had of each category before.
    """

    tiers: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    spendable: Mapping[str, int] = _NONE
    owing: bool = False
    referrals: int = 0
    bought: Mapping[str, int] = _NONE


class Asking(Struct, frozen=True):
    """From where somebody asks: channel, store, partner and country, as far as known, and for how many."""

    channel: str | None = None
    store: str | None = None
    partner: str | None = None
    country: str | None = None
    quantity: int = 1
    plan: str | None = None
    points: int | None = None


class Supply(Struct, frozen=True):
    """How much of a reward there is: on stock (None: not counted), used by all in the period of its limit.

    `used_by_member` is how many the member had in the period of each limit, in their order; none where nobody asks.
    """

    left: int | None = None
    used: int = 0
    used_by_member: tuple[int, ...] = ()
