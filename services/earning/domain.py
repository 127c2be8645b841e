"""What a batch of events comes to: pure, and the same wherever the batch is cut.

A member's events are decided in order, each on the state that the one before left; so are uses of shared counters.
Most events are plain purchases of members who owe nothing: they only gain lots. Whatever else happens is decided on the
member's whole ledger (`lives.py`), and what is said about a receipt on its story (`cases.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import structs

from libs.history.days import Counted
from libs.judging.occasions import Occasion
from libs.judging.verdict import Verdict
from libs.judging.versions import RunningProgramme
from libs.ledger.model import Lot
from libs.lives.life import MemberName
from libs.lives.made import Cause, Made
from libs.promotions.evaluation import Evaluation
from libs.promotions.pages import Outcome
from libs.promotions.seen import Seen
from libs.receipts.decided import granted_by, story_of
from libs.receipts.story import Content, Story
from libs.runtime.batch import Outgoing
from services.earning import arrivals, carts
from services.earning.activities import Acted, act
from services.earning.alive import buying
from services.earning.announcements import Announcer
from services.earning.arrivals import Arrival
from services.earning.cases import Case, CaseWork, Followed
from services.earning.extending import by_hand
from services.earning.facts import first_owner
from services.earning.history import counted
from services.earning.judge import judge
from services.earning.kept import kept, kept_again
from services.earning.lives import Life
from services.earning.loaded import Counters, Loaded
from services.earning.moving import move
from services.earning.occasions import outgoing, return_of
from services.earning.outcome import About, BatchDecision, NewLot, Term, Unpaid
from services.earning.referrals import referral_of
from services.earning.seen import seen_by
from services.earning.verdict import Given, Standing

_UNTOLD = Story()
_UNPAID: frozenset[Outcome] = frozenset({"no_points", "awaiting_operator", "unchanged", "refused"})


class BatchDecider:
    """Decides a batch bit by bit, so that a worker can look after other things in between."""

    def __init__(self, loaded: Loaded, now: datetime) -> None:
        self.result = BatchDecision()
        self._loaded = loaded
        self._counters = Counters(loaded.used)
        self._announcer = Announcer(now)
        self._now = now
        self._in_hand: dict[MemberName, tuple[RunningProgramme, Life]] = {}
        self._histories = loaded.histories
        self._tiers = loaded.tiers
        self._about = UUID(int=0)
        if loaded.histories is not None:
            self.result.days = loaded.histories.changes

    def decide(self, batch: Sequence[Arrival]) -> None:
        """Decide the next events of the batch, in order."""
        cases = self._loaded.cases
        for arrival in batch:
            case = None if arrival.receipt_key is None else cases.get(arrival.receipt_key)
            if arrival.kind == arrivals.COMPLETED and (case is None or case.story == _UNTOLD):
                self._purchase(arrival)
                if case is not None and (kept_now := self.result.decisions[-1]) is not None:
                    case.event_key, case.story = arrival.key, story_of(kept_now[1])
            elif case is not None:
                self._follow(arrival, case)
            else:
                self._other(arrival, None)

    def adopt(self, case: Case, member_id: UUID) -> list[Outgoing]:
        """Give a receipt to whoever its identifier belongs to now, unless that is too late; return what to tell."""
        content = case.content
        before = counted(case)
        self._about = case.key if content is None else content.key
        followed = self._work().adopt(case, member_id)
        if followed is None or content is None:
            return []
        self._settled(case, followed, content.key)
        self._again(case, content, followed)
        self._recount(case, before, content.key)
        if followed.life is not None and not followed.life.made_by(content.key):
            self._unpaid(case.programme, content.key, followed.life.standing, followed.verdict())
        return [*self._told(), *self._returned(case, None)]

    def _work(self) -> CaseWork:
        """Made anew each time: kept, it would tie the batch into a cycle, which only a rare collection would free."""
        return CaseWork(self._life_of, self._owner_of, self._counters.of, self._use, self._now)

    def _purchase(self, arrival: Arrival) -> None:
        """A purchase under a number of its own: nearly every event there is."""
        standing = self._who(arrival)
        if self._tiers is not None and standing is not None:
            self._tiers.catch_up(arrival.programme, standing, arrival.key)
        verdict = judge(arrival, standing, self._counters.of(arrival.programme))
        counts = self._count(arrival.programme, verdict)
        lots: Sequence[tuple[Lot, bool]] = ()
        if standing is not None:
            life = self._life_of(arrival.programme, standing.facts.member_id)
            if life is not None:
                cause = _cause(arrival)
                credits = buying(arrival.programme, life, verdict, self._now, cause)
                lots = [(life.credit(new, self._now, cause), new.carried) for new in credits]
                if counts:
                    life.give(granted_by(verdict.evaluation), cause)
                events = self._told()
            else:
                lots, events = self._credit(arrival, standing, verdict)
                if counts and verdict.evaluation is not None and verdict.evaluation.granted:
                    events += self._grant(arrival, standing, verdict.evaluation)
            if not lots:
                self._unpaid(arrival.programme, arrival.key, standing, verdict)
        else:
            events = []
            self.result.leave(
                arrival.scope,
                arrival.receipt_key,
                arrival.key,
                arrival.identifiers,
                arrival.event.data,
                arrival.event.time,
            )
        if verdict.outcome == "awaiting_operator" and standing is not None:
            self.result.park(
                arrival.scope,
                arrival.receipt_key,
                arrival.key,
                standing.facts.member_id,
                verdict.reason,
                arrival.event.data,
                verdict.judged_at,
            )
        told = self._announcer.evaluated(arrival, standing, verdict, sum([lot.amount for lot, _ in lots]))
        if self._histories is None or arrival.programme.history is None or standing is None:
            self._keep(arrival, standing, verdict, lots)
        else:
            self._keep(arrival, standing, verdict, lots, seen=seen_by(arrival.programme, standing, verdict.judged_at))
            done = self._histories.bought(arrival, standing, verdict)
            events += self._stood(arrival.programme, standing, arrival.key, done)
        if arrival.event.data.cart is not None:
            events.append(self._announcer.cart_settled(arrival, standing, carts.bought(arrival)))
        self._tell(verdict.outcome, [told, *events])

    def _credit(
        self, arrival: Arrival, standing: Standing, verdict: Verdict
    ) -> tuple[list[tuple[Lot, bool]], list[Outgoing]]:
        """Lots for a member of whom nothing else needs to be known than the last number."""
        made, events, cause = [], [], _cause(arrival)
        for new in verdict.credits:
            lot = new.lot(standing.seq, self._now)
            standing.seq = lot.seq
            term = Term(*arrival.scope, new.wallet, new.expires_at, new.version)
            tenant = arrival.programme.tenant
            self.result.lots.append(NewLot(term, tenant, standing.facts.member_id, lot, arrival.key))
            made.append((lot, new.carried))
            events.append(self._announcer.credited(arrival.programme, standing, lot, cause))
        return made, events

    def _grant(self, arrival: Arrival, standing: Standing, evaluation: Evaluation) -> list[Outgoing]:
        """What such a member gets beside points."""
        gifts = [Given(*gift, _cause(arrival), number) for number, gift in enumerate(granted_by(evaluation), start=1)]
        return [self._announcer.given(arrival.programme, standing, gift) for gift in gifts]

    def _follow(self, arrival: Arrival, case: Case) -> None:
        """Something about a receipt that has a story."""
        first = case.event_key is None and arrival.kind == arrivals.COMPLETED
        if first:
            case.event_key = arrival.key
        else:
            self.result.about.append(About(arrival.tenant_id, case.key, arrival.key))
        content, before, known = case.content, counted(case), return_of(case)
        self._about = arrival.key
        followed = self._work().follow(arrival, case)
        self._settled(case, followed, arrival.key)
        if followed.again and content is not None:
            self._again(case, content, followed)
        if arrival.kind == arrivals.RECORDED:
            self._other(arrival, followed)
            return
        standing = None if followed.life is None else followed.life.standing
        verdict = carts.explained(arrival, followed.verdict())
        told = self._announcer.evaluated(arrival, standing, verdict, followed.credited, followed.reversed)
        events = [told, *self._told(), *carts.settled(self._announcer, arrival, standing, case)]
        moved = [] if followed.life is None else followed.life.made_by(arrival.key)
        if standing is not None and not moved:
            self._unpaid(arrival.programme, arrival.key, standing, verdict)
        self._keep(arrival, standing, verdict, followed.lots, moved, case.story.history, case.story)
        self._recount(case, before, arrival.key)
        self._tell(verdict.outcome, [*events, *self._untold(), *self._returned(case, known)])

    def _returned(self, case: Case, known: Occasion | None) -> list[Outgoing]:
        """That something of a receipt came back, where that is news and a campaign waits for it."""
        occasion = return_of(case)
        if occasion is None or known is not None:
            return []
        standing = self._loaded.standings[(*case.programme.key, occasion.member_id)]
        return [outgoing(case.programme, occasion, standing.spread)]

    def _other(self, arrival: Arrival, followed: Followed | None) -> None:
        """An activity, an adjustment, or what the clock says is due; `followed` is what it did to a receipt."""
        self._about = arrival.key
        member_id = getattr(arrival.event.data, "member_id", None) or self._owner_of(
            arrival.programme, arrival.identifiers
        )
        life = None if member_id is None else self._life_of(arrival.programme, member_id)
        if life is None and followed is not None:
            life = followed.life
        if arrival.kind == arrivals.DUE:
            if life is not None:
                life.catch_up(self._now, _cause(arrival))
            self.result.decisions.append(None)
            self.result.events.append(self._told())
            return
        if arrival.kind in arrivals.BY_HAND:
            acted = by_hand(arrival, life, self._loaded.lapses, self._loaded.merges, self._now)
            self._hold_merged(arrival, life)
        elif arrival.kind in arrivals.MOVINGS:
            used = self._counters.of(arrival.programme)
            acted = move(arrival, life, self._loaded.merges, self._life_of, used, self._use, self._now)
        elif arrival.kind in arrivals.REFERRALS:
            acted = referral_of(arrival, self._loaded.referrals, life, self._now)
        else:
            acted = _both(act(arrival, life, self._counters.of(arrival.programme), self._now), followed)
        if self._count(arrival.programme, acted.verdict) and life is not None:
            life.give(granted_by(acted.verdict.evaluation), _cause(arrival))
        standing = None if life is None else life.standing
        if standing is None and followed is None:
            self.result.about.append(About(arrival.tenant_id, arrival.key, arrival.key))
        told = self._announcer.activity_evaluated(arrival, standing, acted.verdict, acted.points)
        moved = [] if life is None else life.made_by(arrival.key)
        if standing is not None and not moved:
            self._unpaid(arrival.programme, arrival.key, standing, acted.verdict)
        self._keep(
            arrival,
            standing,
            acted.verdict,
            acted.lots,
            moved,
            seen_by(arrival.programme, standing, acted.verdict.judged_at),
        )
        events = [told, *self._told(), *self._loaded.untold()]
        if self._histories is not None and standing is not None and arrival.kind == arrivals.RECORDED:
            done = self._histories.acted(arrival, standing, acted)
            events += self._stood(arrival.programme, standing, arrival.key, done)
        self._tell(acted.verdict.outcome, events)

    def _settled(self, case: Case, followed: Followed, event_key: UUID) -> None:
        """Note whom a receipt waits for from now on, if for anybody."""
        result, content = self.result, case.content
        result.settled[case.key] = case.programme.key
        result.unclaimed.pop(case.key, None)
        result.parked.pop(case.key, None)
        if content is None:
            return
        scope, purchase, bought_at = case.programme.key, content.purchase, content.purchased_at
        if case.story.owner is None:
            self.result.leave(scope, case.key, content.key, content.shown, purchase, bought_at)
        elif case.waits is not None:
            self.result.park(scope, case.key, event_key, case.story.owner, case.waits, purchase, bought_at)

    def _again(self, case: Case, content: Content, followed: Followed) -> None:
        """A receipt that was decided before is explained by what was decided now."""
        decision = kept_again(case, content, followed)
        self.result.again[case.tenant_id, decision.key] = decision

    def _keep(
        self,
        arrival: Arrival,
        standing: Standing | None,
        verdict: Verdict,
        lots: Sequence[tuple[Lot, bool]],
        moved: Sequence[Made] = (),
        seen: Seen | None = None,
        story: Story | None = None,
    ) -> None:
        decision = kept(arrival, standing, verdict, lots, moved, seen, story)
        self.result.decisions.append((arrival.tenant_id, decision))

    def _recount(self, case: Case, before: Counted | None, cause: UUID) -> None:
        """Let the days of whoever owns a receipt, or did, follow what it counts for now."""
        if self._histories is None or case.programme.history is None:
            return
        after = self._histories.settled(case, before)
        if self._tiers is None or before == after:
            return
        for done in {each.member_id: each for each in (before, after) if each is not None}.values():
            standing = self._loaded.standings.get((*case.programme.key, done.member_id))
            if standing is not None:
                less = before is not None and before.member_id == done.member_id
                self._tiers.counted(case.programme, standing, cause, done, lessened=less)

    def _stood(
        self, programme: RunningProgramme, standing: Standing, cause: UUID, done: Counted | None
    ) -> list[Outgoing]:
        """Look where a member stands after something was done, and tell of it."""
        if self._tiers is None or done is None:
            return []
        self._tiers.counted(programme, standing, cause, done)
        return self._tiers.untold()

    def _untold(self) -> list[Outgoing]:
        return [] if self._tiers is None else self._tiers.untold()

    def _tell(self, outcome: str, events: list[Outgoing]) -> None:
        self.result.events.append(events)
        self.result.outcomes[outcome] = self.result.outcomes.get(outcome, 0) + 1

    def _told(self) -> list[Outgoing]:
        """The events of all movements that were not told of yet, each member's in order; then those of tiers."""
        if not self._in_hand:
            return self._untold()
        events = [
            self._announcer.moved(programme, life.standing, made)
            for programme, life in self._in_hand.values()
            for made in life.untold()
        ]
        events += [
            self._announcer.given(programme, life.standing, given)
            for programme, life in self._in_hand.values()
            for given in life.untold_gifts()
        ]
        self._in_hand.clear()
        return events + self._untold()

    def _who(self, arrival: Arrival) -> Standing | None:
        """The member behind the first identifier that anybody has."""
        member_id = self._owner_of(arrival.programme, arrival.identifiers)
        if member_id is None:
            return None
        return self._loaded.standings.get((*arrival.scope, member_id))

    def _owner_of(self, programme: RunningProgramme, identifiers: Sequence[str]) -> UUID | None:
        return first_owner(programme.key, identifiers, self._loaded.owners)

    def _life_of(self, programme: RunningProgramme, member_id: UUID) -> Life | None:
        name = (*programme.key, member_id)
        life = self._loaded.lives.get(name)
        if life is not None:
            self._in_hand[name] = (programme, life)
            if self._tiers is not None:
                self._tiers.catch_up(programme, life.standing, self._about)
        return life

    def _hold_merged(self, arrival: Arrival, survivor: Life | None) -> None:
        """Tell of what is done to the old ledger of a merged member too, under whose name the survivor was in hand."""
        merges, name = self._loaded.merges, (*arrival.scope, arrival.event.data.member_id)
        if merges is not None and survivor is not None and survivor.name != name and name in merges.away:
            self._in_hand |= {
                name: (arrival.programme, merges.away[name]), survivor.name: (arrival.programme, survivor)
            }  # fmt: skip

    def _use(self, programme: RunningProgramme, key: str, points: int, limit: int) -> None:
        counters = self._counters.of(programme)
        counters[key] = counters.get(key, 0) + points
        before, most = self.result.uses.get(name := (*programme.key, key), (0, limit))
        self.result.uses[name] = (before + points, limit if points > 0 else most)  # what comes back is bound by none

    def _count(self, programme: RunningProgramme, verdict: Verdict) -> bool:
        """Count what a first decision uses of limits, and the rules that failed in it; tell whether it stands.

        It does not while its points await somebody's word: then nothing else of it is given either.
        """
        evaluation = verdict.evaluation
        if evaluation is None:
            return False
        if verdict.stands:
            for use in evaluation.uses:
                self._use(programme, use.key, use.points, use.limit)
        for failed in evaluation.rule_errors:
            self.result.fail(programme.key, failed)
        return verdict.stands

    def _unpaid(self, programme: RunningProgramme, key: UUID, standing: Standing, verdict: Verdict) -> None:
        if verdict.outcome in _UNPAID:
            whose = (*programme.key, standing.facts.member_id, standing.seq)
            self.result.unpaid.append(Unpaid(*whose, key, verdict.judged_at, verdict.outcome))


def _both(acted: Acted, followed: Followed | None) -> Acted:
    """What an activity brought by itself, or, when that is nothing, what it did to a receipt."""
    if followed is None or acted.lots or followed.outcome == "unchanged":
        return acted
    outcome = followed.outcome
    return Acted(structs.replace(acted.verdict, outcome=outcome, reason=followed.reason), (), followed.credited)


def _cause(arrival: Arrival) -> Cause:
    return Cause(arrival.key, arrival.event.source, arrival.event.id)
