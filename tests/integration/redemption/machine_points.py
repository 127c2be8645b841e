"""What may happen to points, each time to the stores and to the model: earned, spent, given, taken back, lapsed."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from libs.contracts.redemption import Ask
from libs.contracts.trades import TradeAsk
from libs.runtime.batch import Applied
from services.redemption.deciding import RequestName, id_of
from services.redemption.store import forget_requests
from tests.integration.redemption.stores import SCOPE, START, Stores, keyed
from tests.support.lives import adjusted, asked, returned
from tests.support.plain_points import Points, Purse, quarter_end
from tests.support.plain_values import Cards, Pool, Spent, Till
from tests.support.receipts import purchase

MEMBERS = 3
WHO = st.integers(0, MEMBERS - 1)
POINTS = st.integers(1, 60)
MINOR = st.integers(1, 6_000)
SOME = st.integers(0, 10**6)
"""Chooses one of as many as there are."""
PART = st.integers(1, 120)
"""How many percent of what there is."""
SELDOM = 5
"""One time of so many something is chosen that can't be gone on with."""
_runs = itertools.count(1)


class PointRules(RuleBasedStateMachine):
    """Members with points, on stores that others before them have used too."""

    def __init__(self, stores: Stores) -> None:
        super().__init__()
        self.stores = stores
        self.run, self._numbers = f"m{next(_runs)}", itertools.count(1)
        stores.clock.instant = START
        self.members = [stores.enrol(f"{self.run}-{who}") for who in range(MEMBERS)]
        self.points = Points(START, [Purse() for _ in self.members])
        self.till, self.cards, self.pools = Till(self.points), Cards(), dict[str, Pool]()
        self.asked: list[tuple[Any, Any]] = []

    @property
    def now(self) -> datetime:
        return self.points.now

    def name(self) -> str:
        """One that nobody used."""
        return f"{self.run}-{next(self._numbers)}"

    def whose(self, who: int) -> dict[str, Any]:
        return {"programme_id": SCOPE[1], "member_id": self.members[who]}

    def merged(self, who: int) -> bool:
        return self.points.purses[who].into is not None

    def known(self, key: str, operation: str = "redeem") -> UUID:
        """The id of the redemption that was begun under a key."""
        return id_of(RequestName(SCOPE[0], "till", operation, keyed(key)["key"]))

    @initialize()
    def be_known_for_a_while(self) -> None:
        """What is spent comes from lots with two dates."""
        for until in (quarter_end(self.now), self.now):
            for who, minor in enumerate((4_000, 9_000, 2_500)):
                self.buy(who=who, minor=minor)
            self.wait(until)

    # Time.

    def wait(self, until: datetime, *, look: bool = True) -> None:
        """Let time pass; while anybody owes, holds end one by one, for the order in which they repay matters."""
        ends = [until]
        if any(purse.owed or purse.lent for purse in self.points.purses):
            look = True
            ends += [one.until for one in self.till.spent.values() if one.state == "held" and one.until is not None]
        for end in sorted({end for end in ends if self.now < end <= until}):
            self.stores.clock.instant = end
            self.points.wait(end)
            if look:
                self.look()

    def look(self) -> None:
        """Let go what is over."""
        self.stores.look()
        for one in self.till.over():
            self.till.release(one, "expired")
        self.cards.lapse(self.now)
        self.let_carts_go()
        self.cards.lapse(self.now)

    def let_carts_go(self) -> None:
        """Carts come with further rules."""

    @rule(minutes=st.integers(1, 40), look=st.booleans())
    def wait_a_little(self, minutes: int, look: bool) -> None:
        self.wait(self.now + timedelta(minutes=minutes), look=look)

    @rule(days=st.integers(1, 45))
    def wait_for_days(self, days: int) -> None:
        self.wait(self.now + timedelta(days=days))

    @rule(seconds=st.integers(-1, 1))
    def wait_for_the_quarter(self, seconds: int) -> None:
        until = quarter_end(self.now) + timedelta(seconds=seconds)
        if until > self.now:
            self.wait(until)

    @precondition(lambda self: self.asked)
    @rule()
    def forget(self) -> None:
        """Answers are given again for a week, what was done stays done."""
        self.stores.run(forget_requests(self.stores.counter.desk.pool, self.now, 5_000))

    @precondition(lambda self: self.asked)
    @rule(some=SOME)
    def repeat(self, some: int) -> None:
        """What was asked long ago changes nothing, whatever it is answered now."""
        self.stores.again(*self.asked[some % len(self.asked)])

    # Receipts, and what people decide.

    @rule(who=WHO, minor=MINOR)
    def buy(self, who: int, minor: int) -> None:
        number = self.name()
        self.stores.tell(purchase(number, minor, card=f"{self.run}-{who}", time=self.now))
        self.points.buy(number, who, minor)

    @rule(some=SOME, part=st.integers(1, 100))
    def bring_back(self, some: int, part: int) -> None:
        left = {number: one.minor - one.back for number, one in self.points.receipts.items() if one.minor > one.back}
        if not left:
            return
        self.look()  # so that no hold ends while something is owed, but in its turn
        number = sorted(left)[some % len(left)]
        minor = share(left[number], part)
        self.stores.tell(returned(self.name(), number, amount=minor, time=self.now))
        self.points.bring_back(number, minor)
        self.came_back(number)

    def came_back(self, number: str) -> None:
        """What was set aside for receipts comes with further rules."""

    @rule(who=WHO, whom=WHO, part=PART)
    def give(self, who: int, whom: int, part: int) -> None:
        if who == whom:
            return
        points = share(self.points.spendable(self.points.who(who)), part)
        gift: dict[str, Any] = {"to_member_id": str(self.members[whom]), "wallet": "points", "points": points}
        applied = self.stores.tell(asked(self.name(), "transfer", self.members[who], time=self.now, **gift))
        who, whom = self.points.who(who), self.points.who(whom)
        fits = who != whom and not self.points.purses[who].lent and self.points.spendable(who) >= points
        self.done(applied, "transferred", fits)
        if fits:
            self.points.give(who, whom, points)

    @rule(who=WHO, points=POINTS, gives=st.booleans())
    def adjust(self, who: int, points: int, gives: bool) -> None:
        signed = points if gives else -points
        applied = self.stores.tell(adjusted(self.name(), self.members[who], signed, time=self.now))
        who = self.points.who(who)
        fits = gives or self.points.spendable(who) >= points
        self.done(applied, "adjusted", fits)
        if fits and gives:
            self.points.gain(who, points, "given")
        elif fits:
            self.points.spend(who, points, "taken")

    @precondition(lambda self: sum(purse.into is None for purse in self.points.purses) > 1)
    @rule(who=WHO, whom=WHO)
    def merge(self, who: int, whom: int) -> None:
        if who == whom:
            return
        self.look()
        record = asked(self.name(), "merge", self.members[who], to_member_id=str(self.members[whom]), time=self.now)
        applied = self.stores.tell(record)
        who, whom = self.points.who(who), self.points.who(whom)
        fits = who != whom and not any(lot.held for lot in self.points.purses[who].lots)
        self.done(applied, "merged", fits)
        if fits:
            self.points.merge(who, whom)
            self.merged_into(who, whom)

    def merged_into(self, who: int, whom: int) -> None:
        """What else goes over comes with further rules."""

    def done(self, applied: Applied, outcome: str, fits: bool) -> None:
        """What was decided is what the model says."""
        assert Counter(applied.outcomes) == Counter([outcome if fits else "refused"]), applied.outcomes

    # Redemptions.

    def spend(self, operation: Any, key: str, *, fits: bool, **told: Any) -> Any:
        """Ask, and hold the answer against what the model says."""
        answer = self.stores.spend(operation, key, **told)
        assert (answer.refused is None) == fits, answer
        if fits:
            self.asked.append(self.stores.last)
        return answer

    @rule(who=WHO, part=PART, hold=st.booleans())
    def redeem(self, who: int, part: int, hold: bool) -> None:
        key = self.name()
        self.wait(self.now + timedelta(seconds=1), look=False)  # no two holds end at once
        points = share(self.points.spendable(who), part)
        fits = not self.merged(who) and self.points.spendable(who) >= points
        operation = "hold" if hold else "redeem"
        self.spend(operation, key, fits=fits, **self.whose(who), points=points)
        if fits:
            self.till.begin(f"{operation} {key}", who, points, hold=hold)

    @rule(wanted=st.lists(st.tuples(WHO, PART, st.booleans()), min_size=2, max_size=6))
    def rush(self, wanted: list[tuple[int, int, bool]]) -> None:
        """Several of them at once come to what they come to one after the other."""
        self.wait(self.now + timedelta(seconds=1), look=False)
        asks, keys = [], []
        holders = [who for who, _, hold in wanted if hold]
        wanted = [(who, part, hold and holders.count(who) == 1) for who, part, hold in wanted]  # no two end at once
        for who, part, hold in wanted:
            keys.append(self.name())
            points = share(self.points.spendable(who), part)
            operation: Any = "hold" if hold else "redeem"
            asks.append(Ask(operation, SCOPE[0], "till", **keyed(keys[-1]), **self.whose(who), points=points))
        for (who, _, hold), key, ask, answer in zip(wanted, keys, asks, self.stores.rush(asks), strict=True):
            assert ask.points is not None
            fits = not self.merged(who) and self.points.spendable(who) >= ask.points
            assert (answer.refused is None) == fits, (ask, answer)
            if fits:
                self.till.begin(f"{ask.operation} {key}", who, ask.points, hold=hold)

    @rule(who=WHO, part=PART)
    def pay(self, who: int, part: int) -> None:
        """Points pay a bill, a cent each."""
        key, bill = self.name(), share(self.points.spendable(who), part)
        fits = not self.merged(who) and self.points.spendable(who) >= bill
        self.spend("redeem", key, fits=fits, **self.whose(who), bill_minor=bill, currency="EUR")
        if fits:
            self.till.begin(f"redeem {key}", who, bill, hold=False, bill=bill)

    def some(self, some: int, state: str, *, orders: bool) -> tuple[UUID, Spent] | None:
        """One of the redemptions that were begun: mostly one in this state."""
        begun = {key: one for key, one in self.till.spent.items() if (one.order is not None) is orders}
        fitting = {key: one for key, one in begun.items() if one.state == state and not one.final}
        if some % SELDOM and fitting:
            begun = fitting
        if not begun:
            return None
        name = list(begun)[some // SELDOM % len(begun)]
        operation, key = name.split()
        return self.known(key, operation), begun[name]

    @precondition(lambda self: self.till.has(orders=False))
    @rule(some=SOME, operation=st.sampled_from(["extend", "commit", "release"]), part=st.none() | PART)
    def go_on(self, some: int, operation: str, part: int | None) -> None:
        found = self.some(some, "held", orders=False)
        if found is None:
            return
        redemption_id, one = found
        told = {} if part is None or operation != "commit" else {"points": share(one.points, part)}
        wanted = told.get("points", one.points)
        fits = not one.final and wanted <= one.points and self.may(operation, one)
        self.spend(operation, self.name(), fits=fits, redemption_id=redemption_id, **told)
        if fits:
            self.went_on(operation, one, wanted)

    def may(self, operation: str, one: Spent) -> bool:
        """Whether a hold can be gone on with."""
        if operation == "release":
            return one.state == "held"
        return self.till.may_commit(one) and (operation == "commit" or not one.extended)

    def went_on(self, operation: str, one: Spent, points: int) -> None:
        match operation:
            case "extend":
                self.till.extend(one)
            case "commit":
                self.till.commit(one, points)
            case "release":
                self.till.release(one)

    @precondition(lambda self: self.till.has(orders=False))
    @rule(some=SOME, part=st.none() | PART, by=st.sampled_from(["member", "operator"]))
    def cancel(self, some: int, part: int | None, by: str) -> None:
        found = self.some(some, "redeemed", orders=False)
        if found is None:
            return
        redemption_id, one = found
        wanted = one.standing if part is None else share(one.standing, part)
        if one.bill and part is not None:
            self.return_of_a_bill(redemption_id, one, wanted, by)
            return
        told = {} if part is None else {"points": wanted}
        fits = not one.final and one.state == "redeemed" and wanted <= one.standing
        self.spend("cancel", self.name(), fits=fits, redemption_id=redemption_id, by=by, **told)
        if fits:
            self.till.give_back(one, wanted, mercy=by != "member")

    def return_of_a_bill(self, redemption_id: UUID, one: Spent, minor: int, by: str) -> None:
        """A point for each cent that comes back, as far as there are any left; of the bill no more than there was."""
        fits = not one.final and one.state in ("redeemed", "cancelled") and one.bill_back + minor <= one.bill
        self.spend("cancel", self.name(), fits=fits, redemption_id=redemption_id, by=by, returned_minor=minor)
        if fits:
            one.bill_back += minor
            if points := min(minor, one.standing):
                self.till.give_back(one, points, mercy=by != "member")

    @rule(who=WHO, points=POINTS, buys=st.booleans())
    def trade(self, who: int, points: int, buys: bool) -> None:
        key = self.name()
        trade = TradeAsk(paid_minor=2 * points) if buys else TradeAsk(charity="reef")
        fits = not self.merged(who) and (buys or (points >= 10 and self.points.spendable(who) >= points))
        self.spend("buy" if buys else "donate", key, fits=fits, **self.whose(who), points=points, trade=trade)
        if fits and buys:
            self.points.gain(who, points)
        elif fits:
            self.till.begin(f"donate {key}", who, points, hold=False)
            self.till.spent[f"donate {key}"].final = True

    # What must be so at any time.

    def points_are_as_modelled(self) -> None:
        """The lots that are left in the stores are those of the model, by date; and so is what is owed and lent."""
        for ledger, purse in zip(self.stores.ledgers(self.members), self.points.purses, strict=True):
            there, plain = Counter[tuple[datetime | None, str]](), Counter[tuple[datetime | None, str]]()
            for lot in ledger.lots:
                there[lot.expires_at, "free"] += lot.free
                there[lot.expires_at, "held"] += lot.held
            for each in purse.lots:
                plain[each.until, "free"] += each.free
                plain[each.until, "held"] += each.held
            assert +there == +plain
            assert (ledger.debt("points"), ledger.lent("points")) == (purse.owed, purse.lent)
        assert self.points.in_balance()


def share(whole: int, part: int) -> int:
    """So many percent of what there is, and something where there is nothing."""
    return max(1, whole * part // 100)
