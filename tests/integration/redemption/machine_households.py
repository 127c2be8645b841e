"""What members may do who share their points, each time to the stores and to the model."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.integration.redemption.machine_loans import LoanRules
from tests.integration.redemption.machine_points import PART, WHO, share
from tests.integration.redemption.stores import HOUSEHOLD, SCOPE, Stores

PERCENT = int(str(HOUSEHOLD["percent"]))


class HouseholdRules(LoanRules):
    """Members of one household at a time; what is taken of others goes back to them."""

    def __init__(self, stores: Stores) -> None:
        super().__init__(stores)
        self.home: set[int] = set()
        self.household_id: UUID | None = None

    @initialize()
    def move_in_together(self) -> None:
        for who in (0, 1):
            self.come_or_go(who=who)

    @rule(who=WHO)
    def come_or_go(self, who: int) -> None:
        if self.merged(who):
            return
        member = self.members[who]
        if who in self.home:
            self.about_it("depart", member_id=member, by_id=member)
            self.home.discard(who)
            if not self.home:
                self.household_id = None
        elif self.household_id is None:
            told = self.stores.household("found", self.name(), programme_id=SCOPE[1], member_id=member)
            assert told.refused is None, told
            self.household_id = UUID(orjson.loads(bytes(told.body))["household_id"])
            self.home.add(who)
        else:
            self.about_it("invite", member_id=member, role="adult")
            self.about_it("answer", member_id=member, accept=True)
            self.home.add(who)

    def about_it(self, operation: str, **told: Any) -> None:
        """Ask something of the household."""
        answer = self.stores.household(operation, self.name(), household_id=self.household_id, **told)
        assert answer.refused is None, answer

    @rule(who=WHO, part=PART, hold=st.booleans())
    def spend_together(self, who: int, part: int, hold: bool) -> None:
        key, operation = self.name(), "hold" if hold else "redeem"
        self.wait(self.now + timedelta(seconds=1), look=False)
        home = sorted(self.home, key=lambda each: self.members[each])
        there = self.points.together(who, home, PERCENT)
        points = share(sum(most for _, most in there), part)
        fits = who in self.home and not self.merged(who) and sum(most for _, most in there) >= points
        self.spend(operation, key, fits=fits, **self.whose(who), points=points, household=True)
        if fits:
            self.till.begin(f"{operation} {key}", who, points, hold=hold, there=there)

    def merged_into(self, who: int, whom: int) -> None:
        """The survivor has the seat of whoever was merged, or keeps their own."""
        if who in self.home:
            self.home.discard(who)
            self.home.add(whom)
