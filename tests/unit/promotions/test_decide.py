"""What pays how much, and why the rest does not: one case a rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from libs.promotions.evaluation import Capped, Remainder, Use
from libs.promotions.facts import Line
from tests.unit.promotions.build import (
    BASE,
    THURSDAY,
    campaign,
    document,
    failures,
    fixed,
    judge,
    multiplier,
    receipt,
    total,
)
from tests.unit.promotions.build import points as points_of

BREAD = Line("bread", 2, 1000, "bakery", "own")
MILK = Line("milk", 3, 500, "dairy", "other", ("bio",))


def test_one_rounding_after_all_phases() -> None:
    text = document(campaign("base", BASE), campaign("half-more", multiplier(150)))
    found = judge(text, total(1999))
    assert points_of(found) == 29  # 19.99 + 9.995 = 29.985; rounding each would give 28
    assert found.remainders == (Remainder("points", 197, 200),)


@pytest.mark.parametrize(("mode", "wanted"), [("floor", 1), ("half_up", 2), ("ceil", 2)])
def test_rounding_modes(mode: str, wanted: int) -> None:
    assert points_of(judge(document(campaign("base", BASE), rounding=mode), total(150))) == wanted


def test_multipliers_add_over_the_base() -> None:
    text = document(campaign("base", BASE), campaign("a", multiplier(200)), campaign("b", multiplier(200)))
    assert points_of(judge(text, total(10_000))) == 300


def test_compounding_multiplies_what_came_before() -> None:
    text = document(
        campaign("base", BASE),
        campaign("a", multiplier(200)),
        campaign("b", multiplier(200, compounding=True)),
        campaign("gift", fixed(7)),
    )
    assert points_of(judge(text, total(10_000))) == 407


def test_a_multiplier_with_line_conditions_multiplies_the_base_of_its_lines() -> None:
    text = document(campaign("base", BASE), campaign("dairy", multiplier(300), when={"categories": ["dairy"]}))
    assert points_of(judge(text, receipt(BREAD, MILK))) == 15 + 10


def test_a_multiplier_never_multiplies_more_than_the_base() -> None:
    text = document(campaign("base", BASE), campaign("bakery", multiplier(200), when={"categories": ["bakery"]}))
    bought = receipt(BREAD, Line("milk", -1, -400, "dairy"))
    assert points_of(judge(text, bought)) == 12  # base 6 on 6.00; ten on the bakery alone would be more than that


def test_returned_lines_earn_nothing_below_zero() -> None:
    text = document(campaign("base", BASE), campaign("each", {"kind": "per_quantity", "points": 5}))
    found = judge(text, receipt(Line("bread", -1, -500)))
    assert found.grants == ()
    assert failures(found) == {"base": "nothing-earned", "each": "nothing-earned"}


def test_quantities_count_full_steps() -> None:
    text = document(campaign("each", {"kind": "per_quantity", "points": 5, "per": 2}, when={"skus": ["milk"]}))
    assert points_of(judge(text, receipt(BREAD, MILK))) == 5


def test_conditions_on_lines_must_meet_on_one_line() -> None:
    text = document(campaign("own-dairy", fixed(5), when={"categories": ["dairy"], "brands": ["own"]}))
    assert judge(text, receipt(BREAD, MILK)).grants == ()
    assert points_of(judge(text, receipt(BREAD, Line("milk", 1, 1, "dairy", "own")))) == 5


@pytest.mark.parametrize(
    ("when", "condition"),
    [
        ({"channels": ["web"], "stores": ["1"]}, "channels"),
        ({"stores": ["1"], "tiers": ["silver"]}, "tiers"),
        ({"stores": ["1"], "payments": ["cash"]}, "payments"),
        ({"stores": ["1"], "partners": ["fuel"]}, "partners"),
        ({"min_total_minor": 1501}, "min_total_minor"),
        ({"skus": ["milk"], "min_quantity": 4}, "min_quantity"),
        ({"skus": ["milk"], "min_amount_minor": 501}, "min_amount_minor"),
    ],
)
def test_a_candidate_that_fails_names_its_condition(when: dict[str, object], condition: str) -> None:
    found = judge(document(campaign("c", fixed(5), when=when)), receipt(BREAD, MILK, store="1"))
    assert (found.grants, failures(found)) == ((), {"c": condition})


def test_a_frame_is_half_open() -> None:
    frame = {"starts_at": THURSDAY, "ends_at": THURSDAY + timedelta(hours=1)}
    text = document(campaign("c", fixed(5), frame=frame, state="scheduled"))
    tick = timedelta(microseconds=1)
    at = [THURSDAY - tick, THURSDAY, THURSDAY + timedelta(hours=1) - tick, THURSDAY + timedelta(hours=1)]
    assert [points_of(judge(text, total(1), moment)) for moment in at] == [0, 5, 5, 0]


def test_hours_and_weekdays_are_local() -> None:
    frame = {"weekdays": ["fri"], "hours": {"from": "00:00", "to": "01:00"}}
    text = document(campaign("c", fixed(5), frame=frame), zone="Europe/Rome")
    assert points_of(judge(text, total(1), datetime(2017, 1, 5, 23, 30, tzinfo=UTC))) == 5
    assert failures(judge(text, total(1), datetime(2017, 1, 6, 23, 30, tzinfo=UTC))) == {"c": "weekdays"}
    assert failures(judge(text, total(1), datetime(2017, 1, 6, 0, 0, tzinfo=UTC))) == {"c": "hours"}


def test_a_window_over_midnight_belongs_to_the_evening_it_opened() -> None:
    frame = {"weekdays": ["fri"], "hours": {"from": "22:00", "to": "02:00"}}
    text = document(campaign("c", fixed(5), frame=frame))
    friday = datetime(2017, 1, 6, 22, tzinfo=UTC)
    hours = [-21, 0, 3, 4, 24]  # Friday 01:00, 22:00, Saturday 01:00, 02:00, 22:00
    found = [judge(text, total(1), friday + timedelta(hours=hour)) for hour in hours]
    assert [points_of(one) for one in found] == [0, 5, 5, 0, 0]
    assert [failures(one).get("c") for one in found] == ["weekdays", None, None, "hours", "weekdays"]


@pytest.mark.parametrize(
    ("state", "wanted"), [("live", 5), ("scheduled", 5), ("draft", 0), ("paused", 0), ("ended", 0)]
)
def test_states(state: str, wanted: int) -> None:
    assert points_of(judge(document(campaign("c", fixed(5)) | {"state": state}), total(1))) == wanted


def test_a_killed_campaign_pays_nothing_at_once() -> None:
    found = judge(document(campaign("c", fixed(5))), total(1), killed=frozenset({"c"}))
    assert (found.grants, failures(found)) == ((), {"c": "killed"})


def test_another_currency_is_not_evaluated() -> None:
    found = judge(document(campaign("c", fixed(5))) | {"currency": "EUR"}, total(1))
    assert (found.reason, found.grants, found.failed) == ("currency", (), ())


def test_absurd_points_are_refused() -> None:
    effect = {"kind": "per_amount", "points": 1_000_000, "per_minor": 1}
    found = judge(document(campaign("c", effect)), total(10**12))
    assert (found.reason, found.grants, found.uses) == ("points-out-of-range", (), ())


def test_first_takes_the_strongest() -> None:
    group = {"group": "g", "mode": "first"}
    text = document(campaign("b", fixed(5), **group), campaign("a", fixed(3), priority=1, **group), campaign("x", BASE))
    found = judge(text, total(100))
    assert found.campaigns == ("x", "a")
    assert failures(found) == {"b": "outranked-by:a"}


@pytest.mark.parametrize(("mode", "winner"), [("best", "big"), ("worst", "small")])
def test_best_and_worst_compare_amounts(mode: str, winner: str) -> None:
    group = {"group": "g", "mode": mode}
    nothing = campaign("nothing", {**BASE, "phase": "addition"}, when={"min_quantity": 0}, **group)
    text = document(campaign("small", fixed(3), **group), campaign("big", fixed(5), **group), nothing)
    assert judge(text, total(0)).campaigns == (winner,)


def test_best_looks_at_what_the_limits_leave() -> None:
    group = {"group": "g", "mode": "best"}
    limited = campaign("big", fixed(5), limits=[{"period": "ever", "points": 100}], **group)
    text = document(campaign("small", fixed(3), **group), limited)
    assert judge(text, total(1), counters={"big|ever": 97}).campaigns == ("big",)
    assert judge(text, total(1), counters={"big|ever": 98}).campaigns == ("small",)


def test_an_exclusive_campaign_pays_alone() -> None:
    text = document(
        campaign("base", BASE),
        campaign("only", fixed(50), group="g", mode="exclusive"),
        campaign("other", fixed(90), group="h", mode="exclusive", priority=-1),
    )
    found = judge(text, total(100))
    assert found.campaigns == ("only",)
    assert failures(found) == {"base": "outranked-by:only", "other": "outranked-by:only"}


def test_a_transaction_limit_cuts_and_the_amount_before_is_kept() -> None:
    text = document(campaign("c", BASE, limits=[{"period": "transaction", "points": 5}]))
    found = judge(text, total(1050))
    assert points_of(found) == 5
    assert found.capped == (Capped("c", "points", "transaction", 1050, 1050, 500),)
    assert found.uses == ()


@pytest.mark.parametrize(
    ("period", "key"), [("day", "c|2017-01-05"), ("month", "c|2017-01"), ("year", "c|2017"), ("ever", "c|ever")]
)
def test_a_shared_counter_cuts_to_whole_points_that_are_left(period: str, key: str) -> None:
    text = document(campaign("c", BASE, limits=[{"period": period, "points": 100}]))
    fits = judge(text, total(250), counters={key: 97})
    assert (points_of(fits), fits.uses, fits.capped) == (2, (Use(key, 3, 100),), ())
    cut = judge(text, total(250), counters={key: 98})
    assert (points_of(cut), cut.uses, cut.capped[0].limit) == (2, (Use(key, 2, 100),), key)
    spent = judge(text, total(250), counters={key: 100})
    assert (spent.grants, spent.paid, spent.uses, spent.capped[0].amount) == ((), (), (), 0)


def test_a_counter_beyond_its_limit_cuts_to_nothing() -> None:
    text = document(campaign("c", BASE, limits=[{"period": "ever", "points": 100}]))  # lowered after 150 were given
    found = judge(text, total(250), counters={"c|ever": 150})
    assert (found.grants, found.paid, found.uses) == ((), (), ())


def test_a_counter_day_is_local() -> None:
    text = document(campaign("c", BASE, limits=[{"period": "day", "points": 9}]), zone="Asia/Tokyo")
    assert judge(text, total(100), datetime(2017, 1, 5, 15, tzinfo=UTC)).uses == (Use("c|2017-01-06", 1, 9),)


def test_a_limit_per_member_counts_each_member() -> None:
    text = document(campaign("c", BASE, limits=[{"scope": "member", "period": "month", "points": 9}]))
    key = "c|2017-01|00000000-0000-0000-0000-000000000007"
    assert judge(text, total(2000), counters={key: 4}).uses == (Use(key, 5, 9),)
    assert judge(text, total(2000), member=None).uses == ()


def test_fractions_of_a_wallet_are_shared_by_campaigns_but_not_by_wallets() -> None:
    wallets = [{"name": name, "expiry": {"kind": "never"}} for name in ("points", "stars")]
    text = document(
        campaign("a", BASE),
        campaign("b", {**BASE, "phase": "addition"}),
        campaign("c", {**BASE, "wallet": "stars"}),
        wallets=wallets,
    )
    assert [(grant.wallet, grant.points) for grant in judge(text, total(150)).grants] == [("points", 3), ("stars", 1)]


def test_five_thousand_lines() -> None:
    lines = [Line(f"sku-{number}", 1, 100, "bakery" if number % 2 else "dairy") for number in range(5000)]
    text = document(campaign("base", BASE), campaign("dairy", multiplier(200), when={"categories": ["dairy"]}))
    assert points_of(judge(text, receipt(*lines))) == 7500
