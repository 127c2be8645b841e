"""Members whose ledger is in hand: those that a batch does more to than add the credits of plain purchases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from libs.judging.verdict import NewCredit
from libs.ledger.decide import opening_movement
from libs.ledger.evolve import apply
from libs.ledger.model import Kind, Lot, MemberLedger, Movement
from libs.ledger.repay import repay
from libs.lives import life
from libs.lives.life import MemberName
from libs.lives.made import Cause, Made
from libs.promotions.extensions import EXTENSION
from services.earning.verdict import Given, Standing


class Life(life.Life):
    """A member's ledger as the batch goes on, every movement made of it, and what is given beside points.

    `whole` is false when its lots were not loaded, because nothing is owed, due or taken: then it only gains lots.
    """

    def __init__(self, name: MemberName, standing: Standing, ledger: MemberLedger, *, whole: bool) -> None:
        super().__init__(name, ledger)
        self.standing = standing
        self.whole = whole
        self._gifts: list[Given] = []
        self._gifts_told = 0

    def record(self, movements: Iterable[Movement], cause: Cause, reason: str | None = None) -> None:
        """Apply movements that were decided on the ledger as it is."""
        super().record(movements, cause, reason)
        self.standing.seq = max(self.standing.seq, self.ledger.seq)

    def credit(self, new: NewCredit, now: datetime, cause: Cause) -> Lot:
        """Add a lot, and repay what is owed out of it, and a share of what is lent."""
        lot = new.lot(self.ledger.seq, now)
        opening = opening_movement(lot)
        self.ledger = apply(self.ledger, opening)
        self.standing.seq = lot.seq
        self._caught_up = False
        self.made.append(Made(opening, cause, new.carried))
        self.record(repay(self.ledger, new.wallet, now, credited=(lot.seq,)), cause)
        return lot

    def give(self, granted: Iterable[tuple[str, str, str, int]], cause: Cause, *, back: bool = False) -> None:
        """Note what the member gets beside points, or gives `back`: campaign, kind, reference and quantity of each.

        Later dates are no gifts: they are entries of the ledger, and never given back.
        """
        before = sum(1 for each in self._gifts if (each.cause, each.back) == (cause, back))
        gifts = [gift for gift in granted if gift[1] != EXTENSION]
        for number, gift in enumerate(gifts, start=before + 1):
            self._gifts.append(Given(*gift, cause, number, back))

    def untold_gifts(self) -> list[Given]:
        """What was noted since this was asked last, each an event."""
        untold = self._gifts[self._gifts_told :]
        self._gifts_told = len(self._gifts)
        return untold

    @property
    def received(self) -> bool:
        """Whether any lot came from another member."""
        return any(lot.opened_by is Kind.TRANSFER for lot in self.ledger.lots)

    def head(self) -> tuple[datetime | None, datetime | None]:
        """When the first pending lot becomes active and the first lot lapses, as far as is known here."""
        activates_at, lapses_at = super().head()
        if self.whole:
            return activates_at, lapses_at
        return _first(self.standing.activates_at, activates_at), _first(self.standing.lapses_at, lapses_at)


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)
