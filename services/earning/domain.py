"""What a batch of receipts comes to: pure, and the same wherever the batch is cut.

A member's receipts are decided in order, each on the state that the one before left; so are uses of shared counters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from libs.ledger.decide import decide_credit
from libs.ledger.late import AwaitingOperator, effective_time, place
from libs.ledger.model import Lot
from libs.promotions.decide import evaluate
from libs.promotions.evaluation import Evaluation
from libs.promotions.pages import LotMade, Outcome, StoredDecision
from libs.runtime.batch import Outgoing
from services.earning.announcements import Announcer
from services.earning.programmes import ActiveVersion, RunningProgramme
from services.earning.receipts import Receipt
from services.earning.verdict import Standing, Verdict

CounterName = tuple[int, int, str]
"""Tenant, programme and key of a counter."""


class Term(NamedTuple):
    """What many lots of a batch share."""

    tenant_id: int
    programme_id: int
    wallet: str
    expires_at: datetime | None
    policy_version: int


class NewLot(NamedTuple):
    """A lot, whose it is and on which terms; `cause` is the key of the receipt, `tenant` the name of its company."""

    term: Term
    tenant: str
    member_id: UUID
    lot: Lot
    cause: UUID


@dataclass(slots=True)
class BatchDecision:
    """Everything to be saved and published for a batch, in the order of the receipts.

    `events`, `decisions` and `tenants` have one entry a receipt.
    """

    decisions: list[StoredDecision] = field(default_factory=list)
    tenants: list[int] = field(default_factory=list)
    events: list[list[Outgoing]] = field(default_factory=list)
    lots: list[NewLot] = field(default_factory=list)
    unpaid: list[tuple[Receipt, Standing, int, Outcome, datetime]] = field(default_factory=list)
    unclaimed: list[tuple[Receipt, datetime]] = field(default_factory=list)
    uses: dict[CounterName, tuple[int, int]] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    rule_errors: dict[str, int] = field(default_factory=dict)


class Counters:
    """What shared limits have used, counted on through the batch."""

    def __init__(self, used: Mapping[CounterName, int]) -> None:
        self._by_programme: dict[tuple[int, int], dict[str, int]] = {}
        for (tenant, programme, key), value in used.items():
            self._by_programme.setdefault((tenant, programme), {})[key] = value

    def of(self, programme: RunningProgramme) -> dict[str, int]:
        """Return the counters of one programme, by key; what is missing counts 0."""
        return self._by_programme.setdefault(programme.key, {})


class BatchDecider:
    """Decides a batch bit by bit, so that a worker can look after other things in between.

    `standings` holds the member behind each known identifier, and is counted on; `used` what shared limits have used.
    """

    def __init__(
        self,
        standings: Mapping[tuple[int, int, str], Standing],
        used: Mapping[CounterName, int],
        now: datetime,
    ) -> None:
        self.result = BatchDecision()
        self._standings = standings
        self._counters = Counters(used)
        self._announcer = Announcer(now)
        self._now = now

    def decide(self, receipts: Sequence[Receipt]) -> None:
        """Decide the next receipts of the batch, in order."""
        result, announcer, now = self.result, self._announcer, self._now
        for receipt in receipts:
            standing = _who(receipt, self._standings)
            counted = self._counters.of(receipt.programme)
            verdict = _judge(receipt, standing, counted)
            if verdict.evaluation is not None:
                if verdict.credits:
                    _use(result, receipt.programme, counted, verdict.evaluation)
                for failed in verdict.evaluation.rule_errors:
                    result.rule_errors[failed.campaign] = result.rule_errors.get(failed.campaign, 0) + 1
            lots = _credit(result, receipt, standing, verdict, now) if standing is not None else []
            _keep(result, receipt, standing, verdict, lots)
            result.events.append(announcer.announce(receipt, standing, verdict, lots))
            result.outcomes[verdict.outcome] = result.outcomes.get(verdict.outcome, 0) + 1


def _who(receipt: Receipt, standings: Mapping[tuple[int, int, str], Standing]) -> Standing | None:
    """The member behind the first identifier that anybody has."""
    tenant, programme = receipt.programme.key
    for name in receipt.identifiers:
        standing = standings.get((tenant, programme, name))
        if standing is not None:
            return standing
    return None


def _judge(receipt: Receipt, standing: Standing | None, counters: Mapping[str, int]) -> Verdict:
    judged_at, ahead = effective_time(receipt.event.time, receipt.arrived_at)
    if standing is None:
        outcome: Outcome = "unclaimed" if receipt.identifiers else "no_member"
        return Verdict(outcome, ahead, judged_at, None, ())
    version = receipt.programme.at(judged_at)
    if version is None:
        return Verdict("awaiting_operator", "no-programme-yet", judged_at, None, ())
    evaluation = evaluate(version.compiled, receipt.event.data, standing.facts, judged_at, counters)
    if evaluation.reason == "currency":
        return Verdict("awaiting_operator", "no-exchange-rate", judged_at, evaluation, ())
    if not evaluation.grants:
        return Verdict("no_points", evaluation.reason or ahead, judged_at, evaluation, ())
    return _place(receipt, version, evaluation, judged_at, ahead)


def _place(
    receipt: Receipt, version: ActiveVersion, evaluation: Evaluation, judged_at: datetime, ahead: str | None
) -> Verdict:
    credits = []
    for grant in evaluation.grants:
        placed = place(judged_at, receipt.arrived_at, version.calendars[grant.wallet])
        if isinstance(placed, AwaitingOperator):
            return Verdict("awaiting_operator", placed.reason, judged_at, evaluation, ())
        credits.append((grant.wallet, grant.points, placed.expires_at, placed.carried))
    return Verdict("credited", ahead, judged_at, evaluation, credits)


def _use(result: BatchDecision, programme: RunningProgramme, counters: dict[str, int], evaluation: Evaluation) -> None:
    tenant, number = programme.key
    for use in evaluation.uses:
        counters[use.key] = counters.get(use.key, 0) + use.points
        name = (tenant, number, use.key)
        before = result.uses.get(name)
        result.uses[name] = (use.points + (before[0] if before else 0), use.limit)


def _credit(
    result: BatchDecision, receipt: Receipt, standing: Standing, verdict: Verdict, now: datetime
) -> list[tuple[Lot, bool]]:
    made = []
    for wallet, points, expires_at, carried in verdict.credits:
        lot = decide_credit(
            standing.seq,
            wallet,
            points,
            earned_at=verdict.judged_at,
            recorded_at=now,
            active_from=verdict.judged_at,
            expires_at=expires_at,
            policy_version=verdict.evaluation.version if verdict.evaluation else 0,
        )
        standing.seq = lot.seq
        term = Term(*receipt.programme.key, wallet, expires_at, lot.policy_version)
        result.lots.append(NewLot(term, receipt.programme.tenant, standing.facts.member_id, lot, receipt.key))
        made.append((lot, carried))
    return made


def _keep(
    result: BatchDecision,
    receipt: Receipt,
    standing: Standing | None,
    verdict: Verdict,
    lots: Sequence[tuple[Lot, bool]],
) -> None:
    if standing is None:
        result.unclaimed.append((receipt, verdict.judged_at))
    elif not lots:
        result.unpaid.append((receipt, standing, standing.seq, verdict.outcome, verdict.judged_at))
    result.tenants.append(receipt.programme.tenant_id)
    result.decisions.append(
        StoredDecision(
            key=receipt.key,
            source=receipt.event.source,
            id=receipt.event.id,
            occurred_at=receipt.event.time,
            arrived_at=receipt.arrived_at,
            judged_at=verdict.judged_at,
            outcome=verdict.outcome,
            facts=msgspec.Raw(receipt.facts),
            member_id=None if standing is None else standing.facts.member_id,
            tier=None if standing is None else standing.facts.tier,
            reason=verdict.reason,
            evaluation=verdict.evaluation,
            lots=tuple([LotMade(lot.seq, lot.wallet, lot.amount, lot.expires_at, carried) for lot, carried in lots]),
        )
    )
