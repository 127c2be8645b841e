"""Referrals as a batch goes on: who names whose code, what they buy, what both sides should have. Pure.

Points of a member are moved by an event of that member alone. So whatever a referral turns on asks for a look at it, by
an event of our own, in its own transaction: the friend's decides where the referral stands, and asks for one at the
referrer. Each brings a member's points in line with what all referrals that stand come to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import msgspec

from libs.judging.entitlement import Entitlement
from libs.judging.verdict import Verdict
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.ledger.late import effective_time
from libs.ledger.model import Lot
from libs.ledger.reverse import Shortfall
from libs.lives.life import MemberName
from libs.lives.made import Cause
from libs.promotions.switches import SWITCHED_OFF, refers
from libs.receipts.story import Story, account_of
from libs.referral.codes import read_code
from libs.referral.decide import (
    BY_OPERATOR,
    CAMPAIGN,
    Claim,
    Converted,
    Due,
    Order,
    Outcome,
    due_to,
    outcome,
    suspicions,
    until,
)
from libs.referral.rules import rules_of
from libs.runtime.batch import Outgoing
from services.earning import arrivals
from services.earning.activities import Acted
from services.earning.arrivals import Arrival
from services.earning.cases import Case, regrant
from services.earning.lives import Life
from services.earning.referral_events import asked_for, claimed, told
from services.earning.settle import settle

ACTIVITY = "referral"
"""The activity by which a member names a code later than by enrolling; `code` and `consent` are facts of it."""
_LONGEST = 32


@dataclass(slots=True)
class Referred:
    """A referral in hand: what is known since the code was named, where it stands, and how often that was told.

    `ends` is when the friend's purchases count no longer; None where none counts.
    """

    scope: tuple[int, int]
    claim: Claim
    outcome: Outcome
    ends: datetime | None
    changes: int = 0

    @property
    def name(self) -> MemberName:
        """The friend, who has one referral at most."""
        return (*self.scope, self.claim.friend)

    def turns_on(self, receipt: UUID | None, at: datetime) -> bool:
        """Whether something about a receipt, bought then, may change where it stands."""
        if self.ends is None:
            return False
        if self.outcome.state == "started":
            return at <= self.ends
        converted_at = self.outcome.converted_at
        return receipt in self.outcome.counted or (converted_at is not None and at <= converted_at)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that became of a referral, as it is kept and told."""

    name: MemberName
    number: int
    state: str
    reason: str | None
    decided_by: str | None
    note: str | None
    cause: UUID


@dataclass(frozen=True, slots=True)
class Pair:
    """What is known of a friend and a referrer: whether they are one person, and what marks say.

    `shared` are kinds of marks that the friend shares with the referrer or a friend of the referrer's, `beside` those
    shared with others of whom the batch is.
    """

    enrolled_at: datetime
    tied: bool
    shared: tuple[str, ...]
    beside: tuple[tuple[str, UUID], ...] = ()


@dataclass(slots=True)
class Found:
    """What was loaded for a batch: referrals by friend, owners of codes, pairs, orders by friend, accounts.

    `had` says who owned a receipt with a story before the batch.
    """

    referred: dict[MemberName, Referred] = field(default_factory=dict)
    owners: Mapping[tuple[int, int, str], UUID] = field(default_factory=dict)
    had: Mapping[UUID, UUID | None] = field(default_factory=dict)
    pairs: Mapping[tuple[MemberName, UUID], Pair] = field(default_factory=dict)
    orders: Mapping[MemberName, Sequence[Order]] = field(default_factory=dict)
    accounts: dict[MemberName, Case] = field(default_factory=dict)


class Referrals:
    """The referrals that a batch is about. `changed` are saved with every one of `changes`, and `settled` accounts.

    `waiting` are members to whom more is due than a switch lets them have, with the event whose look found that.
    """

    def __init__(self, found: Found, now: datetime) -> None:
        self.changed: dict[MemberName, Referred] = {}
        self.changes: list[Change] = []
        self.settled: dict[MemberName, Case] = {}
        self.waiting: dict[MemberName, UUID] = {}
        self._found = found
        self._now = now
        self._events: list[Outgoing] = []

    def untold(self) -> list[Outgoing]:
        """The events since this was asked last."""
        events, self._events = self._events, []
        return events

    def follow(
        self,
        fresh: Sequence[Arrival],
        cases: Mapping[UUID, Case],
        owner_of: Callable[[Arrival], UUID | None],
        events: Sequence[list[Outgoing]],
    ) -> None:
        """Ask for what the events of a batch, which is decided, mean for referrals; `events` has a list for each."""
        for arrival, told_of in zip(fresh, events, strict=True):
            if not arrival.programme.refers:
                continue
            if arrival.kind == arrivals.RECORDED:
                told_of.extend(self._named(arrival, owner_of(arrival)))
            elif arrival.receipt_key is not None:
                case = cases.get(arrival.receipt_key)
                told_of.extend(
                    self._bought(arrival, owner_of(arrival)) if case is None else self._of_case(arrival, case)
                )

    def _bought(self, arrival: Arrival, member_id: UUID | None) -> list[Outgoing]:
        at = effective_time(arrival.event.time, arrival.arrived_at).instant
        return self._turned(arrival, at, (member_id,))

    def _of_case(self, arrival: Arrival, case: Case) -> list[Outgoing]:
        content = case.content
        at = arrival.arrived_at
        if content is not None:
            at = effective_time(content.purchased_at, content.arrived_at).instant
        return self._turned(arrival, at, (self._found.had.get(case.key), case.story.owner))

    def _turned(self, arrival: Arrival, at: datetime, members: Iterable[UUID | None]) -> list[Outgoing]:
        """Ask for a look at the referrals of whoever has the receipt, or had it, where it may change one."""
        found = [
            self._found.referred.get((*arrival.scope, each)) for each in dict.fromkeys(members) if each is not None
        ]
        return [
            asked_for(arrival.programme, each.claim.friend, arrival.key, self._now)
            for each in found
            if each is not None and each.turns_on(arrival.receipt_key, at)
        ]

    def _named(self, arrival: Arrival, member_id: UUID | None) -> list[Outgoing]:
        """Ask for the referral of a member whose activity names a code."""
        data = arrival.event.data
        facts = data.data or {}
        code = facts.get("code")
        if data.activity != ACTIVITY or member_id is None or not isinstance(code, str) or not 0 < len(code) <= _LONGEST:
            return []
        at = effective_time(arrival.event.time, arrival.arrived_at).instant
        return [claimed(arrival.programme, member_id, code, facts.get("consent") is True, arrival.key, at)]

    def act(self, arrival: Arrival, life: Life | None, now: datetime) -> Acted:
        """Decide an event about a member's referrals, and bring the member's points in line with them."""
        at = effective_time(arrival.event.time, arrival.arrived_at).instant
        if life is None:
            return Acted(Verdict("refused", "member-unknown", at))
        cause = Cause(arrival.key, arrival.event.source, arrival.event.id)
        refused = None
        by: tuple[str | None, str | None] = (None, None)
        if arrival.kind == arrivals.REFERRAL_CLAIMED:
            refused = self._claim(arrival, at)
        elif arrival.kind == arrivals.REFERRAL_RESOLVED:
            refused = self._resolve(arrival)
            by = (arrival.event.data.decided_by, arrival.event.data.reason)
        if refused is not None:
            return Acted(Verdict("refused", refused, at))
        off = not refers(arrival.programme.switches)
        reason = self._look(arrival.programme, life.name, arrival.key, by, off=off)
        life.catch_up(now, cause)
        return self._settle(arrival.programme, life, at, cause, reason, off=off)

    def _claim(self, arrival: Arrival, at: datetime) -> str | None:
        """Take note of the referral; return why not."""
        programme, data = arrival.programme, arrival.event.data
        code = read_code(data.code)
        referrer = None if code is None else self._found.owners.get((*arrival.scope, code))
        if referrer is None:
            return "code-unknown"
        name = (*arrival.scope, data.member_id)
        known = self._found.referred.get(name)
        if known is not None:
            if known.claim.referrer != referrer or known.claim.consented or not data.consented:
                return "already-referred"
            known.claim = replace(known.claim, consented=True)
            self.changed[name] = known
            return None
        if not refers(programme.switches):
            return SWITCHED_OFF
        version = programme.at(at)
        rules = None if version is None else rules_of(programme, version.compiled.version)
        if rules is None:
            return "no-referral"
        pair = self._found.pairs[name, referrer]
        others = {each.claim.friend: each.claim.claimed_at for each in self._brought_by((*arrival.scope, referrer))}
        shared = {*pair.shared, *[kind for kind, friend in pair.beside if friend in others]}
        own = self._found.referred.get((*arrival.scope, referrer))
        mutual = own is not None and own.claim.referrer == data.member_id
        found = suspicions(rules, at, shared, others.values(), mutual=mutual)
        claim = Claim(
            data.member_id, referrer, at, rules.version, pair.enrolled_at, data.consented, found, tied=pair.tied
        )
        referred = Referred(arrival.scope, claim, Outcome("started"), until(claim, rules))
        self._found.referred[name] = self.changed[name] = referred
        first = outcome(claim, rules, ())
        if first.state in ("started", "converted"):
            self._tell(programme, referred, Outcome("started"), arrival.key, (None, None))
        return None

    def _resolve(self, arrival: Arrival) -> str | None:
        """Take note of an operator's word; return why not."""
        name = (*arrival.scope, arrival.event.data.member_id)
        found = self._found.referred.get(name)
        if found is None:
            return "referral-unknown"
        decision, before = arrival.event.data.decision, found.outcome
        if decision == "release" and before.state != "held" and before.reasons != (BY_OPERATOR,):
            return "nothing-held"
        if decision == "refuse" and before.state == "refused":
            return "referral-refused"
        found.claim = replace(found.claim, word=decision)
        self.changed[name] = found
        return None

    def _look(
        self,
        programme: RunningProgramme,
        name: MemberName,
        cause: UUID,
        by: tuple[str | None, str | None],
        *,
        off: bool,
    ) -> str | None:
        """See where a member's own referral stands now, and say it; None for whoever was brought in by nobody."""
        found = self._found.referred.get(name)
        rules = None if found is None else rules_of(programme, found.claim.version)
        if found is None or rules is None:
            return None
        pair = self._found.pairs.get((name, found.claim.referrer))
        if pair is not None and pair.tied != found.claim.tied:
            found.claim = replace(found.claim, tied=pair.tied)
        before, after = found.outcome, outcome(found.claim, rules, self._found.orders.get(name, ()))
        if off and after.state == "converted" and before.state != "converted":
            self.waiting[name] = cause
            return SWITCHED_OFF
        if after != before or not found.changes:
            self._tell(programme, found, after, cause, by)
        if before.converted_at != after.converted_at:
            self._events.append(asked_for(programme, found.claim.referrer, cause, self._now))
        return after.reasons[0] if after.state == "refused" else f"referral-{after.state}"

    def _tell(
        self,
        programme: RunningProgramme,
        found: Referred,
        after: Outcome,
        cause: UUID,
        by: tuple[str | None, str | None],
    ) -> None:
        """Keep where a referral stands, and tell it where that is news."""
        before, found.outcome = found.outcome, after
        self.changed[found.name] = found
        if found.changes and (before.state, before.reasons) == (after.state, after.reasons):
            return
        found.changes += 1
        reason = after.reasons[0] if after.reasons else None
        self.changes.append(Change(found.name, found.changes, after.state, reason, *by, cause))
        self._events.append(told(programme, found.claim, after, found.changes, self._now))

    def _settle(
        self, programme: RunningProgramme, life: Life, at: datetime, cause: Cause, reason: str | None, *, off: bool
    ) -> Acted:
        account = self._found.accounts[life.name]
        due = self._due(programme, life.name)
        version = _placing(programme, at, due)
        if off or version is None:
            wanted, due = due, _no_more(due, account.story)
            if off and wanted != due:
                self.waiting[life.name] = cause.key
        entitled = Entitlement(at, self._now, version, due.points, owner=life.standing.facts)
        lapsed = account.lapsed_lots(life)
        settled = settle(
            account.story, entitled, life, programme, self._now, at, cause, lapsed, anew=True, policy=Shortfall.DEBT
        )
        granted = tuple([(CAMPAIGN, *thing, quantity) for thing, quantity in sorted(due.gifts.items())])
        after = msgspec.structs.replace(settled.story, granted=granted)
        if after != account.story:
            regrant(account.story, after, life, cause)
            account.story = after
            self.settled[life.name] = account
        return _acted(settled.lots, settled.reversed, reason, at)

    def _due(self, programme: RunningProgramme, name: MemberName) -> Due:
        """What all referrals that stand come to for a member."""
        own = self._found.referred.get(name)
        as_friend = None if own is None else _converted(programme, own)
        brought = [_converted(programme, each) for each in self._brought_by(name)]
        return due_to(as_friend, [each for each in brought if each is not None])

    def _brought_by(self, name: MemberName) -> list[Referred]:
        return [
            each for each in self._found.referred.values() if each.scope == name[:2] and each.claim.referrer == name[2]
        ]


def referral_of(arrival: Arrival, referrals: Referrals | None, life: Life | None, now: datetime) -> Acted:
    """Decide an event about a member's referrals; a programme without any knows nothing of it."""
    if referrals is None:
        at = effective_time(arrival.event.time, arrival.arrived_at).instant
        return Acted(Verdict("refused", "no-referral", at))
    return referrals.act(arrival, life, now)


def _converted(programme: RunningProgramme, found: Referred) -> Converted | None:
    rules, at = rules_of(programme, found.claim.version), found.outcome.converted_at
    if rules is None or at is None or found.outcome.state != "converted":
        return None
    return Converted(found.claim.friend, at, rules)


def _placing(programme: RunningProgramme, at: datetime, due: Due) -> ActiveVersion | None:
    """The version whose calendars say when the points lapse: that in force, or the last that has the wallets."""
    versions = [programme.at(at), *reversed(programme.versions)]
    return next(
        (each for each in versions if each is not None and due.points.keys() <= each.calendars.keys()), None
    )  # fmt: skip


def _no_more(due: Due, story: Story) -> Due:
    """The same, but nothing above what the member has had."""
    had = {(kind, reference): quantity for _, kind, reference, quantity in story.granted}
    points = {wallet: min(points, account_of(story, wallet).standing) for wallet, points in due.points.items()}
    gifts = {thing: min(quantity, had.get(thing, 0)) for thing, quantity in due.gifts.items()}
    return Due(
        {wallet: each for wallet, each in points.items() if each > 0},
        {thing: quantity for thing, quantity in gifts.items() if quantity},
    )


def _acted(lots: Sequence[tuple[Lot, bool]], reversed_points: int, reason: str | None, at: datetime) -> Acted:
    if lots:
        verdict = Verdict("credited", "referral-converted", at)
        return Acted(verdict, tuple(lots), sum([lot.amount for lot, _ in lots]))
    if reversed_points:
        return Acted(Verdict("reversed", reason or "referral-undone", at), (), reversed_points)
    return Acted(Verdict("unchanged", reason or "referral-unchanged", at))
