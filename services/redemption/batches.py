"""A batch of requests from the topic, decided one after the other on the members in hand. Pure.

A refusal leaves nothing behind, so that it does not matter where batches are cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal, NamedTuple
from uuid import UUID

from libs.households.sharing import NO_USES, Household, Uses
from libs.lives.life import Life, MemberName
from libs.runtime.batch import Outgoing
from services.redemption import replies, telling, trade_telling
from services.redemption.commands import Command
from services.redemption.deciding import (
    GIVES_BACK,
    MERGED,
    NO_VERSION,
    NOTHING_USED,
    REUSED,
    UNKNOWN,
    UNKNOWN_MEMBER,
    Known,
    Patience,
    RequestName,
    counts,
    decide,
    meaning,
    name_of,
)
from services.redemption.domain import Redemption, Refusal, Rules
from services.redemption.households.jointly import of_owners, owners_of
from services.redemption.households.pool import ALONE, Beside, moved, pool_of
from services.redemption.sources import Scope

Still = Literal["extended", "refused", "replayed"]


class InHand(NamedTuple):
    """A member of the batch: the ledger, the hash that names the partition of its events, and the level."""

    life: Life
    spread: int
    tier: str | None = None


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

    events: list[list[Outgoing]] = field(default_factory=list)
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
        """Decide them, each on what the one before has left."""
        for command in commands:
            self.decided.events.append(self._decide(command))
        return self.decided

    def _decide(self, command: Command) -> list[Outgoing]:
        request, fingerprint = name_of(command.ask), meaning(command.ask)
        known = self._known.get(request)
        rules = self._rules_of(command.member[:2], self.at)
        if known is not None:
            if known.fingerprint == fingerprint:
                self.decided.outcomes["replayed"] += 1
                self.decided.still[command.key] = "replayed"
                return []
            return self._refuse(command, REUSED, free=False)
        if rules is None:
            return self._refuse(command, NO_VERSION)
        before = next((self._standing[each] for each in command.candidates if each in self._standing), None)
        whose = command.member if before is None else before.name
        if before is not None and self._leads(command.member) != self._leads(whose):
            return self._refuse(command, UNKNOWN)
        in_hand = self._loaded.members.get(self._leads(whose) if before is None else whose)
        if in_hand is None:
            return self._refuse(command, UNKNOWN_MEMBER if before is None else MERGED)
        return self._move(command, in_hand, before, rules, request, fingerprint)

    def _move(
        self,
        command: Command,
        in_hand: InHand,
        before: Redemption | None,
        rules: Rules,
        request: RequestName,
        fingerprint: bytes,
    ) -> list[Outgoing]:
        life, ask = in_hand.life, command.ask
        redemption_id = command.candidates[0] if before is None else before.redemption_id
        beside = self._beside(command, life, before, rules)
        if isinstance(beside, Refusal):
            return self._refuse(command, beside)
        cause, hands = command.cause(redemption_id), [life, *beside.lives.values()]
        marks = [each.mark() for each in hands]
        life.catch_up(self.at, cause)
        tier, used = in_hand.tier, self._used(life.name)
        changed = decide(ask, life, before, rules, cause, self.at, self._patience, tier, used, beside)
        if isinstance(changed, Refusal):
            for each, mark in zip(hands, marks, strict=True):
                each.go_back(mark)
            return self._refuse(command, changed)
        after = changed.redemption
        back = ask.operation in GIVES_BACK
        answer = telling.answer(changed, life, rules.programme, came_back=back, beside=beside)
        self._known[request] = self.decided.answers[request] = Known(fingerprint, answer)
        self._standing[redemption_id] = self.decided.redemptions[redemption_id] = after
        self.decided.refused.discard(request)
        self.decided.outcomes[ask.operation] += 1
        if rules.counts and (by := counts(before, after)):
            assert after.counted_on is not None
            self.decided.counted[after.name, after.counted_on] += by
        events = telling.events_of(life, rules, in_hand.spread, self.at)
        if beside is not ALONE:
            events += self._jointly(before, after, beside, rules)
        if before is None and after.trade is not None:
            self.decided.used.setdefault(after.name, Counter()).update({each.key: each.amount for each in changed.uses})
            events.append(trade_telling.traded(after, rules, in_hand.spread, self.at))
        if ask.operation == "extend":
            self.decided.still[command.key] = "extended"
            events.append(replies.put_off(command, after, self.at))
        return events

    def _beside(self, command: Command, life: Life, before: Redemption | None, rules: Rules) -> Beside | Refusal:
        """The others whose lots a command may touch, among the members of the batch."""
        scope, own = life.name[:2], life.name[2]
        if before is not None:
            return of_owners(before, self._in_hand(scope, owners_of(before)))
        if not command.ask.household:
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

    def _refuse(self, command: Command, why: Refusal, *, free: bool = True) -> list[Outgoing]:
        """Tell why not. The key is free again, unless it stands for another request."""
        if free:
            self.decided.refused.add(name_of(command.ask))
        self.decided.outcomes["refused"] += 1
        self.decided.still[command.key] = "refused"
        return [replies.refused(command, why, self.at)]
