"""Redemptions as they are decided: every way that one can go, and what is refused on it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ledger.boundary import ExpiryCalendar, NaturalPeriod, Never, Period
from libs.ledger.decide import opening_movement
from libs.ledger.evolve import replay
from libs.ledger.invariants import check
from libs.ledger.model import Kind, Movement
from libs.ledger.zones import load_zone
from libs.lives.life import Life
from libs.lives.made import Cause, event_data
from services.redemption import domain
from services.redemption.domain import Changed, Redemption, Refusal, Rules
from tests.unit.ledger.build import MEMBER, credit, day, lot, move

ROME = load_zone("Europe/Rome")
QUARTERS = ExpiryCalendar(ROME, NaturalPeriod(Period.QUARTER))
RULES = Rules("acme", "main", ROME, {"points": 0, "bonus": 0, "cents": 2}, {
    "points": QUARTERS, "bonus": ExpiryCalendar(ROME, Never()), "cents": QUARTERS
})  # fmt: skip
ID = UUID(int=7)
CAUSE = Cause(ID, RULES.source, str(ID))
HOLD, GRACE = timedelta(minutes=15), timedelta(days=30)


def life_of(*journal: Movement) -> Life:
    return Life((1, 1, MEMBER), replay(MEMBER, journal))


def held(life: Life, points: int, at: float = 1) -> Redemption:
    made = domain.taken(life, ID, CAUSE, points, ["points", "bonus"], day(at), held_for=HOLD, zone=ROME)
    assert isinstance(made, Changed)
    return made.redemption


def cancel(life: Life, redemption: Redemption, points: int | None, at: float, by: domain.Doer) -> Changed | Refusal:
    return domain.cancelled(life, redemption, CAUSE, points, day(at), by=by, grace=GRACE, rules=RULES)


def code(decided: object) -> str:
    assert isinstance(decided, Refusal), decided
    return decided.code


def test_wallets_burn_in_their_order_and_only_where_they_count_alike() -> None:
    assert domain.wallets_of(RULES, None) == ["points", "bonus"]
    assert domain.wallets_of(RULES, "cents") == ["cents"]
    assert code(domain.wallets_of(RULES, "miles")) == "wallet-unknown"
    life = life_of(credit(1, 10, wallet="bonus", expires=9), credit(2, 5), credit(3, 5, expires=20))
    redemption = held(life, 12)
    assert [(each.wallet, each.lot_seq, each.amount) for each in redemption.portions] == [
        ("points", 3, 5), ("points", 2, 5), ("bonus", 1, 2)
    ]  # fmt: skip
    assert [made.movement.wallet for made in life.made] == ["points", "bonus"]


def test_a_hold_is_over_at_its_very_instant_and_is_put_off_once() -> None:
    life = life_of(credit(1, 10))
    redemption = held(life, 4)
    last = day(1) + HOLD
    assert code(domain.extended(redemption, last, HOLD)) == "hold-expired"
    assert code(domain.committed(life, redemption, CAUSE, None, last, ROME)) == "hold-expired"
    put_off = domain.extended(redemption, last - timedelta(seconds=1), HOLD)
    assert isinstance(put_off, Changed)
    assert put_off.redemption.hold_until == last + HOLD - timedelta(seconds=1)
    assert code(domain.extended(put_off.redemption, last, HOLD)) == "hold-extended"
    over = domain.released(life, put_off.redemption, CAUSE, day(2), over=True)
    assert isinstance(over, Changed)
    assert (over.redemption.state, life.made[-1].reason) == ("expired", "hold-expired")
    for late in (
        domain.extended(over.redemption, day(2), HOLD),
        domain.released(life, over.redemption, CAUSE, day(2)),
        domain.committed(life, over.redemption, CAUSE, 1, day(2), ROME),
    ):
        assert code(late) == "hold-expired"
    assert code(cancel(life, over.redemption, None, 2, "member")) == "hold-expired"


def test_what_the_member_gives_up_late_lapses_and_what_a_person_gives_back_does_not() -> None:
    """The first quarter of 2024 ends on day 91 in Rome, the second on day 182."""
    cases: list[tuple[domain.Doer, int, int]] = [("member", 6, 50), ("operator", 0, 95 + 30), ("partner", 0, 95 + 30)]
    for by, lapsed, lives_until in cases:
        life = life_of(credit(1, 6, expires=50), credit(2, 6, expires=180))
        taken = domain.taken(life, ID, CAUSE, 10, ["points"], day(1), zone=ROME)
        assert isinstance(taken, Changed)
        back = cancel(life, taken.redemption, None, 95, by)
        assert isinstance(back, Changed)
        assert (back.redemption.state, back.lapsed) == ("cancelled", lapsed)
        first, second = life.ledger.lots
        assert (first.remaining, first.expires_at) == (6 - lapsed, day(lives_until))
        assert (second.remaining, second.expires_at) == (6, day(180)), "a lot ahead of its date keeps it"
        assert {made.reason for made in life.made[1:]} == {f"cancelled-by-{by}"}
    late = life_of(credit(1, 6, expires=50))
    taken = domain.taken(late, ID, CAUSE, 6, ["points"], day(1), zone=ROME)
    assert isinstance(taken, Changed)
    assert isinstance(cancel(late, taken.redemption, None, 80, "operator"), Changed)
    assert late.ledger.lots[0].expires_at == day(91) - timedelta(hours=2), "not beyond the boundary in Rome"


def test_what_comes_back_repays_what_is_owed_first() -> None:
    life = life_of(credit(1, 10), move(2, Kind.REVERSE, "debt>reversed", 3, at=1))
    assert code(domain.taken(life, ID, CAUSE, 1, ["points"], day(2), zone=ROME)) == "in-debt"
    life = life_of(credit(1, 10))
    redemption = held(life, 8)
    life.record([move(3, Kind.REVERSE, "debt>reversed", 5, at=1)], CAUSE)
    ended = domain.committed(life, redemption, CAUSE, 2, day(1.001), ROME)
    assert isinstance(ended, Changed)
    assert life.ledger.debt("points") == 0
    assert life.ledger.lots[0].free == 10 - 2 - 5
    assert event_data(life.made[-1], "m")["debt_left"] == 0


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(2, 120)), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(("commit", "release", "cancel")), st.integers(1, 12)), max_size=6),
    st.integers(1, 20),
)
def test_a_repeat_of_any_step_is_refused_or_has_its_own_points(
    lots: list[tuple[int, int]], steps: list[tuple[str, int]], points: int
) -> None:
    """Whatever is done to a redemption, no point of it is freed, spent or given back twice, and the books are right."""
    journal = [credit(n, amount, expires=expires) for n, (amount, expires) in enumerate(lots, 1)]
    life = life_of(*journal)
    made = domain.taken(life, ID, CAUSE, points, ["points"], day(1), held_for=HOLD, zone=ROME)
    there = sum(amount for amount, _ in lots)
    if isinstance(made, Refusal):
        assert (made.code, points > there) == ("insufficient-points", True)
        return
    redemption, committed, back = made.redemption, 0, 0
    for number, (step, part) in enumerate(steps, 1):
        at = day(1) + number * timedelta(minutes=2)
        was = redemption
        if step == "commit":
            made = domain.committed(life, redemption, CAUSE, part, at, ROME)
        elif step == "release":
            made = domain.released(life, redemption, CAUSE, at)
        else:
            made = domain.cancelled(life, redemption, CAUSE, part, at, by="member", grace=GRACE, rules=RULES)
        if isinstance(made, Refusal):
            continue
        redemption = made.redemption
        committed += redemption.points if step == "commit" else 0
        back += redemption.restored - was.restored if step == "cancel" else 0
    spent = there - sum(lot.free for lot in life.ledger.lots) - sum(lot.held for lot in life.ledger.lots)
    assert spent == committed - back
    assert sum(lot.held for lot in life.ledger.lots) == (points if redemption.state == "held" else 0)
    assert sum(share.amount for share in redemption.shares) == redemption.points - redemption.restored
    assert check(life.ledger, [*journal, *[each.movement for each in life.made]]) == []


def test_what_came_from_another_member_rests_before_it_is_spent() -> None:
    came = opening_movement(lot(1, 30, earned=0, kind=Kind.TRANSFER))
    life = life_of(came, credit(2, 10))
    rest = timedelta(days=2)
    refused = domain.taken(life, ID, CAUSE, 11, ["points"], day(1), zone=ROME, rest=rest)
    assert isinstance(refused, Refusal)
    assert refused.code == "insufficient-points"
    assert domain.quoted(life.ledger, 11, ["points"], day(2), rest).refused is None
    assert domain.quoted(life.ledger, 11, ["points"], day(1), rest).spendable == 10
    taken = domain.taken(life, ID, CAUSE, 10, ["points"], day(1), zone=ROME, rest=rest)
    assert isinstance(taken, Changed)
    assert [each.lot_seq for each in taken.redemption.portions] == [2]
