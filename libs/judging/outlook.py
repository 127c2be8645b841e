"""What a member will have once the points of a verdict are credited."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from libs.judging.alive import keep_alive
from libs.judging.verdict import NewCredit
from libs.judging.versions import RunningProgramme
from libs.ledger.catch_up import catch_up
from libs.ledger.decide import opening_movement
from libs.ledger.evolve import apply, apply_all
from libs.ledger.model import MemberLedger
from libs.ledger.repay import repay
from libs.promotions.facts import MemberFacts


def bought(
    programme: RunningProgramme, ledger: MemberLedger, member: MemberFacts, credits: Iterable[NewCredit], at: datetime
) -> MemberLedger:
    """Return a member's ledger after a purchase at an aware instant: it keeps points alive and brings these credits."""
    if programme.revives:
        ledger = apply_all(ledger, keep_alive(programme, ledger, member, None, at, at))
    return credited(ledger, credits, at)


def credited(ledger: MemberLedger, credits: Iterable[NewCredit], at: datetime) -> MemberLedger:
    """Return a member's ledger with the lots of these credits, recorded at an aware instant.

    What time has done up to then is recorded first, and what is owed or lent is repaid out of each lot, as in earning.
    """
    ledger = apply_all(ledger, catch_up(ledger, at, at))
    for new in credits:
        lot = new.lot(ledger.seq, at)
        ledger = apply(ledger, opening_movement(lot))
        ledger = apply_all(ledger, repay(ledger, new.wallet, at, credited=(lot.seq,)))
    return ledger
