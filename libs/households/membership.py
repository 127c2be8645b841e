"""Decisions about who belongs to a household, in which role, and by whose word. Pure. A "no" is a `No`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from libs.promotions.households import HouseholdTerms, Role


class No(NamedTuple):
    """Why something is not done, by a code and in words."""

    code: str
    detail: str


SeatState = Literal["invited", "joined", "declined", "withdrawn", "left", "removed", "dissolved"]
OVER = No("household-dissolved", "The household is no more.")
NOT_ALLOWED = No("household-not-allowed", "Only an owner of the household may do this.")
NOT_INVITED = No("household-not-invited", "The household does not ask the member to join, or not any more.")
NOT_A_MEMBER = No("household-not-a-member", "The member neither belongs to the household nor is asked to.")
ALREADY = No("household-already", "The member belongs to a household already, or is asked to join this one.")
FULL = No("household-full", "The programme lets no more members share a household.")
NEEDS_OWNER = No("household-needs-owner", "A household has an owner: make another member one first.")


_BY_THEMSELVES: Mapping[SeatState, SeatState] = MappingProxyType({"joined": "left", "invited": "declined"})
_BY_OTHERS: Mapping[SeatState, SeatState] = MappingProxyType({"joined": "removed", "invited": "withdrawn"})
"""How seats end of whoever goes, by the state that they are in."""


class Seat(Struct, frozen=True):
    """A member who was asked to belong to a household, belongs to it, or did.

    `named` is the member as the row has it, where that one was merged into `member_id` since.
    """

    member_id: UUID
    role: Role
    state: SeatState
    invited_at: datetime
    named: UUID
    invited_by: UUID | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None


class Invitation(NamedTuple):
    """A household that asks a member to join."""

    household_id: UUID
    role: Role
    invited_by: UUID | None
    invited_at: datetime


class Roster(Struct, frozen=True):
    """A household with its seats that are not over; those that a decision ends are still there with their end."""

    household_id: UUID
    founded_at: datetime
    seats: tuple[Seat, ...]
    dissolved_at: datetime | None = None

    @property
    def joined(self) -> tuple[Seat, ...]:
        """Who belongs to it, the longest first."""
        mates = [seat for seat in self.seats if seat.state == "joined"]
        return tuple(sorted(mates, key=lambda seat: (seat.answered_at or seat.invited_at, seat.member_id)))

    def seat(self, member_id: UUID, *states: SeatState) -> Seat | None:
        """The seat of a member in one of some states."""
        return next((seat for seat in self.seats if seat.member_id == member_id and seat.state in states), None)


def until_of(invited_at: datetime, terms: HouseholdTerms) -> datetime:
    """Until when an invitation of an instant can be accepted."""
    return invited_at + timedelta(days=terms.invitation_days)


def invitation_until(seat: Seat, terms: HouseholdTerms) -> datetime:
    """Until when an invitation can be accepted."""
    return until_of(seat.invited_at, terms)


def founded(household_id: UUID, member_id: UUID, now: datetime) -> Roster:
    """Found a household; whoever does is its owner."""
    return Roster(household_id, now, (Seat(member_id, "owner", "joined", now, member_id, None, now),))


def invited(
    roster: Roster, by: UUID | None, member_id: UUID, role: Role, now: datetime, terms: HouseholdTerms
) -> Roster | No:
    """Ask a member to belong to it. An invitation whose time is over gives way to a new one."""
    if (refusal := _may(roster, by)) is not None:
        return refusal
    known = roster.seat(member_id, "invited", "joined")
    if known is not None and (known.state == "joined" or now < invitation_until(known, terms)):
        return ALREADY
    kept = [seat for seat in roster.seats if seat is not known]
    open_seats = [seat for seat in kept if seat.state == "joined" or now < invitation_until(seat, terms)]
    if len(open_seats) >= terms.most_members:
        return FULL
    if known is not None:
        kept.append(replace(known, state="withdrawn", ended_at=now))
    seat = Seat(member_id, role, "invited", now, member_id, by)
    return replace(roster, seats=(*kept, seat))


def answered(roster: Roster, member_id: UUID, now: datetime, terms: HouseholdTerms, *, accept: bool) -> Roster | No:
    """Accept an invitation, or decline it: only the member may."""
    if roster.dissolved_at is not None:
        return OVER
    seat = roster.seat(member_id, "invited")
    if seat is None:
        done = roster.seat(member_id, "joined")
        return roster if accept and done is not None else NOT_INVITED
    if not accept:
        return _with(roster, seat, replace(seat, state="declined", ended_at=now))
    if now >= invitation_until(seat, terms):
        return NOT_INVITED
    if len(roster.joined) >= terms.most_members:
        return FULL
    return _with(roster, seat, replace(seat, state="joined", answered_at=now))


def role_changed(roster: Roster, by: UUID | None, member_id: UUID, role: Role) -> Roster | No:
    """Give a member another role; one owner stays."""
    if (refusal := _may(roster, by)) is not None:
        return refusal
    seat = roster.seat(member_id, "joined", "invited")
    if seat is None:
        return NOT_A_MEMBER
    if seat.role == role:
        return roster
    after = _with(roster, seat, replace(seat, role=role))
    return after if _has_owner(after) else NEEDS_OWNER


def departed(roster: Roster, by: UUID | None, member_id: UUID, now: datetime) -> Roster | No:
    """Let a member go by their own word or an owner's, or take an invitation back.

    Of two members who were merged both seats end. Where the last owner goes, the adult becomes one who has belonged to
    it longest; without one it is dissolved.
    """
    if roster.dissolved_at is not None:
        return OVER
    if by != member_id and (refusal := _may(roster, by)) is not None:
        return refusal
    if roster.seat(member_id, "joined", "invited") is None:
        return NOT_A_MEMBER
    ends = _BY_THEMSELVES if by == member_id else _BY_OTHERS
    after = _mapped(
        roster,
        lambda seat: (
            replace(seat, state=ends[seat.state], ended_at=now)
            if seat.member_id == member_id and seat.state in ends
            else seat
        ),
    )
    if _has_owner(after):
        return after
    heir = next((each for each in after.joined if each.role == "adult"), None)
    return _ended(after, now) if heir is None else _with(after, heir, replace(heir, role="owner"))


def dissolved(roster: Roster, by: UUID | None, now: datetime) -> Roster | No:
    """End it for all."""
    if roster.dissolved_at is not None:
        return roster
    return _may(roster, by) or _ended(roster, now)


def changes(before: Roster | None, after: Roster) -> Iterator[tuple[Seat | None, Seat]]:
    """The seats that are not as they were: before and now."""
    was = {} if before is None else {(seat.named, seat.invited_at): seat for seat in before.seats}
    for seat in after.seats:
        known = was.get((seat.named, seat.invited_at))
        if known != seat:
            yield known, seat


def _may(roster: Roster, by: UUID | None) -> No | None:
    """Why somebody may not change it; an operator may."""
    if roster.dissolved_at is not None:
        return OVER
    if by is None:
        return None
    seat = roster.seat(by, "joined")
    return None if seat is not None and seat.role == "owner" else NOT_ALLOWED


def _has_owner(roster: Roster) -> bool:
    return any(seat.role == "owner" for seat in roster.joined)


def _with(roster: Roster, was: Seat, now: Seat) -> Roster:
    return _mapped(roster, lambda seat: now if seat is was else seat)


def _ended(roster: Roster, now: datetime) -> Roster:
    ends = ("invited", "joined")
    after = _mapped(roster, lambda seat: replace(seat, state="dissolved", ended_at=now) if seat.state in ends else seat)
    return replace(after, dissolved_at=now)


def _mapped(roster: Roster, change: Callable[[Seat], Seat]) -> Roster:
    return replace(roster, seats=tuple(change(seat) for seat in roster.seats))
