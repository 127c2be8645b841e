"""The events of what became of households. Pure."""

from __future__ import annotations

from collections.abc import Iterator
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
from libs.contracts.writer import EventWriter
from libs.households.membership import Roster, Seat, changes, invitation_until
from libs.promotions.households import HouseholdTerms
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id, kafka_partition_hash
from services.redemption.domain import Rules
from services.redemption.telling import SOURCE

MEMBERS = "loyalty.members"


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
