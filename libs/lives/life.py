"""Members whose ledger is in hand: what is known of one, what is done to it, and the rows that come of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import asdict, replace

from libs.ledger.catch_up import catch_up, due
from libs.ledger.evolve import apply
from libs.ledger.model import Debt, Kind, Lot, MemberLedger, Movement
from libs.lives.made import Cause, Made

MemberName = tuple[int, int, UUID]
"""Tenant, programme and id of a member."""

Mark = tuple[MemberLedger, int, bool]
"""How a life stood at a moment; opaque to others."""
NEVER = "infinity"


class Life:
    """A member's ledger as a transaction goes on, and every movement made of it."""

    def __init__(self, name: MemberName, ledger: MemberLedger) -> None:
        self.name = name
        self.ledger = ledger
        self.made: list[Made] = []
        self.before = ledger
        self._told = 0
        self._caught_up = False

    def catch_up(self, now: datetime, cause: Cause) -> None:
        """Record what time has done, before anything else is done to the member: once, and again after each new lot.

        A lot that comes late may be due at once; that must not depend on where batches are cut.
        """
        if not self._caught_up:
            self._caught_up = True
            self.record(catch_up(self.ledger, now, now), cause)

    def record(self, movements: Iterable[Movement], cause: Cause, reason: str | None = None) -> None:
        """Apply movements that were decided on the ledger as it is."""
        for movement in movements:
            before = self.ledger
            self.ledger = apply(before, movement)
            self._caught_up &= movement.opens is None
            touched = self.ledger.lot(movement.allocations[0].lot_seq) if movement.allocations else None
            lapses_at = None if touched is None else touched.expires_at
            made = Made(movement, cause, False, self.ledger.debt(movement.wallet), lapses_at, reason)
            if self.ledger.debts:
                made = replace(made, lent=self.ledger.lent(movement.wallet))
            if movement.kind is Kind.WAIVE and (was := before.lot(movement.allocations[0].lot_seq)) is not None:
                made = replace(made, lapsed_at=was.expires_at)
            self.made.append(made)

    def mark(self) -> Mark:
        """Note how things stand, for whoever may have to go back."""
        return self.ledger, len(self.made), self._caught_up

    def go_back(self, mark: Mark) -> None:
        """Leave nothing behind of what was recorded since a mark; none of it may have been told."""
        self.ledger, kept, self._caught_up = mark
        del self.made[kept:]

    def untold(self) -> list[Made]:
        """The movements made since this was asked last: each has its event."""
        untold = self.made[self._told :]
        self._told = len(self.made)
        return untold

    def made_by(self, event_key: UUID) -> list[Made]:
        """The movements that an event brought about."""
        return [made for made in self.made if made.cause.key == event_key]

    def head(self) -> tuple[datetime | None, datetime | None]:
        """When the first pending lot becomes active and the first lot lapses."""
        return due(self.ledger)

    @property
    def changed(self) -> bool:
        """Whether there is anything to save."""
        return bool(self.made)

    def opened(self) -> Iterator[tuple[Lot, Lot, Made]]:
        """The lots that were opened: as they began, as they are, and by which movement."""
        now = {lot.seq: lot for lot in self.ledger.lots}
        for made in self.made:
            if made.movement.opens is not None:
                yield made.movement.opens, now[made.movement.seq], made

    def touched(self) -> Iterator[tuple[Lot, Lot]]:
        """The lots that were there before and are not as they were: before and now."""
        before = {lot.seq: lot for lot in self.before.lots}
        for lot in self.ledger.lots:
            was = before.get(lot.seq)
            if was is not None and was != lot:
                yield was, lot


def rows(lives: Iterable[Life]) -> dict[str, list[dict[str, Any]]]:
    """What is to be saved of these members, as rows by table."""
    tables: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("lots", "movements", "allocations", "touched", "debts", "heads")
    }
    for life in lives:
        if not life.changed:
            continue
        whose = _whose(life)
        tables["lots"] += [whose | _lot_row(began, lot, made) for began, lot, made in life.opened()]
        tables["touched"] += [whose | _dates(was, lot) | _state(lot) for was, lot in life.touched()]
        for made in life.made:
            if made.movement.opens is None:
                tables["movements"].append(whose | _movement_row(made))
                tables["allocations"] += [
                    whose | {"seq": made.movement.seq, "lot_seq": part.lot_seq, "amount": part.amount}
                    for part in made.movement.allocations
                ]
        tables["debts"] += [whose | debt for debt in _debts(life)]
        activates_at, lapses_at = life.head()
        owing = any(debt.amount or debt.lent for debt in life.ledger.debts)
        tables["heads"].append(
            whose | {"seq": life.ledger.seq, "activates_at": activates_at, "lapses_at": lapses_at, "owing": owing}
        )
    return tables


def waivers(lives: Iterable[Life]) -> list[dict[str, Any]]:
    """Why points of these members did not lapse, as rows; for most there are none."""
    return [
        named | {"spared_by": spared.by, "spared_as": spared.name, "programme_version": spared.version}
        for named, movement in _named(lives)
        if (spared := movement.spared) is not None
    ]


def loans(lives: Iterable[Life]) -> list[dict[str, Any]]:
    """By what terms points were lent to these members, as rows; for most there are none."""
    return [
        named | {"share": loan.share, "due_at": loan.due_at}
        for named, movement in _named(lives)
        if (loan := movement.loan) is not None
    ]


def _named(lives: Iterable[Life]) -> Iterator[tuple[dict[str, Any], Movement]]:
    """Every movement that was made, with the columns that name it."""
    for life in lives:
        for made in life.made:
            yield _whose(life) | {"seq": made.movement.seq}, made.movement


def _whose(life: Life) -> dict[str, Any]:
    tenant, programme, member_id = life.name
    return {"tenant_id": tenant, "programme_id": programme, "member_id": member_id}


def _state(lot: Lot) -> dict[str, Any]:
    return {"seq": lot.seq, "remaining": lot.remaining, "held": lot.held, "pending": lot.pending}


def _dates(was: Lot, lot: Lot) -> dict[str, Any]:
    """The dates that were moved; what was not is left as it is."""
    return {
        "now_active_from": None if lot.active_from == was.active_from else lot.active_from,
        "now_expires_at": None if lot.expires_at == was.expires_at else lot.expires_at or NEVER,
    }


def _lot_row(began: Lot, lot: Lot, made: Made) -> dict[str, Any]:
    return (
        _state(lot)
        | _dates(began, lot)
        | {
            "wallet": lot.wallet,
            "amount": lot.amount,
            "earned_at": lot.earned_at,
            "active_from": began.active_from,
            "expires_at": began.expires_at,
            "policy_version": lot.policy_version,
            "cause": made.cause.key,
            "contributor": lot.contributor,
            "opened_by": lot.opened_by,
        }
    )


def _movement_row(made: Made) -> dict[str, Any]:
    movement = made.movement
    moves = movement.new_expiry
    return {
        "seq": movement.seq,
        "wallet": movement.wallet,
        "kind": movement.kind,
        "from_account": movement.from_account,
        "to_account": movement.to_account,
        "amount": movement.amount,
        "effective_at": movement.effective_at,
        "corrects": movement.corrects,
        "cause": made.cause.key,
        "moves_expiry": moves is not None,
        "new_expires_at": None if moves is None else moves.expires_at,
    }


def _debts(life: Life) -> Iterator[dict[str, Any]]:
    """The debts that have changed; what is owed no longer stays as 0."""
    was = {debt.wallet: debt for debt in life.before.debts}
    now = {debt.wallet: debt for debt in life.ledger.debts}
    for wallet in sorted(was.keys() | now.keys()):
        debt = now.get(wallet)
        if debt != was.get(wallet):
            yield asdict(debt or Debt(wallet, 0, was[wallet].since))
