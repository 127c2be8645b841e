"""Old lots under another policy: which dates they get when a later version is to hold for them as well. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.ledger.boundary import ExpiryCalendar
from libs.ledger.model import Lot, MemberLedger
from libs.promotions.facts import MemberFacts


class Redating(NamedTuple):
    """Points of `from_version` are to lapse by the policies of `to_version`, those of one wallet or of all (None).

    No date becomes earlier than the first boundary behind `notice_until`; None gives no notice.
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
    date of its own keep it. Asked again of what came of it, it moves nothing.
    """
    before, after = programme.numbered(wanted.from_version), programme.numbered(wanted.to_version)
    if after is None:
        return {}
    found: dict[int, datetime | None] = {}
    for lot in ledger.lots:
        if lot.policy_version != wanted.from_version or not _concerned(lot, wanted, after, now):
            continue
        if before is not None and _has_its_own(before, lot, member):
            continue
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
        and any(_instant(calendar, lot.earned_at) == lot.expires_at for calendar in own)
        and _instant(version.calendar(lot.wallet, member), lot.earned_at) != lot.expires_at
    )


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
