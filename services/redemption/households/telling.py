"""What is told of households: answers to callers, and events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.contracts.events import (
    HouseholdDissolvedV1,
    HouseholdFoundedV1,
    HouseholdInvitedV1,
    HouseholdJoinedV1,
    HouseholdLeftV1,
    HouseholdRoleChangedV1,
)
from libs.contracts.households import HouseholdView, InvitationView, MemberHouseholdView, PurseView, SeatView, ShareView
from libs.contracts.writer import EventWriter
from libs.ledger.model import MemberLedger
from libs.ledger.spend import redeem
from libs.promotions.households import HouseholdTerms
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id, kafka_partition_hash
from services.redemption import domain
from services.redemption.domain import Rules
from services.redemption.households.membership import Roster, Seat, changes, invitation_until
from services.redemption.households.pool import Beside
from services.redemption.telling import SOURCE

MEMBERS = "loyalty.members"


def household(roster: Roster, programme: str, terms: HouseholdTerms | None) -> HouseholdView:
    """Tell a household as it stands."""
    return HouseholdView(
        household_id=roster.household_id,
        programme=programme,
        founded_at=roster.founded_at,
        dissolved_at=roster.dissolved_at,
        mode=None if terms is None else terms.mode,
        percent=None if terms is None else terms.percent,
        members=tuple(_seat(each, terms) for each in roster.seats if each.state in ("invited", "joined")),
    )


def _seat(seat: Seat, terms: HouseholdTerms | None) -> SeatView:
    waits = seat.state == "invited" and terms is not None
    return SeatView(
        member_id=seat.member_id,
        role=seat.role,
        state="invited" if seat.state == "invited" else "joined",
        invited_at=seat.invited_at,
        joined_at=seat.answered_at,
        invitation_until=invitation_until(seat, terms) if waits and terms is not None else None,
    )


def of_member(
    member_id: UUID,
    roster: Roster | None,
    rules: Rules,
    purses: Iterable[PurseView],
    invitations: Iterable[InvitationView],
) -> bytes:
    """Tell what a member has of a household, and which ask the member to join."""
    seat = None if roster is None else roster.seat(member_id, "joined")
    view = MemberHouseholdView(
        member_id=member_id,
        role=None if seat is None else seat.role,
        household=None if roster is None else household(roster, rules.programme, rules.household),
        purses=tuple(purses),
        invitations=tuple(invitations),
    )
    return view.model_dump_json().encode()


def purses(own: MemberLedger, beside: Beside, rules: Rules, at: datetime) -> Iterator[PurseView]:
    """What a member may spend with the household, wallet by wallet."""
    for wallet, scale in rules.scales.items():
        common = beside.common(own, [wallet], at)
        mine = domain.quoted(own, 1, [wallet], at, rules.rest).spendable
        spendable = redeem(common.ledger, 1, [wallet], at).spendable
        yield PurseView(
            wallet=wallet,
            scale=scale,
            own=mine,
            of_others=sum(common.offered.values()),
            may_spend_of_others=spendable - mine,
            spendable=spendable,
            shares=tuple(ShareView(member_id=owner, points=points) for owner, points in sorted(common.offered.items())),
        )


def events_of(
    before: Roster | None, after: Roster, by: UUID | None, cause: UUID, rules: Rules, now: datetime
) -> Iterator[tuple[UUID, Outgoing]]:
    """The events of what became of a household by a request, each with the member whom it is about."""
    for ordinal, (was, seat) in enumerate(changes(before, after)):
        kind, data = _told(was, seat, after, by, rules.household)
        yield seat.member_id, _event(kind, after, seat.member_id, cause, ordinal, data, rules, now)
    if after.dissolved_at is not None and before is not None and before.dissolved_at is None:
        owner = next((seat.member_id for seat in before.joined if seat.role == "owner"), before.seats[0].member_id)
        yield owner, _event(HouseholdDissolvedV1.event_type, after, owner, cause, 0, {}, rules, now)


def _told(
    was: Seat | None, seat: Seat, after: Roster, by: UUID | None, terms: HouseholdTerms | None
) -> tuple[str, dict[str, Any]]:
    doer = None if by is None else str(by)
    match seat.state:
        case "invited" | "joined" if was is not None and was.state == seat.state:
            heir = None if by == seat.member_id or seat.role == was.role else doer
            return HouseholdRoleChangedV1.event_type, {
                "role": seat.role,
                "former_role": was.role,
                "by_member_id": heir,
            }
        case "invited":
            assert terms is not None
            return HouseholdInvitedV1.event_type, {
                "role": seat.role,
                "by_member_id": doer,
                "until": invitation_until(seat, terms),
            }
        case "joined" if was is None:
            return HouseholdFoundedV1.event_type, {}
        case "joined":
            return HouseholdJoinedV1.event_type, {"role": seat.role, "members": len(after.joined)}
    return HouseholdLeftV1.event_type, {"reason": seat.state, "by_member_id": doer}


def _event(
    kind: str, roster: Roster, member_id: UUID, cause: UUID, ordinal: int, data: dict[str, Any], rules: Rules,
    now: datetime,
) -> Outgoing:  # fmt: skip
    member = str(member_id)
    key = member.encode()
    writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=rules.tenant, programme=rules.programme)
    name = event_id(rules.tenant, cause.hex, kind, member, ordinal)
    told = {"household_id": str(roster.household_id), "member_id": member, **data}
    value = writer.write(name, member, None, {each: value for each, value in told.items() if value is not None})
    return Outgoing(MEMBERS, key, kafka_partition_hash(key), value, writer.headers(name, key, None), True)
