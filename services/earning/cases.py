"""Receipts with a story: what each further fact about one does to it, and to its owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from libs.judging.entitlement import Entitlement, entitlement, judged_now
from libs.judging.profiles import Profile
from libs.judging.verdict import Verdict
from libs.judging.versions import RunningProgramme
from libs.ledger.activate import activate
from libs.ledger.late import effective_time
from libs.ledger.model import Kind, Lot
from libs.ledger.reinstate import is_reinstatement
from libs.lives.made import Cause
from libs.promotions.evaluation import Evaluation
from libs.promotions.facts import MemberFacts
from libs.promotions.pages import Outcome
from libs.promotions.pending import activates_by
from libs.receipts.story import Claim, Content, Signal, Stands, Story, repeats_purchase, stands
from services.earning import arrivals
from services.earning.alive import stay_alive_by
from services.earning.arrivals import Arrival
from services.earning.facts import with_fact
from services.earning.lives import Life
from services.earning.prolonging import lasting, prolong_again
from services.earning.seen import as_first_judged, seen_by
from services.earning.settle import Settled, claimable_until, settle, settle_short

_structs = msgspec.structs


@dataclass(slots=True)
class Case:
    """A receipt number in the hands of a batch. `event_key` and `page` say where the decision on its purchase lies.

    `profile` is the state of its owner's that it was first judged by, where that is not the present one.
    """

    programme: RunningProgramme
    key: UUID
    event_key: UUID | None
    page: int | None
    story: Story
    lapsed: dict[int, int] = field(default_factory=dict)
    waits: str | None = None
    profile: Profile | None = None
    _stood: tuple[Story, Stands] | None = None

    @property
    def tenant_id(self) -> int:
        """The tenant that it belongs to."""
        return self.programme.tenant_id

    def standing(self) -> Stands:
        """What stands now; folded anew only where a fact was added."""
        known, story = self._stood, self.story
        if known is None or not _says_the_same(known[0], story):
            self._stood = known = (story, stands(story))
        return known[1]

    @property
    def content(self) -> Content | None:
        """The content that stands now."""
        return self.standing().content

    def lapsed_lots(self, life: Life) -> dict[int, int]:
        """How much of each of its lots has lapsed and is away: as known before the batch, and by what it recorded."""
        lapsed = dict(self.lapsed)
        own = {gain.lot for account in self.story.accounts for gain in account.gained}
        for made in life.made:
            sign = (made.movement.kind is Kind.EXPIRE) - is_reinstatement(made.movement)
            for part in made.movement.allocations if sign else ():
                if part.lot_seq in own:
                    lapsed[part.lot_seq] = lapsed.get(part.lot_seq, 0) + sign * part.amount
        return lapsed


@dataclass(slots=True)
class Followed:
    """What a fact came to. `lots` were made for the receipt, whose key they bear when it is decided `again`."""

    outcome: Outcome
    reason: str | None
    judged_at: datetime
    life: Life | None = None
    evaluation: Evaluation | None = None
    judged: Any = None
    rate: tuple[int, int] | None = None
    lots: list[tuple[Lot, bool]] = field(default_factory=list)
    credited: int = 0
    reversed: int = 0
    again: bool = False

    def verdict(self) -> Verdict:
        """The same as it is kept and told."""
        return Verdict(self.outcome, self.reason, self.judged_at, self.evaluation, judged=self.judged, rate=self.rate)


class CaseWork:
    """Decides what concerns a receipt with a story. `life_of` gives the member behind an id, if there is one."""

    def __init__(
        self,
        life_of: Callable[[RunningProgramme, UUID], Life | None],
        owner_of: Callable[[RunningProgramme, tuple[str, ...]], UUID | None],
        counters_of: Callable[[RunningProgramme], Mapping[str, int]],
        use: Callable[[RunningProgramme, str, int, int], None],
        now: datetime,
    ) -> None:
        self._life_of = life_of
        self._owner_of = owner_of
        self._counters_of = counters_of
        self._use = use
        self._now = now

    def follow(self, arrival: Arrival, case: Case) -> Followed:
        """Add the fact to the story, and settle what it changes."""
        at = effective_time(arrival.event.time, arrival.arrived_at).instant
        cause = Cause(arrival.key, arrival.event.source, arrival.event.id)
        match arrival.kind:
            case arrivals.CLAIMED:
                return self._claim(arrival, case, at)
            case arrivals.RESOLVED:
                return self._resolve(arrival, case, at, cause)
            case arrivals.RECORDED:
                return self._signal(arrival, case, at, cause)
        case.story = with_fact(case.story, arrival)
        if not case.story.contents:
            return Followed("awaiting_purchase", None, at)
        newest = case.story.contents[-1]
        if arrival.kind == arrivals.COMPLETED and repeats_purchase(case.story, newest):
            life = None if case.story.owner is None else self._life_of(case.programme, case.story.owner)
            return Followed("no_points", "receipt-known", at, life)
        return self.settle(case, at, cause, anew=False)

    def adopt(self, case: Case, member_id: UUID) -> Followed | None:
        """Give a receipt that nobody owned to whoever its identifier belongs to now; None when it is too late."""
        content = case.content
        if content is None or case.story.owner is not None or not self._in_time(case, content, self._now):
            return None
        case.story = _structs.replace(case.story, owner=member_id, shown=content.shown)
        return self.settle(case, content.purchased_at, _of(content), anew=True)

    def settle(self, case: Case, at: datetime, cause: Cause, *, anew: bool) -> Followed:
        """Bring the owner's points in line with what stands of a receipt."""
        standing = case.standing()
        owner = self._owner(case, standing)
        if case.story.owner is not None and owner != case.story.owner:
            self._leave(case, at, cause)
        if owner is None:
            return self._unowned(standing, at)
        life = self._life_of(case.programme, owner)
        assert life is not None, "every owner of a case is loaded"
        content = standing.content
        stay_alive_by(case.programme, life, content, self._now, cause)
        names = case.story.shown if content is None else content.shown
        elsewhere = None if life.name[2] == owner else life.name[2]
        case.story = _structs.replace(case.story, owner=owner, shown=names, ledger=elsewhere)
        entitled = self._entitled(case, standing, life.standing.facts)
        if entitled is not None and entitled.waits is not None:
            case.waits = entitled.waits
            return Followed("awaiting_operator", entitled.waits, entitled.judged_at, life, judged=entitled.judged)
        lapsed = case.lapsed_lots(life)
        awarded = anew or case.story.word == "award" or case.story.version is not None
        settled = settle(case.story, entitled, life, case.programme, self._now, at, cause, lapsed, anew=awarded)
        return self._settled(case, life, entitled, settled, at, cause, anew=anew)

    def _settled(
        self,
        case: Case,
        life: Life,
        entitled: Entitlement | None,
        settled: Settled,
        at: datetime,
        cause: Cause,
        *,
        anew: bool,
    ) -> Followed:
        case.waits = settled.waits
        refused = settled.waits is not None and not settled.story.accounts
        if entitled is None:
            after = _structs.replace(settled.story, uses=(), granted=())
        else:
            after = settled.story if refused else self._judged(case, settled.story, entitled, life)
        after = lasting(case.story, after)
        if entitled is not None:
            granting = entitled.evaluation, entitled.judged_at
            prolong_again(case.programme, life, case.story, after, *granting, self._now, cause)
        self._count(case, after)
        regrant(case.story, after, life, cause)
        case.story = after
        outcome, reason = _outcome(entitled, settled)
        return Followed(
            outcome,
            reason,
            at if entitled is None else entitled.judged_at,
            life,
            None if entitled is None else entitled.evaluation,
            None if entitled is None else entitled.judged,
            None if entitled is None else entitled.rate,
            settled.lots,
            settled.credited,
            settled.reversed,
            anew,
        )

    def _entitled(self, case: Case, standing: Stands, owner: MemberFacts) -> Entitlement | None:
        if standing.content is None:
            return None
        facts = self._as_judged(case, owner)
        return entitlement(case.story, standing, case.programme, facts, self._counters_of(case.programme))

    def _as_judged(self, case: Case, owner: MemberFacts) -> MemberFacts:
        if case.story.version is None:
            return owner
        return as_first_judged(owner, case.story, case.profile, case.programme)

    def _judged(self, case: Case, story: Story, entitled: Entitlement, life: Life) -> Story:
        seen = seen_by(case.programme, life.standing, entitled.judged_at)
        return judged_now(story, entitled, life.standing.facts, seen)

    def _count(self, case: Case, after: Story) -> None:
        """Count what the receipt uses of limits now, and give back what it does not use any longer."""
        if case.story.uses == after.uses:
            return
        before = {key: points for key, points, _ in case.story.uses}
        limits = {key: limit for key, _, limit in (*case.story.uses, *after.uses)}
        now = {key: points for key, points, _ in after.uses}
        for key in sorted(before.keys() | now.keys()):
            if more := now.get(key, 0) - before.get(key, 0):
                self._use(case.programme, key, more, limits[key])

    def _owner(self, case: Case, standing: Stands) -> UUID | None:
        story, content = case.story, standing.content
        if content is None:
            return story.owner
        names = content.shown
        if story.owner is not None and (names == story.shown or not names):
            return story.owner
        found = self._owner_of(case.programme, names)
        if found is not None or story.owner is not None:
            return found
        for claim in sorted(story.claims, key=lambda claim: (claim.at, claim.key.bytes)):
            if self._refusal(case, content, claim) is None:
                return claim.member_id
        return None

    def _leave(self, case: Case, at: datetime, cause: Cause) -> None:
        """The receipt is not the owner's after all: everything it brought is taken back."""
        assert case.story.owner is not None
        life = self._life_of(case.programme, case.story.owner)
        assert life is not None, "every owner of a case is loaded"
        life.catch_up(self._now, cause)
        lapsed = case.lapsed_lots(life)
        settle(case.story, None, life, case.programme, self._now, at, cause, lapsed, anew=True)
        after = _structs.replace(
            case.story,
            owner=None,
            shown=(),
            accounts=(),
            uses=(),
            granted=(),
            version=None,
            tier=None,
            rate=None,
            history=None,
            switches=(),
            profile=None,
            segments=None,
            ledger=None,
        )
        self._count(case, after)
        regrant(case.story, after, life, cause)
        case.story = after

    def _unowned(self, standing: Stands, at: datetime) -> Followed:
        content = standing.content
        if content is None:
            return Followed("unchanged", "voided", at)
        return Followed("unclaimed" if content.shown else "no_member", None, at)

    def _claim(self, arrival: Arrival, case: Case, at: datetime) -> Followed:
        data = arrival.event.data
        claim = Claim(arrival.key, arrival.arrived_at, data.member_id, data.total_minor)
        standing = case.standing()
        life = self._life_of(case.programme, claim.member_id)
        if life is None:
            return Followed("refused", "member-unknown", at)
        if standing.content is None:
            if standing.voided:
                return Followed("refused", "receipt-voided", at, life)
            case.story = _structs.replace(case.story, claims=(*case.story.claims, claim))
            return Followed("awaiting_purchase", None, at, life)
        if case.story.owner is not None:
            return Followed("refused", "already-claimed", at, life)
        refusal = self._refusal(case, standing.content, claim)
        if refusal is not None:
            return Followed("refused", refusal, at, life)
        case.story = _structs.replace(case.story, claims=(*case.story.claims, claim))
        return self.settle(case, at, _of(standing.content), anew=True)

    def _refusal(self, case: Case, content: Content, claim: Claim) -> str | None:
        if claim.total_minor is not None and claim.total_minor != content.purchase.total_minor:
            return "total-mismatch"
        return None if self._in_time(case, content, claim.at) else "claim-too-late"

    def _in_time(self, case: Case, content: Content, at: datetime) -> bool:
        judged_at = effective_time(content.purchased_at, content.arrived_at).instant
        until = claimable_until(judged_at, case.programme)
        return until is None or at <= until

    def _resolve(self, arrival: Arrival, case: Case, at: datetime, cause: Cause) -> Followed:
        decision = arrival.event.data.decision
        standing = case.standing()
        if standing.content is None and not standing.voided:
            return Followed("refused", "receipt-unknown", at)
        life = None if case.story.owner is None else self._life_of(case.programme, case.story.owner)
        if decision in ("debt", "forgive"):
            if life is None or not any(account.short for account in case.story.accounts):
                return Followed("refused", "nothing-short", at, life)
            life.catch_up(self._now, cause)
            settled = settle_short(case.story, life, self._now, at, cause, forgive=decision == "forgive")
            case.story, case.waits = settled.story, None
            outcome: Outcome = "reversed" if settled.reversed else "unchanged"
            return Followed(outcome, decision, at, life, reversed=settled.reversed)
        if standing.content is None:
            return Followed("refused", "receipt-voided", at, life)
        if decision != "retry":
            case.story = _structs.replace(case.story, word=decision)
        return self.settle(case, at, _of(standing.content), anew=True)

    def _signal(self, arrival: Arrival, case: Case, at: datetime, cause: Cause) -> Followed:
        signal = Signal(arrival.key, at, arrival.event.data.activity)
        case.story = _structs.replace(case.story, signals=(*case.story.signals, signal))
        if not case.story.contents:
            return Followed("awaiting_purchase", None, at)
        life = None if case.story.owner is None else self._life_of(case.programme, case.story.owner)
        version = None if case.story.version is None else case.programme.numbered(case.story.version)
        if life is None or version is None:
            return Followed("unchanged", None, at, life)
        life.catch_up(self._now, cause)
        waiting = {
            gain.lot: account.wallet
            for account in case.story.accounts
            if activates_by(version.pending.get(account.wallet), signal.activity)
            for gain in account.gained
        }
        lots = {lot.seq: lot for lot in life.ledger.lots if lot.seq in waiting and lot.pending}
        dates = {}
        for seq, lot in lots.items():
            if version.expires_from_activation[waiting[seq]]:
                calendar = version.calendar(waiting[seq], self._as_judged(case, life.standing.facts))
                boundary = calendar.expires_at(max(at, lot.earned_at))
                dates[seq] = None if boundary is None else boundary.instant
        movements = activate(life.ledger, lots, at, self._now, dates)
        life.record(movements, cause)
        points = sum(made.amount for made in movements if made.kind is Kind.ACTIVATE)
        return Followed("activated" if points else "unchanged", None, at, life, credited=points)


def regrant(before: Story, after: Story, life: Life, cause: Cause) -> None:
    """Note what the owner gets beside points that was not granted before, and what is to be given back."""
    if before.granted == after.granted:
        return
    had = {one[:3]: one[3] for one in before.granted}
    has = {one[:3]: one[3] for one in after.granted}
    more = {name: has.get(name, 0) - had.get(name, 0) for name in {**had, **has}}
    life.give([(*name, many) for name, many in more.items() if many > 0], cause)
    life.give([(*name, -many) for name, many in more.items() if many < 0], cause, back=True)


def _says_the_same(one: Story, other: Story) -> bool:
    """Whether the facts of two stories of a receipt, of which one was made from the other, are the same."""
    return one.contents is other.contents and one.voids is other.voids and one.returns is other.returns


def _of(content: Content) -> Cause:
    return Cause(content.key, content.source, content.id)


def _outcome(entitled: Entitlement | None, settled: Settled) -> tuple[Outcome, str | None]:
    reason = None if entitled is None else entitled.reason
    if settled.waits is not None:
        return "awaiting_operator", settled.waits
    if settled.lots:
        return "credited", reason
    if settled.reversed:
        return "reversed", reason
    if not settled.story.accounts:
        return ("unchanged", "voided") if entitled is None else ("no_points", reason)
    return "unchanged", reason
