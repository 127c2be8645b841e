"""Old lots under another policy: which dates they get when a later version is to hold for them as well. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.ledger.boundary import ExpiryCalendar
from libs.ledger.model import Lot, MemberLedger
from libs.promotions.facts import MemberFacts

_ZONE_MOVES = timedelta(hours=6)
"""By so much, at most, newer zone data move the end of a day that counts as the same one.

Zones were moved by up to three hours; no other day of the zone ends within six. Where one crosses the date line, its
days are others, and that is for people to decide.
"""
_TICK = timedelta(microseconds=1)


class Redating(NamedTuple):
    """Points of `from_version` are to lapse by the policies of `to_version`, those of one wallet or of all (None).

    Where both are one version, they keep their policy and its last day, which newer zone data may end at another
    instant. No date becomes earlier than the first boundary behind `notice_until`; None gives no notice.
    """

    from_version: int
    to_version: int
    wallet: str | None = None
    notice_until: datetime | None = None


def new_dates(
    programme: RunningProgramme, ledger: MemberLedger, member: MemberFacts, wanted: Redating, now: datetime
) -> dict[int, datetime | None]:
    """Return the dates that lots get, by their numbers, None for never; those that keep theirs are left out.

    The clock of a lot starts where that of new ones does, and by inactivity with the last that the member earned. What
    has lapsed stays so; what would have lapsed already lapses at the next boundary. Points to which an effect gave a
    date of its own keep it. Asked again of what came of it, it moves nothing. Where both versions are one, only dates
    become others that newer zone data made no boundary.
    """
    before, after = programme.numbered(wanted.from_version), programme.numbered(wanted.to_version)
    if after is None:
        return {}
    found: dict[int, datetime | None] = {}
    for lot in ledger.lots:
        if lot.policy_version != wanted.from_version or not _concerned(lot, wanted, after, now):
            continue
        if wanted.from_version == wanted.to_version:
            date = _same_day(programme, lot, member, wanted, now)
        elif before is not None and _has_its_own(before, lot, member):
            continue
        else:
            date = _date(lot, _starts(after, lot, ledger), after.calendar(lot.wallet, member), wanted, now)
        if date != lot.expires_at:
            found[lot.seq] = date
    return found


def _concerned(lot: Lot, wanted: Redating, after: ActiveVersion, now: datetime) -> bool:
    if wanted.wallet not in (None, lot.wallet) or lot.wallet not in after.calendars:
        return False
    return bool(lot.free) and not lot.pending and not lot.lapsed(now)


def _has_its_own(version: ActiveVersion, lot: Lot, member: MemberFacts) -> bool:
    """Whether a lot has the date that an effect of its version gives to its wallet, and the wallet itself does not."""
    own = version.terms.own_calendars(lot.wallet, member)
    return (
        lot.wallet in version.calendars
        and any(_ends_with(lot, _instant(calendar, lot.earned_at)) for calendar in own)
        and not _ends_with(lot, _instant(version.calendar(lot.wallet, member), lot.earned_at))
    )


def _ends_with(lot: Lot, instant: datetime | None) -> bool:
    """Whether a lot lapses with the day that ends then, be it by the zone data of another release."""
    if instant is None or lot.expires_at is None:
        return instant is lot.expires_at
    return abs(instant - lot.expires_at) <= _ZONE_MOVES


def _same_day(
    programme: RunningProgramme, lot: Lot, member: MemberFacts, wanted: Redating, now: datetime
) -> datetime | None:
    """When the last day of a lot ends by today's zone data; its own date where no policy has a boundary beside it.

    Any version may have given it the date that it has, to members who were of another tier then.
    """
    old = lot.expires_at
    if old is None:
        return None
    ends = [
        boundary.instant
        for version in programme.versions
        if lot.wallet in version.calendars
        for calendar in version.terms.all_calendars(lot.wallet, member)
        if (boundary := calendar.next_boundary(old - _ZONE_MOVES - _TICK)) is not None
        and _ends_with(lot, boundary.instant)
    ]
    new = min(ends, default=old)
    if old in ends or (new < old and new <= max(now, wanted.notice_until or now)):
        return old
    return new


def _starts(version: ActiveVersion, lot: Lot, ledger: MemberLedger) -> datetime:
    if lot.wallet in version.terms.alive:
        return max(other.earned_at for other in ledger.lots if other.wallet == lot.wallet)
    return lot.active_from if version.expires_from_activation[lot.wallet] else lot.earned_at


def _date(lot: Lot, starts: datetime, calendar: ExpiryCalendar, wanted: Redating, now: datetime) -> datetime | None:
    new, old = _instant(calendar, starts), lot.expires_at
    if new is None or (old is not None and new >= old):
        return new
    floor = calendar.next_boundary(now if wanted.notice_until is None else max(now, wanted.notice_until))
    assert floor is not None, "a policy by which points lapse has boundaries"
    least = max(new, floor.instant)
    return least if old is None else min(old, least)


def _instant(calendar: ExpiryCalendar, at: datetime) -> datetime | None:
    boundary = calendar.expires_at(at)
    return None if boundary is None else boundary.instant
