"""A batch of requests from the topic, decided one after the other on the members in hand. Pure.

A refusal leaves nothing behind, so that it does not matter where batches are cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from libs.catalogue.reward import Reward
from libs.households.sharing import NO_USES, Household, Uses
from libs.lives.life import Life, MemberName
from libs.lives.made import Cause
from libs.runtime.batch import Outgoing
from services.redemption import replies, telling, trade_telling
from services.redemption.commands import Command
from services.redemption.deciding import (
    BLOCKED,
    GIVES_BACK,
    MERGED,
    NO_VERSION,
    NOTHING_USED,
    REUSED,
    UNKNOWN,
    UNKNOWN_MEMBER,
    Asked,
    Known,
    Patience,
    RequestName,
    counts,
    decide,
)
from services.redemption.domain import Changed, Redemption, Refusal, Rules
from services.redemption.households.jointly import of_owners, owners_of
from services.redemption.households.pool import ALONE, Beside, moved, pool_of
from services.redemption.sources import Scope

Still = Literal["extended", "refused", "replayed"]


class InHand(NamedTuple):
    """A member of the batch: the ledger, the hash that names the partition of its events, and the level."""

    life: Life
    spread: int
    tier: str | None = None


class Ordered(Protocol):
    """How a batch has an order of a reward decided, together with its points."""

    @property
    def reward(self) -> Reward | None:
        """What is ordered, if the catalogue has it."""

    def begin(self, life: Life, rules: Rules, cause: Cause, at: datetime) -> Changed | Refusal:
        """Decide it on the member's ledger, on which time is recorded, and count what it takes."""


class Outcome(NamedTuple):
    """What came of a request: the answer and what is told, or a refusal; `made` when a redemption began by it."""

    answer: bytes = b""
    events: Sequence[Outgoing] = ()
    refused: Refusal | None = None
    replayed: bool = False
    made: bool = False
    after: Redemption | None = None


class Loaded(NamedTuple):
    """What a batch of one tenant is decided on, as of behind the locks; `used` are the counters of who trades.

    `households` are those of members who spend together, `uses` what was spent of others, by programme.
    """

    members: Mapping[MemberName, InHand]
    redemptions: Mapping[UUID, Redemption]
    known: Mapping[RequestName, Known] = MappingProxyType({})
    leads: Mapping[MemberName, MemberName] = MappingProxyType({})
    used: Mapping[MemberName, Mapping[str, int]] = MappingProxyType({})
    households: Mapping[MemberName, Household] = MappingProxyType({})
    uses: Mapping[int, Uses] = MappingProxyType({})


@dataclass(slots=True)
class Decided:
    """What came of a batch: events of each command, redemptions as they are in the end, answers, and free keys.

    `counted` says by how much more often members redeem on a day, `still` what became of events that moved no points,
    `used` how much more the counters of trades have; `joint` are redemptions that others' lots are or were in, as they
    were before the batch.
    """

    events: list[Sequence[Outgoing]] = field(default_factory=list)
    redemptions: dict[UUID, Redemption] = field(default_factory=dict)
    answers: dict[RequestName, Known] = field(default_factory=dict)
    refused: set[RequestName] = field(default_factory=set)
    counted: Counter[tuple[MemberName, date]] = field(default_factory=Counter)
    still: dict[UUID, Still] = field(default_factory=dict)
    used: dict[MemberName, Counter[str]] = field(default_factory=dict)
    joint: dict[UUID, tuple[Redemption | None, Rules]] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)


class Batch:
    """Decides commands of one tenant in order; all at one instant, which is no earlier than what is known."""

    def __init__(
        self, loaded: Loaded, rules_of: Callable[[Scope, datetime], Rules | None], now: datetime, patience: Patience
    ) -> None:
        self._loaded = loaded
        self._rules_of = rules_of
        self._patience = patience
        self._known = dict(loaded.known)
        self._standing = dict(loaded.redemptions)
        self._uses = dict(loaded.uses)
        self.at = max((now, *(each.changed_at for each in loaded.redemptions.values())))
        self.decided = Decided()

    @property
    def kept(self) -> Mapping[RequestName, Known]:
        """Every key that is known by now."""
        return self._known

    def decide(self, commands: Sequence[Command]) -> Decided:
        """Decide commands, each on what the one before has left."""
        for command in commands:
            self.decided.events.append(self._decide(command))
        return self.decided

    def settle(self, asked: Asked, order: Ordered | None = None) -> Outcome:
        """Decide one request, on what those before have left; of a reward, `order` decides."""
        request = asked.request
        known = self._known.get(request)
        if known is not None:
            if known.fingerprint in asked.prints:
                return Outcome(known.answer, replayed=True)
            return Outcome(refused=REUSED)
        before = next((self._standing[each] for each in asked.candidates if each in self._standing), None)
        found = self._whose(asked, before)
        if isinstance(found, Refusal):
            return self._refuse(request, found)
        in_hand, rules = found
        life = in_hand.life
        beside = self._beside(asked, life, before, rules)
        if isinstance(beside, Refusal):
            return self._refuse(request, beside)
        redemption_id = asked.candidates[0] if before is None else before.redemption_id
        cause = asked.cause(redemption_id, rules)
        marks = [(each, each.mark()) for each in (life, *beside.lives.values())]
        life.catch_up(self.at, cause)
        made = self._made(asked, in_hand, before, rules, cause, order, beside)
        if isinstance(made, Refusal):
            for each, mark in marks:
                each.go_back(mark)
            return self._refuse(request, made)
        return self._keep(asked, in_hand, before, made, rules, None if order is None else order.reward, beside)

    def _made(
        self,
        asked: Asked,
        in_hand: InHand,
        before: Redemption | None,
        rules: Rules,
        cause: Cause,
        order: Ordered | None,
        beside: Beside,
    ) -> Changed | Refusal:
        """Decide, and record it on the member in hand."""
        life = in_hand.life
        if order is not None:
            return order.begin(life, rules, cause, self.at)
        used = self._used(life.name)
        return decide(asked.ask, life, before, rules, cause, self.at, self._patience, in_hand.tier, used, beside)

    def _whose(self, asked: Asked, before: Redemption | None) -> tuple[InHand, Rules] | Refusal:
        """Whose points a request is about, and by which rules; or why that is nobody."""
        whose = asked.member if before is None else before.name
        if whose is None:
            return UNKNOWN
        rules = self._rules_of((asked.member or whose)[:2], self.at)
        if rules is None:
            return NO_VERSION
        if before is not None and asked.member is not None and self._leads(asked.member) != self._leads(whose):
            return UNKNOWN
        in_hand = self._loaded.members.get(self._leads(whose) if before is None else whose)
        if in_hand is None:
            return UNKNOWN_MEMBER if before is None else MERGED
        if before is None and in_hand.life.name[2] in rules.blocked:
            return BLOCKED
        return in_hand, rules

    def leave(self, request: RequestName) -> None:
        """Leave a request to others: its key is free again, if it was not known before."""
        if request not in self._known:
            self.decided.refused.add(request)

    def _decide(self, command: Command) -> Sequence[Outgoing]:
        """Decide what an event asks for; what moves no points is told too, unless it is a repeat."""
        made = self.settle(command.asked)
        if made.refused is not None:
            self.decided.outcomes["refused"] += 1
            self.decided.still[command.key] = "refused"
            return [replies.refused(command, made.refused, self.at)]
        if made.replayed:
            self.decided.outcomes["replayed"] += 1
            self.decided.still[command.key] = "replayed"
            return []
        self.decided.outcomes[command.ask.operation] += 1
        if command.ask.operation == "extend" and made.after is not None:
            self.decided.still[command.key] = "extended"
            return [*made.events, replies.put_off(command, made.after, self.at)]
        return made.events

    def _keep(
        self,
        asked: Asked,
        in_hand: InHand,
        before: Redemption | None,
        changed: Changed,
        rules: Rules,
        reward: Reward | None,
        beside: Beside,
    ) -> Outcome:
        """Keep what a request has done, and tell of it."""
        life, after = in_hand.life, changed.redemption
        back = asked.ask.operation in GIVES_BACK
        answer = telling.answer(changed, life, rules.programme, came_back=back, reward=reward, beside=beside)
        self._known[asked.request] = self.decided.answers[asked.request] = Known(asked.prints[0], answer)
        self._standing[after.redemption_id] = self.decided.redemptions[after.redemption_id] = after
        self.decided.refused.discard(asked.request)
        if rules.counts and (by := counts(before, after)):
            assert after.counted_on is not None
            self.decided.counted[after.name, after.counted_on] += by
        events = telling.events_of(life, rules, in_hand.spread, self.at)
        if beside is not ALONE:
            events += self._jointly(before, after, beside, rules)
        if before is None and after.trade is not None:
            self.decided.used.setdefault(after.name, Counter()).update({each.key: each.amount for each in changed.uses})
            events += trade_telling.traded(after, rules, in_hand.spread, self.at)
        if reward is not None:
            events += telling.order_events(after.name, rules, in_hand.spread, None, after.order, self.at)
        return Outcome(answer, events, made=before is None, after=after)

    def _beside(self, asked: Asked, life: Life, before: Redemption | None, rules: Rules) -> Beside | Refusal:
        """The others whose lots a request may touch, among the members of the batch."""
        scope, own = life.name[:2], life.name[2]
        if before is not None:
            return of_owners(before, self._in_hand(scope, owners_of(before)))
        if not asked.ask.household:
            return ALONE
        household = self._loaded.households.get(life.name)
        pool = pool_of(household, own, rules, self._uses.get(scope[1], NO_USES), self.at)
        if isinstance(pool, Refusal):
            return pool
        return Beside(self._in_hand(scope, pool.household.roles.keys() - {own}), pool)

    def _in_hand(self, scope: Scope, members: Iterable[UUID]) -> dict[UUID, Life]:
        """Those of some members whose ledgers are in hand."""
        named = ((member, self._loaded.members.get((*scope, member))) for member in sorted(members))
        return {member: each.life for member, each in named if each is not None}

    def _jointly(self, before: Redemption | None, after: Redemption, beside: Beside, rules: Rules) -> list[Outgoing]:
        """Note what a redemption has of others' lots now, and tell of what was done to them."""
        self.decided.joint.setdefault(after.redemption_id, (before, rules))
        programme = after.name[1]
        self._uses[programme] = moved(self._uses.get(programme, NO_USES), before, after, rules.zone)
        events: list[Outgoing] = []
        for owner, life in beside.lives.items():
            spread = self._loaded.members[*after.name[:2], owner].spread
            events += telling.events_of(life, rules, spread, self.at)
        return events

    def _used(self, member: MemberName) -> Mapping[str, int]:
        """What trades have counted of a member, those of this batch included."""
        before, more = self._loaded.used.get(member), self.decided.used.get(member)
        return (before or NOTHING_USED) if more is None else more + Counter(before)

    def _leads(self, member: MemberName) -> MemberName:
        return self._loaded.leads.get(member, member)

    def _refuse(self, request: RequestName, why: Refusal) -> Outcome:
        """Leave nothing behind: the key is free again."""
        self.decided.refused.add(request)
        return Outcome(refused=why)
