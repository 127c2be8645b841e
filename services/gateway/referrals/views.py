"""What the API answers about referrals, and how it is made of what is kept. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from libs.judging.versions import RunningProgramme
from libs.promotions.referral import ReferralReward
from libs.referral.codes import shown_code
from libs.referral.decide import Converted, due_to, next_step, places
from libs.referral.rules import rules_of
from services.gateway.referrals.store import KeptChange, KeptCode, KeptReferral
from services.gateway.store import Member
from services.gateway.views import EXAMPLE_MEMBER, View
from services.gateway.words import referral_state_words

State = Literal["started", "converted", "held", "refused"]
_FRIEND = "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e22"
_EXAMPLE: dict[str, Any] = {
    "programme": "main",
    "friend_id": _FRIEND,
    "referrer_id": EXAMPLE_MEMBER,
    "state": "held",
    "reasons": ["same-device"],
    "words": "It waits for a person. The friend uses a device of the referrer or of another friend.",
    "claimed_at": "2024-03-01T17:31:09Z",
    "consented": True,
    "converted_at": None,
    "until": "2024-05-30T17:31:09Z",
    "changed_at": "2024-03-01T17:31:10Z",
    "programme_version": 3,
}


class ReferralCode(View):
    """The code that a member gives to friends."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "programme": "main",
                "code": "K7M2-XW4P-9RTA",
                "made_at": "2024-03-01T17:31:09Z",
            }
        }
    )

    member_id: UUID
    programme: str
    code: str = Field(description="In blocks, as people read it; upper or lower case and blocks do not matter.")
    made_at: datetime


class CodeChecked(View):
    """Whether a code is one that a friend can name."""

    model_config = ConfigDict(json_schema_extra={"example": {"valid": True}})

    valid: bool


class ReferralView(View):
    """A friend who was brought in, and where the referral stands."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    programme: str
    friend_id: UUID
    referrer_id: UUID
    state: State
    reasons: tuple[str, ...] = Field(description="Why it is held or refused.")
    words: str
    claimed_at: datetime = Field(description="When the friend named the code.")
    consented: bool = Field(description="Whether the friend agreed to be written to.")
    converted_at: datetime | None
    until: datetime | None = Field(description="Until when the friend's purchases count; null where none is needed.")
    changed_at: datetime
    programme_version: int = Field(description="The version whose rules hold for it.")


class ReferralsPage(View):
    """A page of referrals, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [_EXAMPLE], "next_cursor": None, "has_more": False}}
    )

    data: tuple[ReferralView, ...]
    next_cursor: str | None
    has_more: bool


class ReferralChange(View):
    """Something that became of a referral."""

    number: int
    state: State
    reason: str | None
    decided_by: str | None = Field(description="The person who said so; null for the rules.")
    note: str | None = Field(description="Why, in that person's words.")
    recorded_at: datetime


class ReferralWithChanges(ReferralView):
    """A referral, and all that became of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_EXAMPLE,
                "changes": [
                    {
                        "number": 1,
                        "state": "held",
                        "reason": "same-device",
                        "decided_by": None,
                        "note": None,
                        "recorded_at": "2024-03-01T17:31:10Z",
                    }
                ],
            }
        }
    )

    changes: tuple[ReferralChange, ...]


class Amount(View):
    """Points in a wallet, in its minor unit."""

    wallet: str
    points: int


class GiftView(View):
    """Something beside points."""

    kind: str
    reference: str
    quantity: int


class NextReward(View):
    """What each friend brings from so many on."""

    friends: int = Field(description="From how many friends on, of those who count.")
    missing: int = Field(description="How many friends are still missing to that.")
    points: Amount | None
    gifts: tuple[GiftView, ...]


class MemberReferrals(View):
    """The friends whom a member brought in, in figures."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "programme": "main",
                "code": "K7M2-XW4P-9RTA",
                "invited": 6,
                "started": 1,
                "converted": 4,
                "held": 1,
                "refused": 0,
                "counted": 4,
                "earned": [{"wallet": "points", "points": 400}],
                "gifts": [],
                "next": {"friends": 5, "missing": 1, "points": {"wallet": "points", "points": 150}, "gifts": []},
                "brought_in_by": None,
            }
        }
    )

    member_id: UUID
    programme: str
    code: str | None = Field(description="The member's code; null when nobody has asked for one.")
    invited: int = Field(description="Friends who named the code.")
    started: int
    converted: int
    held: int
    refused: int
    counted: int = Field(description="Friends of the converted ones who are within the limits.")
    earned: tuple[Amount, ...] = Field(description="What the friends who stand come to, by wallet.")
    gifts: tuple[GiftView, ...]
    next: NextReward | None = Field(description="The next step that brings something else; null at the last.")
    brought_in_by: UUID | None = Field(description="Whose friend the member is, if anybody's.")


def code_view(member: Member, kept: KeptCode) -> ReferralCode:
    """Show a member's code."""
    return ReferralCode(
        member_id=member.member_id, programme=member.programme, code=shown_code(kept.code), made_at=kept.made_at
    )


def referral_view(kept: KeptReferral, language: str) -> ReferralView:
    """Show a referral."""
    return ReferralView.model_validate(_shown(kept, language))


def with_changes(kept: KeptReferral, changes: Sequence[KeptChange], language: str) -> ReferralWithChanges:
    """Show a referral with all that became of it."""
    told = tuple([ReferralChange.model_validate(one, from_attributes=True) for one in changes])
    return ReferralWithChanges.model_validate({**_shown(kept, language), "changes": told})


def _shown(kept: KeptReferral, language: str) -> dict[str, object]:
    return {
        "programme": kept.programme,
        "friend_id": kept.friend_id,
        "referrer_id": kept.referrer_id,
        "state": kept.state,
        "reasons": kept.reasons,
        "words": referral_state_words(kept.state, kept.reasons, language),
        "claimed_at": kept.claimed_at,
        "consented": kept.consented,
        "converted_at": kept.converted_at,
        "until": kept.until,
        "changed_at": kept.changed_at,
        "programme_version": kept.version,
    }


def member_view(
    member: Member,
    code: KeptCode | None,
    own: KeptReferral | None,
    brought: Sequence[KeptReferral],
    programme: RunningProgramme,
    now: datetime,
) -> MemberReferrals:
    """Show in figures whom a member brought in, by the rules of each, and what comes next by those of now."""
    converted = [
        Converted(each.friend_id, each.converted_at, rules)
        for each in brought
        if each.converted_at is not None and (rules := rules_of(programme, each.version)) is not None
    ]
    due = due_to(None, converted)
    counted = sum(place is not None for _, place in places(converted))
    states = [each.state for each in brought]
    return MemberReferrals(
        member_id=member.member_id,
        programme=member.programme,
        code=None if code is None else shown_code(code.code),
        invited=len(brought),
        started=states.count("started"),
        converted=states.count("converted"),
        held=states.count("held"),
        refused=states.count("refused"),
        counted=counted,
        earned=tuple([Amount(wallet=wallet, points=points) for wallet, points in sorted(due.points.items())]),
        gifts=tuple(
            [GiftView(kind=kind, reference=name, quantity=many) for (kind, name), many in sorted(due.gifts.items())]
        ),
        next=_next(programme, counted, now),
        brought_in_by=None if own is None or own.state == "refused" else own.referrer_id,
    )


def _next(programme: RunningProgramme, counted: int, now: datetime) -> NextReward | None:
    version = programme.at(now)
    rules = None if version is None else rules_of(programme, version.compiled.version)
    step = None if rules is None else next_step(rules, counted)
    if rules is None or step is None:
        return None
    friends, reward = step
    return NextReward(
        friends=friends, missing=friends - counted, points=_amount(reward, rules.wallet), gifts=_gifts(reward)
    )


def _amount(reward: ReferralReward, wallet: str) -> Amount | None:
    return None if reward.points is None else Amount(wallet=reward.wallet or wallet, points=reward.points)


def _gifts(reward: ReferralReward) -> tuple[GiftView, ...]:
    return tuple([GiftView(kind=one.kind, reference=one.reference, quantity=one.quantity) for one in reward.gifts])
