"""Households as they are shown: who belongs to one, and what a member may spend with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from libs.contracts.households import HouseholdView, InvitationView, PurseView, SeatView, ShareView
from libs.households.membership import Invitation, Roster, Seat, invitation_until, until_of
from libs.households.sharing import Pool
from libs.ledger.model import MemberLedger
from libs.ledger.spend import redeem, rested
from libs.promotions.households import HouseholdTerms


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


def waiting(found: Iterable[Invitation], terms: HouseholdTerms | None, now: datetime) -> Iterator[InvitationView]:
    """The invitations that can still be accepted."""
    for each in found:
        if terms is not None and now < (until := until_of(each.invited_at, terms)):
            yield InvitationView(**each._asdict(), until=until)


def purses(
    own: MemberLedger, pool: Pool, others: Mapping[UUID, MemberLedger], scales: Mapping[str, int]
) -> Iterator[PurseView]:
    """What a member may spend with the household, wallet by wallet; what time has done is on the ledger already."""
    for wallet, scale in scales.items():
        common = pool.common(own, others, [wallet])
        mine = redeem(rested(own, pool.rest, pool.at), 1, [wallet], pool.at).spendable
        spendable = redeem(common.ledger, 1, [wallet], pool.at).spendable
        yield PurseView(
            wallet=wallet,
            scale=scale,
            own=mine,
            of_others=sum(common.offered.values()),
            may_spend_of_others=spendable - mine,
            spendable=spendable,
            shares=tuple(ShareView(member_id=owner, points=points) for owner, points in sorted(common.offered.items())),
        )
