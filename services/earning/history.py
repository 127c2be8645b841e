"""What members did, as a batch goes on: counted day by day, and seen by whatever is judged next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec.structs import replace

from libs.history.counted import Terms, count_activity, count_purchase, count_receipt
from libs.history.days import Counted, MemberDays, Sum, told
from libs.history.needs import Needs
from libs.judging.verdict import Verdict
from libs.judging.versions import RunningProgramme
from libs.lives.life import MemberName
from libs.receipts.decided import granted_by
from services.earning.activities import Acted
from services.earning.arrivals import Arrival
from services.earning.cases import Case
from services.earning.verdict import Standing

DayName = tuple[int, int, Any, date]
"""Tenant, programme, member and day."""

_COUNT = ("credited", "no_points")
_NOTHING = Needs(())


class Histories:
    """The days of the members of a batch, for programmes that need them.

    `changes` is what the batch adds to each day; a member's next receipt sees what the one before it left.
    """

    def __init__(self, days: Mapping[MemberName, MemberDays], standings: Mapping[MemberName, Standing]) -> None:
        self.changes: dict[DayName, Sum] = {}
        self._days = dict(days)
        self._standings = standings
        for name, own in days.items():
            standing = standings[name]
            standing.facts = replace(standing.facts, history=own.history())

    def of(self, name: MemberName) -> MemberDays:
        """A member's days as the batch has come to them."""
        return self._days.get(name, MemberDays())

    def bought(self, arrival: Arrival, standing: Standing, verdict: Verdict) -> Counted | None:
        """Count a plain purchase, if it was judged."""
        evaluation = verdict.evaluation
        if evaluation is None or verdict.outcome not in _COUNT:
            return None
        terms = terms_of(arrival.programme)[evaluation.version]
        purchase = arrival.event.data if verdict.judged is None else verdict.judged
        points = [(new.wallet, new.points) for new in verdict.credits]
        granted = granted_by(evaluation)  # it stands: what is not credited is not counted here
        counted = count_purchase(standing.facts.member_id, purchase, verdict.judged_at, points, terms, granted)
        self._add(arrival.scope, counted)
        return counted

    def acted(self, arrival: Arrival, standing: Standing, acted: Acted) -> Counted | None:
        """Count an activity, if any version judged it and its programme asks."""
        verdict = acted.verdict
        if arrival.programme.history is None or verdict.evaluation is None:
            return None
        points = [(lot.wallet, lot.amount) for lot, _ in acted.lots]
        terms = terms_of(arrival.programme)[verdict.evaluation.version]
        granted = granted_by(verdict.evaluation) if points or not verdict.evaluation.grants else ()
        data = arrival.event.data
        counted = count_activity(standing.facts.member_id, data, verdict.judged_at, points, terms, granted)
        if counted is not None:
            self._add(arrival.scope, counted)
        return counted

    def settled(self, case: Case, before: Counted | None) -> Counted | None:
        """Count, and return, what a receipt with a story counts for now in the place of what it counted for before."""
        after = counted(case)
        if after != before:
            if before is not None:
                self._add(case.programme.key, before.less())
            if after is not None:
                self._add(case.programme.key, after)
        return after

    def join(self, merged: MemberName, survivor: MemberName) -> None:
        """Let the survivor of a merge be seen with what both did; what is stored stays where it is."""
        own = self.of(survivor)
        for each in self.of(merged).days:
            own = own.with_more(Counted(survivor[2], each.day, *each.done))
        self._days[survivor] = own
        standing = self._standings[survivor]
        if standing.facts.history is not None:
            standing.facts = replace(standing.facts, history=own.history())

    def _add(self, scope: tuple[int, int], more: Counted) -> None:
        name = (*scope, more.member_id)
        standing = self._standings.get(name)
        own = name if standing is None else (*scope, standing.facts.member_id)
        self._days[own] = self.of(own).with_more(more)
        if standing is not None and standing.facts.history is not None:
            standing.facts = replace(standing.facts, history=standing.facts.history.added(told(more)))
        day = (*name, more.day)
        self.changes[day] = self.changes.get(day, Sum()).with_more(*more[2:])


def counted(case: Case) -> Counted | None:
    """What a receipt with a story counts for; None also where its programme does not ask."""
    return None if case.programme.history is None else count_receipt(case.story, terms_of(case.programme))


def terms_of(programme: RunningProgramme) -> Mapping[int, Terms]:
    """By what each version of a programme counts."""
    needs = programme.history or _NOTHING
    return {
        version.compiled.version: Terms(
            version.zone, version.compiled.currency, needs.by_category, needs.shares, needs.costs
        )
        for version in programme.versions
    }
