"""What a batch comes to: everything that is saved and published for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct

from libs.history.days import Sum
from libs.ledger.model import Lot
from libs.lives.made import Made
from libs.promotions.evaluation import Failed, ran_out
from libs.promotions.pages import LotMade, Moved, Outcome, StoredDecision
from libs.runtime.batch import Outgoing
from services.earning.verdict import CounterName

NO_PAGE = 4095
"""No decision comes of such an event: the one page of a batch, of 4,096, that decisions can not reach."""


class Term(NamedTuple):
    """What many lots of a batch share."""

    tenant_id: int
    programme_id: int
    wallet: str
    expires_at: datetime | None
    policy_version: int


class NewLot(Struct, frozen=True):
    """A lot, whose it is and on which terms; `cause` is the key of the receipt, `tenant` the name of its company."""

    term: Term
    tenant: str
    member_id: UUID
    lot: Lot
    cause: UUID


class CampaignName(NamedTuple):
    """A campaign of a programme."""

    tenant_id: int
    programme_id: int
    campaign: str


class Unpaid(NamedTuple):
    """An event that moved nothing, and after which of the member's movements it came."""

    tenant_id: int
    programme_id: int
    member_id: UUID
    after_seq: int
    event_key: UUID
    judged_at: datetime
    outcome: Outcome


class Unclaimed(NamedTuple):
    """A receipt that nobody owns yet."""

    tenant_id: int
    programme_id: int
    receipt_key: UUID
    event_key: UUID
    identifiers: tuple[str, ...]
    receipt_number: str
    occurred_at: datetime


class Parked(NamedTuple):
    """A receipt that no rule decides."""

    tenant_id: int
    programme_id: int
    receipt_key: UUID
    member_id: UUID | None
    event_key: UUID
    reason: str
    currency: str
    store: str | None
    receipt_number: str
    occurred_at: datetime


class About(NamedTuple):
    """An event that was said about a receipt after its first purchase, or before it."""

    tenant_id: int
    receipt_key: UUID
    event_key: UUID


@dataclass(slots=True)
class BatchDecision:
    """Everything to be saved and published for a batch, in the order of the events.

    `events` and `decisions` have one entry an event of the batch; a decision comes with its tenant, and is None for
    what is not kept. `again` has the last decision on an event that was decided before, perhaps in this very batch, by
    tenant and key. `settled` receipts wait for nobody any longer, but for what stands in `unclaimed` and `parked`.
    `days` is what is added to the days of members, for programmes that ask what these did before.
    """

    decisions: list[tuple[int, StoredDecision] | None] = field(default_factory=list)
    events: list[list[Outgoing]] = field(default_factory=list)
    lots: list[NewLot] = field(default_factory=list)
    unpaid: list[Unpaid] = field(default_factory=list)
    unclaimed: dict[UUID, Unclaimed] = field(default_factory=dict)
    parked: dict[UUID, Parked] = field(default_factory=dict)
    settled: dict[UUID, tuple[int, int]] = field(default_factory=dict)
    again: dict[tuple[int, UUID], StoredDecision] = field(default_factory=dict)
    about: list[About] = field(default_factory=list)
    uses: dict[CounterName, tuple[int, int]] = field(default_factory=dict)
    days: dict[tuple[int, int, UUID, date], Sum] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    rule_errors: dict[str, int] = field(default_factory=dict)
    exhausted: Counter[CampaignName] = field(default_factory=Counter)

    def fail(self, programme: tuple[int, int], failed: Failed) -> None:
        """Count a campaign whose expression failed, and apart one that took too many steps."""
        self.rule_errors[failed.campaign] = self.rule_errors.get(failed.campaign, 0) + 1
        if ran_out(failed):
            self.exhausted[CampaignName(*programme, failed.campaign)] += 1

    def leave(
        self,
        scope: tuple[int, int],
        key: UUID | None,
        event_key: UUID,
        identifiers: tuple[str, ...],
        purchase: Any,
        occurred_at: datetime,
    ) -> None:
        """Note that a receipt waits for somebody who owns it."""
        assert key is not None
        number = purchase.receipt_number
        self.unclaimed[key] = Unclaimed(*scope, key, event_key, identifiers, number, occurred_at)

    def park(
        self,
        scope: tuple[int, int],
        key: UUID | None,
        event_key: UUID,
        member_id: UUID,
        reason: str | None,
        purchase: Any,
        occurred_at: datetime,
    ) -> None:
        """Note that a receipt waits for a person's word, or for a rate."""
        assert key is not None
        told = (purchase.currency, purchase.store, purchase.receipt_number)
        self.parked[key] = Parked(*scope, key, member_id, event_key, reason or "", *told, occurred_at)


def lots_made(lots: Sequence[tuple[Lot, bool]]) -> tuple[LotMade, ...]:
    """Lots, each with whether it was carried to a later boundary, as a decision keeps them."""
    return tuple([LotMade(lot.seq, lot.wallet, lot.amount, lot.expires_at, carried) for lot, carried in lots])


def moved_as_kept(made: Made) -> Moved:
    """A movement as a decision keeps it."""
    movement = made.movement
    return Moved(
        movement.seq,
        movement.kind.value,
        movement.wallet,
        movement.from_account.value,
        movement.to_account.value,
        movement.amount,
        movement.corrects,
    )
