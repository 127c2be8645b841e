"""The messages that a programme has for its members: what each is for, and what it can tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from libs.messages.content import Purpose
from libs.messages.values import Declared, Type, Variable

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Kind:
    """One message: its purpose, unless a programme says otherwise, and its variables."""

    purpose: Purpose
    variables: Declared


def _maybe(kind: Type) -> Variable:
    return Variable(kind, optional=True)


EVERY: Declared = {
    "given_name": _maybe("text"),
    "programme": Variable("text"),
    "brand": Variable("text"),
    "tier": _maybe("text"),
    "segments": Variable("names"),
    "link": _maybe("url"),
    "logo": _maybe("url"),
    "preferences": _maybe("url"),
    "unsubscribe": _maybe("url"),
}
"""What every message can tell: who is written to and by whom, where to go on, and how not to be written to."""

_MONEY, _POINTS, _DAY, _TEXT = Variable("money"), Variable("points"), Variable("day"), Variable("text")
_OFFERS: Declared = {"products": Variable("proposals"), "rewards": Variable("proposals")}


def _kind(purpose: Purpose, **variables: Variable) -> Kind:
    return Kind(purpose, {**EVERY, **variables})


KINDS: Mapping[str, Kind] = {
    "expiry_reminder": _kind(
        "service",
        points=_POINTS,
        last_day=_DAY,
        days_left=Variable("number"),
        value=_maybe("money"),
        balance=_POINTS,
        rewards=Variable("proposals"),
    ),
    "points_expired": _kind("service", points=_POINTS, last_day=_DAY, balance=_POINTS),
    "points_credited": _kind(
        "service", points=_POINTS, balance=_POINTS, reason=_maybe("text"), active_from=_maybe("day"), **_OFFERS
    ),
    "reward_granted": _kind("service", reward=_TEXT, code=_maybe("text"), valid_until=_maybe("day")),
    "order_moved": _kind("service", reward=_TEXT, stage=_TEXT, quantity=Variable("number")),
    "reward_in_reach": _kind("service", reward=_TEXT, balance=_POINTS),
    "tier_reached": _kind("service", new_tier=_TEXT, until=_maybe("day"), benefits=Variable("names")),
    "tier_about_to_drop": _kind(
        "service",
        current_tier=_TEXT,
        lower_tier=_maybe("text"),
        last_day=_DAY,
        missing_points=_maybe("points"),
        missing_money=_maybe("money"),
    ),
    "welcome": _kind("service", balance=_maybe("points"), rewards=Variable("proposals")),
    "answer_waits": _kind("service"),
    "invitation": _kind("service", inviter=_maybe("text")),
    "confirmation": _kind("service", consent=_TEXT, last_day=_DAY),
    "birthday": _kind("marketing", points=_maybe("points"), reward=_maybe("text"), valid_until=_maybe("day")),
    "redemption_done": _kind(
        "service", points=_POINTS, balance=_POINTS, reward=_maybe("text"), number=_maybe("text"), value=_maybe("money")
    ),
    "inactivity": _kind("marketing", points=_maybe("points"), balance=_POINTS, **_OFFERS),
    "results": _kind(
        "service",
        first_day=_DAY,
        last_day=_DAY,
        wallet=_TEXT,
        **dict.fromkeys(("issued", "redeemed", "lapsed", "outstanding"), _POINTS),
        **dict.fromkeys(("joined", "sent", "opened", "clicked", "held_back"), Variable("number")),
        wallets=Variable("proposals"),
    ),
    "campaign": _kind(
        "marketing", headline=_TEXT, message=_TEXT, button=_maybe("text"), balance=_maybe("points"), **_OFFERS
    ),
}


def kind_of(name: str) -> Kind:
    """Return the message of a name. A name that is not in the list is a campaign's own, and can tell what one can."""
    return KINDS.get(name) or KINDS["campaign"]
