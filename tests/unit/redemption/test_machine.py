"""Holds, redemptions, trades, transfers and returns of some members, against a model that knows sums alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from libs.ledger.decide import decide_credit, opening_movement
from libs.ledger.evolve import apply
from libs.ledger.invariants import check
from libs.ledger.model import MemberLedger
from libs.ledger.repay import repay
from libs.ledger.reverse import Credit, Shortfall, reverse
from libs.ledger.transfer import transfer
from libs.lives.life import Life
from libs.lives.made import Cause
from tests.support.receipts import Record
from tests.support.spending import NOW, Counter, asked, commands, traded

MEMBERS = [UUID(int=number) for number in (21, 22, 23)]
WHO = st.integers(0, len(MEMBERS) - 1)
POINTS = st.integers(1, 60)
CAUSE = Cause(UUID(int=1), "/test", "1")


@dataclass
class Purse:
    """What a member has, by sums."""

    free: int = 0
    held: int = 0
    owed: int = 0

    def gain(self, points: int) -> None:
        repaid = min(points, self.owed)
        self.owed -= repaid
        self.free += points - repaid


@dataclass
class Spent:
    """A redemption of the model."""

    who: int
    state: str
    points: int
    back: int = 0


@dataclass
class Model:
    """Everything that there is, by sums."""

    purses: list[Purse] = field(default_factory=lambda: [Purse() for _ in MEMBERS])
    spent: dict[str, Spent] = field(default_factory=dict)
    issued: int = 0
    reversed: int = 0
    bought: list[int] = field(default_factory=lambda: [0 for _ in MEMBERS])
    trades: list[int] = field(default_factory=lambda: [0 for _ in MEMBERS])


class Members(RuleBasedStateMachine):
    """Each rule does the same to ledgers and to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Counter({member: Life((1, 1, member), MemberLedger(member)) for member in MEMBERS})
        self.model = Model()
        self.credits: list[tuple[int, int, int]] = []  # whose, lot, points not taken back
        self.number = 0

    def ask(self, who: int, operation: str, **data: Any) -> str | None:
        """Ask twice over the topic; return why it was refused. The second time nothing moves."""
        self.number += 1
        data.setdefault("key", f"e-{self.number}")
        return self.send(lambda name: asked(name, MEMBERS[who], operation, **data))

    def send(self, made: Callable[[str], Record]) -> str | None:
        """Send a request twice."""
        name = f"e-{self.number}"
        outcome = self.desk.batch(NOW, commands(made(name)))
        told = len(self.desk.told)
        self.desk.batch(NOW, commands(made(f"{name}-again")))
        assert not [kind for kind, _ in self.desk.told[told:] if kind.startswith("points.")]
        return "refused" if outcome.outcomes["refused"] else None

    @rule(who=WHO, points=POINTS)
    def credit(self, who: int, points: int) -> None:
        life = self.desk.lives[MEMBERS[who]]
        lot = decide_credit(
            life.ledger.seq, "points", points, earned_at=NOW, recorded_at=NOW, active_from=NOW, expires_at=None,
            policy_version=1,
        )  # fmt: skip
        opening = opening_movement(lot)
        life.record([opening, *repay(apply(life.ledger, opening), "points", NOW)], CAUSE)
        life.untold()
        self.credits.append((who, lot.seq, points))
        self.model.issued += points
        self.model.purses[who].gain(points)

    @rule(who=WHO, points=POINTS, hold=st.booleans())
    def begin(self, who: int, points: int, hold: bool) -> None:
        purse, key = self.model.purses[who], f"k-{self.number}"
        refused = self.ask(who, "hold" if hold else "redeem", points=points, key=key)
        assert (refused is not None) == (purse.owed > 0 or purse.free < points)
        if refused is None:
            purse.free -= points
            purse.held += points * hold
            self.model.spent[key] = Spent(who, "held" if hold else "redeemed", points)

    @rule(data=st.data(), operation=st.sampled_from(["commit", "release", "cancel"]), points=st.none() | POINTS)
    def go_on(self, data: st.DataObject, operation: str, points: int | None) -> None:
        begun = sorted(key for key, each in self.model.spent.items() if each.state != "traded")
        if not begun:
            return
        key = data.draw(st.sampled_from(begun))
        one, part = self.model.spent[key], {} if points is None or operation == "release" else {"points": points}
        refused = self.ask(one.who, operation, begun_under=key, **part)
        purse = self.model.purses[one.who]
        left = one.points - one.back
        wanted = part.get("points", left)
        fits = one.state == ("redeemed" if operation == "cancel" else "held") and wanted <= left
        assert (refused is None) == fits
        if not fits:
            return
        match operation:
            case "commit":
                purse.held -= one.points
                purse.gain(one.points - wanted)
                one.state, one.points = "redeemed", wanted
            case "release":
                purse.held -= one.points
                purse.gain(one.points)
                one.state = "released"
            case "cancel":
                purse.gain(wanted)
                one.back += wanted
                one.state = "cancelled" if one.back == one.points else "redeemed"

    @rule(who=WHO, points=POINTS, operation=st.sampled_from(["buy", "exchange_in", "exchange_out", "donate"]))
    def trade(self, who: int, points: int, operation: str) -> None:
        self.number += 1
        kinds: dict[str, dict[str, Any]] = {
            "buy": {"points": points, "paid_minor": -(-points * 3 // 2)},
            "exchange_in": {"units": points, "partner": "sky"},
            "exchange_out": {"points": points, "partner": "sky"},
            "donate": {"points": points, "charity": "reef"},
        }
        told = kinds[operation] | {"key": f"e-{self.number}"}
        purse, model = self.model.purses[who], self.model
        comes = {"buy": points, "exchange_in": 4 * points}.get(operation)
        fits = (
            model.trades[who] < 9
            and {
                "buy": model.bought[who] + points <= 60,
                "exchange_in": True,
                "exchange_out": points >= 5,
                "donate": points >= 10,
            }[operation]
        )
        fits = fits and (comes is not None or (purse.owed == 0 and purse.free >= points))
        refused = self.send(lambda name: traded(name, MEMBERS[who], operation, **told))
        assert (refused is None) == fits
        if not fits:
            return
        model.trades[who] += 1
        if comes is None:
            purse.free -= points
            model.spent[f"t-{self.number}"] = Spent(who, "traded", points)
        else:
            purse.gain(comes)
            model.issued += comes
            model.bought[who] += comes * (operation == "buy")

    @rule(who=WHO, whom=WHO, points=POINTS)
    def give(self, who: int, whom: int, points: int) -> None:
        if who == whom:
            return
        giver, receiver = (self.desk.lives[MEMBERS[each]] for each in (who, whom))
        made = transfer(giver.ledger, receiver.ledger, "points", points, NOW)
        purse = self.model.purses[who]
        assert (made.refused is None) == (purse.owed == 0 and purse.free >= points)
        if made.refused is None:
            giver.record(made.given, CAUSE)
            receiver.record(made.received, CAUSE)
            _ = giver.untold(), receiver.untold()
            purse.free -= points
            self.model.purses[whom].gain(points)

    @rule(data=st.data(), points=POINTS)
    def bring_back(self, data: st.DataObject, points: int) -> None:
        if not self.credits:
            return
        at = data.draw(st.integers(0, len(self.credits) - 1))
        who, lot, left = self.credits[at]
        points = min(points, left)
        if not points:
            return
        life, purse = self.desk.lives[MEMBERS[who]], self.model.purses[who]
        made = reverse(
            life.ledger, "points", points, [Credit(lot, left)], effective_at=NOW, recorded_at=NOW, policy=Shortfall.DEBT
        )
        life.record(made.movements, CAUSE)
        life.untold()
        self.credits[at] = (who, lot, left - points)
        taken = min(points, purse.free)
        purse.free -= taken
        purse.owed += points - taken
        self.model.reversed += points

    @invariant()
    def everything_is_where_the_model_has_it(self) -> None:
        for purse, member in zip(self.model.purses, MEMBERS, strict=True):
            life = self.desk.lives[member]
            assert sum(lot.free for lot in life.ledger.lots) == purse.free
            assert sum(lot.held for lot in life.ledger.lots) == purse.held
            assert life.ledger.debt("points") == purse.owed
            assert not check(life.ledger, [made.movement for made in life.made])

    @invariant()
    def no_point_is_lost_or_made(self) -> None:
        there = sum(purse.free + purse.held - purse.owed for purse in self.model.purses)
        gone = sum(
            each.points - each.back for each in self.model.spent.values() if each.state in ("redeemed", "traded")
        )
        assert there + gone + self.model.reversed == self.model.issued


def test_members_hold_redeem_give_and_return_as_the_model_says() -> None:
    run_state_machine_as_test(Members, settings=settings(max_examples=12, stateful_step_count=25, deadline=None))
