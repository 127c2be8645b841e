"""Members spend each other's points, and get them back: a state machine against sums, and what decides who may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pydantic import ValidationError

from libs.contracts.redemption import RedemptionView
from libs.households import membership
from libs.households.membership import No, Roster, Seat
from libs.households.sharing import NO_USES, Household, Pool, Root, Uses
from libs.ledger.decide import decide_credit, opening_movement
from libs.ledger.invariants import check
from libs.ledger.model import Debt, MemberLedger
from libs.ledger.together import pooled
from libs.lives.life import Life
from libs.lives.made import Cause
from libs.promotions.households import HouseholdTerms, Role
from services.redemption.households.pool import pool_of
from tests.support.households import HOUSEHOLD_ID, SharingCounter, rules_with
from tests.support.spending import NOW, asked, commands

OWNER, ADULT, CHILD = [UUID(int=number) for number in (33, 31, 32)]
MEMBERS = (OWNER, ADULT, CHILD)
ROLES: Mapping[UUID, Role] = {OWNER: "owner", ADULT: "adult", CHILD: "child"}
WHO = st.sampled_from(MEMBERS)
POINTS = st.integers(1, 60)
CAUSE = Cause(UUID(int=1), "/test", "1")
MOST = 70
"""What the owner or the adult may spend of others in a month."""


class Lot:
    """A lot of the model: whose, when it lapses, what is left; `gone` of it went to others and has not come back."""

    def __init__(self, owner: UUID, amount: int, days: int) -> None:
        self.owner, self.amount, self.days = owner, amount, days
        self.left, self.gone = amount, 0


class Spent:
    """A redemption of the model: what it took, piece by piece in order, and how many of these came back."""

    def __init__(self, who: UUID, state: str, pieces: list[Lot]) -> None:
        self.who, self.state, self.pieces = who, state, pieces
        self.taken = len(pieces)


class Sharing(RuleBasedStateMachine):
    """A point is a piece of its own in the model: taken one by one from what lapses first, given back one by one."""

    percent: int | None = None

    def __init__(self) -> None:
        super().__init__()
        lives = {member: Life((1, 1, member), MemberLedger(member)) for member in MEMBERS}
        terms: dict[str, Any] = {"limits": [{"period": "month", "points": MOST, "roles": ["owner", "adult"]}]}
        if self.percent is not None:
            terms |= {"mode": "percentage", "percent": self.percent}
        self.desk = SharingCounter(lives, rules_with(**terms), Household(HOUSEHOLD_ID, ROLES))
        self.lots: list[Lot] = []
        self.spent: dict[str, Spent] = {}
        self.number = 0

    def send(self, who: UUID, operation: str, **data: Any) -> bool:
        """Ask; return whether it was done."""
        self.number += 1
        name = f"e-{self.number}"
        data.setdefault("key", name)
        return not self.desk.batch(NOW, commands(asked(name, who, operation, **data))).outcomes["refused"]

    def used(self, who: UUID) -> int:
        """What a member has of others now."""
        return sum(piece.owner != who for each in self.spent.values() if each.who == who for piece in each.pieces)

    @rule(who=WHO, points=POINTS, days=st.integers(1, 4))
    def credit(self, who: UUID, points: int, days: int) -> None:
        life = self.desk.lives[who]
        lot = decide_credit(
            life.ledger.seq, "points", points, earned_at=NOW, recorded_at=NOW, active_from=NOW,
            expires_at=NOW + timedelta(days=days), policy_version=1,
        )  # fmt: skip
        life.record([opening_movement(lot)], CAUSE)
        life.untold()
        self.lots.append(Lot(who, points, days))

    @rule(who=WHO, points=st.integers(1, 150), hold=st.booleans(), together=st.booleans())
    def begin(self, who: UUID, points: int, hold: bool, together: bool) -> None:
        pieces: list[Lot] = []
        of_others = MOST - self.used(who) if together and who != CHILD else 0
        order = sorted(self.lots, key=lambda lot: (lot.days, lot.owner != who, lot.owner, self.lots.index(lot)))
        for lot in order:
            may = lot.left
            if lot.owner != who:
                share = lot.amount if self.percent is None else lot.amount * self.percent // 100
                may = max(0, min(may, share - lot.gone, of_others))
            take = min(may, points - len(pieces))
            of_others -= take * (lot.owner != who)
            pieces += [lot] * take
        key = f"k-{self.number}"
        done = self.send(who, "hold" if hold else "redeem", points=points, key=key, household=together)
        assert done == (len(pieces) == points)
        if done:
            for lot in pieces:
                lot.left -= 1
                lot.gone += lot.owner != who
            self.spent[key] = Spent(who, "held" if hold else "redeemed", pieces)

    @rule(data=st.data(), operation=st.sampled_from(["commit", "release", "cancel"]), points=st.none() | POINTS)
    def go_on(self, data: st.DataObject, operation: str, points: int | None) -> None:
        if not self.spent:
            return
        key = data.draw(st.sampled_from(sorted(self.spent)))
        one = self.spent[key]
        part = {} if points is None or operation == "release" else {"points": points}
        wanted = part.get("points", len(one.pieces))
        fits = one.state == ("redeemed" if operation == "cancel" else "held") and 0 < wanted <= len(one.pieces)
        assert self.send(one.who, operation, begun_under=key, **part) == fits
        if not fits:
            return
        keep = {"commit": wanted, "release": 0, "cancel": len(one.pieces) - wanted}[operation]
        for lot in one.pieces[keep:]:
            lot.left += 1
            lot.gone -= lot.owner != one.who
        one.pieces = one.pieces[:keep]
        one.state = "released" if operation == "release" else "redeemed" if one.pieces else "cancelled"

    @invariant()
    def every_lot_has_what_the_model_says(self) -> None:
        for member in MEMBERS:
            life = self.desk.lives[member]
            mine = [lot for lot in self.lots if lot.owner == member]
            assert [lot.free for lot in life.ledger.lots] == [lot.left for lot in mine]
            assert not check(life.ledger, [made.movement for made in life.made])


class SharingInPart(Sharing):
    """Of each lot a third, rounded down, goes to others at most."""

    percent = 33


@pytest.mark.parametrize("machine", [Sharing, SharingInPart])
def test_members_spend_each_others_points_as_the_model_says(machine: type[Sharing]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=10, stateful_step_count=20, deadline=None))


def _desk(**terms: Any) -> SharingCounter:
    lives = {member: Life((1, 1, member), MemberLedger(member)) for member in MEMBERS}
    for member, points, days in ((OWNER, 50, 9), (ADULT, 100, 5)):
        life = lives[member]
        lot = decide_credit(
            0, "points", points, earned_at=NOW, recorded_at=NOW, active_from=NOW,
            expires_at=NOW + timedelta(days=days), policy_version=1,
        )  # fmt: skip
        life.record([opening_movement(lot)], CAUSE)
        life.untold()
    return SharingCounter(lives, rules_with(**terms), Household(HOUSEHOLD_ID, ROLES))


def test_an_answer_names_each_lot_and_its_owner() -> None:
    desk = _desk()
    decided = desk.batch(NOW, commands(asked("1", OWNER, "redeem", points=120, household=True)))
    (known,) = decided.answers.values()
    lots = RedemptionView.model_validate_json(known.answer).lots
    assert [(each.owner_id, each.lot, each.points) for each in lots] == [(ADULT, 1, 100), (None, 1, 20)]


@pytest.mark.parametrize(
    ("who", "points", "terms", "code"),
    [
        (CHILD, 10, {}, "household-limit"),
        (OWNER, 151, {}, "insufficient-points"),
        (OWNER, 71, {"limits": [{"period": "day", "points": 20}]}, "household-limit"),
        (OWNER, 51, {"mode": "own"}, "insufficient-points"),
        (OWNER, 51, {"wallets": ["stars"]}, "insufficient-points"),
    ],
)
def test_why_points_of_others_are_not_spent(who: UUID, points: int, terms: dict[str, Any], code: str) -> None:
    decided = _desk(**terms).batch(NOW, commands(asked("1", who, "redeem", points=points, household=True)))
    ((event,),) = decided.events
    assert f'"code":"{code}"'.encode() in event.value


def test_limits_count_what_is_taken_in_one_batch_and_what_came_back() -> None:
    desk = _desk(limits=[{"period": "month", "points": 80}])
    made = desk.batch(
        NOW,
        commands(
            asked("1", OWNER, "redeem", points=70, household=True, key="a"),
            asked("2", OWNER, "redeem", points=70, household=True),
            asked("3", OWNER, "cancel", begun_under="a"),
            asked("4", OWNER, "redeem", points=80, household=True),
        ),
    )
    assert made.outcomes == {"redeem": 2, "refused": 1, "cancel": 1}


@pytest.mark.parametrize("debt", [Debt("points", 1, NOW), Debt("points", 0, NOW, lent=1, share=50, due_at=NOW)])
def test_nobody_gives_from_a_wallet_in_which_they_owe_or_were_lent_something(debt: Debt) -> None:
    lot = decide_credit(
        0, "points", 5, earned_at=NOW, recorded_at=NOW, active_from=NOW, expires_at=None, policy_version=1
    )
    owing = MemberLedger(ADULT, 1, (lot,), (debt,))
    assert pooled(MemberLedger(OWNER), [owing], ["points"], NOW, lambda _, each: each.amount).offered == {}


LATER = datetime(2024, 1, 3, tzinfo=UTC)
TERMS = HouseholdTerms(most_members=3, invitation_days=7)


def _made(roster: Roster | No) -> Roster:
    assert isinstance(roster, Roster)
    return roster


def _family() -> Roster:
    roster = membership.founded(HOUSEHOLD_ID, OWNER, NOW)
    for member in (ADULT, CHILD):
        roster = _made(membership.invited(roster, OWNER, member, ROLES[member], NOW, TERMS))
        assert roster.seat(member, "joined") is None, "nobody belongs to it without their word"
        roster = _made(membership.answered(roster, member, LATER, TERMS, accept=True))
    return roster


def _states(roster: Roster) -> dict[UUID, tuple[str, str]]:
    return {seat.member_id: (seat.role, seat.state) for seat in roster.seats}


def test_only_owners_ask_members_in_and_no_more_than_fit() -> None:
    family = _family()
    assert membership.invited(family, ADULT, UUID(int=34), "adult", NOW, TERMS) == membership.NOT_ALLOWED
    assert membership.invited(family, OWNER, UUID(int=34), "adult", NOW, TERMS) == membership.FULL
    assert membership.invited(family, OWNER, ADULT, "adult", NOW, TERMS) == membership.ALREADY
    assert membership.answered(family, UUID(int=34), NOW, TERMS, accept=True) == membership.NOT_INVITED


def test_an_invitation_lapses_and_may_be_made_again() -> None:
    roster = _made(membership.invited(membership.founded(HOUSEHOLD_ID, OWNER, NOW), OWNER, ADULT, "adult", NOW, TERMS))
    late = NOW + timedelta(days=7)
    assert membership.answered(roster, ADULT, late, TERMS, accept=True) == membership.NOT_INVITED
    again = _made(membership.invited(roster, OWNER, ADULT, "adult", late, TERMS))
    assert [(was and was.state, now.state) for was, now in membership.changes(roster, again)] == [
        ("invited", "withdrawn"),
        (None, "invited"),
    ]
    assert _made(membership.answered(again, ADULT, late, TERMS, accept=True)).seat(ADULT, "joined")


def test_who_leaves_goes_and_an_adult_takes_the_place_of_the_owner() -> None:
    family = _family()
    after = _made(membership.departed(family, OWNER, OWNER, LATER))
    assert _states(after) == {OWNER: ("owner", "left"), ADULT: ("owner", "joined"), CHILD: ("child", "joined")}
    assert _made(membership.departed(family, OWNER, CHILD, LATER)).seat(CHILD, "removed")
    assert membership.departed(family, CHILD, ADULT, LATER) == membership.NOT_ALLOWED
    alone = _made(membership.departed(after, ADULT, ADULT, LATER))
    assert alone.dissolved_at == LATER
    assert _states(alone)[CHILD] == ("child", "dissolved")
    assert membership.departed(alone, CHILD, CHILD, LATER) == membership.OVER


def test_a_household_keeps_an_owner() -> None:
    family = _family()
    assert membership.role_changed(family, OWNER, OWNER, "adult") == membership.NEEDS_OWNER
    both = _made(membership.role_changed(family, OWNER, ADULT, "owner"))
    assert _states(_made(membership.role_changed(both, None, OWNER, "adult")))[OWNER] == ("adult", "joined")


def test_a_merged_member_keeps_the_seat() -> None:
    seat = Seat(UUID(int=40), "adult", "joined", NOW, ADULT, OWNER, NOW)
    roster = Roster(HOUSEHOLD_ID, NOW, (*membership.founded(HOUSEHOLD_ID, OWNER, NOW).seats, seat))
    (change,) = membership.changes(roster, _made(membership.departed(roster, UUID(int=40), UUID(int=40), LATER)))
    assert (change[1].named, change[1].state) == (ADULT, "left")


def test_of_two_who_were_merged_both_seats_end() -> None:
    """Else whoever goes would stay by the seat of whom they were."""
    seats = [
        Seat(OWNER, "owner", "joined", NOW, ADULT, None, NOW),
        Seat(OWNER, "adult", "joined", NOW, OWNER, None, NOW),
    ]
    stays = Seat(CHILD, "adult", "joined", NOW, CHILD, OWNER, NOW)
    after = _made(membership.departed(Roster(HOUSEHOLD_ID, NOW, (*seats, stays)), OWNER, OWNER, LATER))
    assert [seat.member_id for seat in after.joined] == [CHILD]
    assert after.joined[0].role == "owner"


@pytest.mark.parametrize("terms", [{"mode": "percentage"}, {"percent": 50}])
def test_a_percentage_is_said_where_it_holds(terms: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="how much of each lot"):
        HouseholdTerms.model_validate(terms)


@pytest.mark.parametrize(("taken", "offered"), [(0, 50), (30, 20), (50, 0), (60, 0)])
def test_lots_that_came_by_merges_have_the_share_of_the_lot_that_they_were(taken: int, offered: int) -> None:
    """Of 100 points 70 are left, in two lots, since some came back after the merge; a third lot was never merged."""
    lots = [
        decide_credit(
            seq - 1, "points", amount, earned_at=NOW, recorded_at=NOW, active_from=NOW, expires_at=None,
            policy_version=1,
        )
        for seq, amount in ((1, 40), (2, 30), (3, 10))
    ]  # fmt: skip
    was = Root((UUID(int=77), 5), 100)
    uses = Uses({was.lot: taken}, roots={was.lot: was, (ADULT, 1): was, (ADULT, 2): was})
    terms = HouseholdTerms.model_validate({"mode": "percentage", "percent": 50})
    pool = Pool(Household(HOUSEHOLD_ID, ROLES), OWNER, terms, ZoneInfo("UTC"), timedelta(0), uses, NOW)
    common = pool.common(MemberLedger(OWNER), {ADULT: MemberLedger(ADULT, 3, tuple(lots))}, ["points"])
    assert sum(common.offered.values()) == offered + 5


def test_nothing_of_who_is_blocked_is_spent_by_others() -> None:
    household = Household(HOUSEHOLD_ID, ROLES)
    rules = msgspec.structs.replace(rules_with(), blocked=frozenset([CHILD]))
    pool = pool_of(household, ADULT, rules, NO_USES, NOW)
    assert isinstance(pool, Pool)
    assert set(pool.household.roles) == {OWNER, ADULT}
