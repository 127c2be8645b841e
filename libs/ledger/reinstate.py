"""What lapsed comes back: into the lots that it lay in, which get a new date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from libs.ledger.evolve import apply_all
from libs.ledger.give_back import Share, move, split
from libs.ledger.model import Account, Kind, MemberLedger, Movement, NewExpiry
from libs.ledger.repay import repay

ReinstatementRefusal = Literal["date-passed", "more-than-lapsed", "over-the-limit"]


class Lapse(NamedTuple):
    """Points of one lot that lapsed in one movement, when, and how many of them have come back since."""

    seq: int
    wallet: str
    lot_seq: int
    amount: int
    lapsed_at: datetime
    back: int = 0

    @property
    def open(self) -> int:
        """What has not come back."""
        return self.amount - self.back


class Reinstated(NamedTuple):
    """What became of a request: its movements, or why there are none."""

    movements: tuple[Movement, ...]
    refused: ReinstatementRefusal | None = None


def reinstate(
    ledger: MemberLedger,
    lapsed: Sequence[Lapse],
    points: int,
    at: datetime,
    until: datetime | None,
    most: int | None = None,
) -> Reinstated:
    """Give back so many of the points of one wallet that lapsed, or none of them; record what time has done first.

    What lapsed last comes back first. Lots whose date has passed get `until` (None is never), others keep theirs: no
    life is made shorter. `most` bounds what may come back of all that lapsed, with what has come back before. Debt is
    repaid at once. The ledger holds the lots that `lapsed` names.

    Refused are more points than lapsed and are still away, more than `most`, and a date that is no longer ahead.

    Raises:
        ValueError: a bug of the caller: nothing to give back, or points of more than one wallet.
    """
    if points <= 0 or len({each.wallet for each in lapsed}) > 1:
        raise ValueError("what comes back is of one wallet, and something")
    if until is not None and until <= at:
        return Reinstated((), "date-passed")
    if points > sum(each.open for each in lapsed):
        return Reinstated((), "more-than-lapsed")
    if most is not None and sum(each.back for each in lapsed) + points > most:
        return Reinstated((), "over-the-limit")
    ordered = sorted(lapsed, key=lambda each: (each.lapsed_at, each.seq, each.lot_seq), reverse=True)
    away = [Share(each.seq, each.wallet, each.lot_seq, each.open) for each in ordered if each.open]
    back, _ = split(away, points)
    dated = {share.lot_seq for share in back if (lot := ledger.lot(share.lot_seq)) is not None and lot.lapsed(at)}
    movements = _back(ledger.seq, [share for share in back if share.lot_seq in dated], at, NewExpiry(until))
    kept = [share for share in back if share.lot_seq not in dated]
    movements += _back(ledger.seq + len(movements), kept, at, None)
    ledger = apply_all(ledger, movements)
    return Reinstated((*movements, *repay(ledger, back[0].wallet, at, not_before=at)))


def after_movements(lapsed: Iterable[Lapse], movements: Iterable[Movement]) -> list[Lapse]:
    """What has lapsed, and come back, once a member's movements followed on what had before."""
    found = {(lapse.seq, lapse.lot_seq): lapse for lapse in lapsed}
    for movement in movements:
        for part in movement.allocations:
            if movement.kind is Kind.EXPIRE:
                lapse = Lapse(movement.seq, movement.wallet, part.lot_seq, part.amount, movement.effective_at)
                found[movement.seq, part.lot_seq] = lapse
            elif is_reinstatement(movement) and movement.corrects is not None:
                lapse = found[movement.corrects, part.lot_seq]
                found[lapse.seq, lapse.lot_seq] = lapse._replace(back=lapse.back + part.amount)
    return list(found.values())


def is_reinstatement(movement: Movement) -> bool:
    """Whether a movement brings back what had lapsed."""
    return movement.kind is Kind.RESTORE and movement.from_account is Account.EXPIRED


def _back(head: int, shares: Sequence[Share], at: datetime, expiry: NewExpiry | None) -> tuple[Movement, ...]:
    return move(head, shares, Kind.RESTORE, Account.EXPIRED, Account.ACTIVE, at, expiry)
