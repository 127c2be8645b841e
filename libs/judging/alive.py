"""Inactivity: which lots of a member something that the member does keeps alive, and until when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from libs.judging.verdict import NewCredit
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.model import Lot, MemberLedger, Movement
from libs.ledger.redate import redate
from libs.promotions.expiry import InactivityExpiry
from libs.promotions.facts import MemberFacts

REASON = "kept-alive"
"""Why a date was moved, as the event of the movement says."""


def keep_alive(
    programme: RunningProgramme,
    ledger: MemberLedger,
    member: MemberFacts,
    activity: str | None,
    at: datetime,
    recorded_at: datetime,
) -> tuple[Movement, ...]:
    """What time had done by an aware instant, and the dates that an activity (None: a purchase) of then moves.

    Each lot has the policy of the version that made it. A date only ever becomes later; points that had lapsed by then
    stay so. Activities that are told late move nothing that later ones have moved already.
    """
    made = catch_up(ledger, min(at, recorded_at), recorded_at)
    ledger = apply_all(ledger, made)
    dates = {}
    for lot in ledger.lots:
        until = _alive_until(programme, lot, member, activity, at)
        if until is not None:
            dates[lot.seq] = until
    return (*made, *redate(ledger, dates, at, recorded_at))


def alive_until(programme: RunningProgramme, member: MemberFacts, at: datetime) -> datetime | None:
    """The latest date to which anything done at an instant may move lots of a member; None: it moves none."""
    dates = [
        boundary.instant
        for version in programme.versions
        if version.terms.alive
        for wallet in version.terms.alive
        if isinstance(version.terms.expiry(wallet, member), InactivityExpiry)
        and (boundary := version.calendar(wallet, member).expires_at(at)) is not None
    ]
    return max(dates, default=None)


def told_late(programme: RunningProgramme, ledger: MemberLedger, credits: Sequence[NewCredit]) -> Sequence[NewCredit]:
    """The same credits; those that are told late are kept alive as well by what the member has earned since."""
    if not programme.revives:
        return credits
    alive = [lot for lot in ledger.lots if lot.expires_at is not None and _is_alive(programme, lot)]
    return [_as_alive(new, alive) if _lives(programme, new) else new for new in credits]


def _as_alive(new: NewCredit, alive: Iterable[Lot]) -> NewCredit:
    dates = [lot.expires_at for lot in alive if lot.wallet == new.wallet and lot.earned_at > new.earned_at]
    assert new.expires_at is not None, "what lapses by inactivity has a date"
    return replace(new, expires_at=max([new.expires_at, *[date for date in dates if date is not None]]))


def _lives(programme: RunningProgramme, new: NewCredit) -> bool:
    version = programme.numbered(new.version)
    return new.expires_at is not None and version is not None and new.wallet in version.terms.alive


def _is_alive(programme: RunningProgramme, lot: Lot) -> bool:
    version = programme.numbered(lot.policy_version)
    return version is not None and lot.wallet in version.terms.alive


def _alive_until(
    programme: RunningProgramme, lot: Lot, member: MemberFacts, activity: str | None, at: datetime
) -> datetime | None:
    """To when an activity moves the date of a lot; None where it does not."""
    if lot.expires_at is None or lot.pending or not lot.free or not lot.opened_at <= at < lot.expires_at:
        return None
    version = programme.numbered(lot.policy_version)
    if version is None or lot.wallet not in version.terms.alive or not _counts(version, lot.wallet, member, activity):
        return None
    boundary = version.calendar(lot.wallet, member).expires_at(at)
    return None if boundary is None or boundary.instant <= lot.expires_at else boundary.instant


def _counts(version: ActiveVersion, wallet: str, member: MemberFacts, activity: str | None) -> bool:
    expiry = version.terms.expiry(wallet, member)
    if not isinstance(expiry, InactivityExpiry):
        return False
    return expiry.purchases if activity is None else activity in expiry.activities
