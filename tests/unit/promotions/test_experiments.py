"""Experiments: who is in which arm, what the document refuses, and how a decision tells of it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import libs.promotions
from libs.history.needs import needs_of
from libs.programmes.consequences import consequences
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.describe import describe_rules
from libs.promotions.diff import compare
from libs.promotions.document import ProgrammeInvalid, parse_programme, parse_programme_yaml
from libs.promotions.experiments import Arm, Experiment, place_of
from libs.promotions.explain import explain, why_not
from libs.promotions.facts import Line, MemberFacts, Receipt
from libs.promotions.hints import find_hints

EXAMPLE = Path(libs.promotions.__file__).parent / "examples/library/experiment.yaml"
SATURDAY = datetime(2024, 5, 11, 10, tzinfo=UTC)
BASKET = Receipt("EUR", 3_000, (Line("rice", 1, 3_000),))
IN_DOUBLE, IN_VOUCHER, IN_CONTROL = (MemberFacts(UUID(int=number)) for number in (1, 3, 7))
EVEN = (Arm(name="control", per_mille=500), Arm(name="more", per_mille=500))


@pytest.fixture(scope="module")
def programme() -> CompiledProgramme:
    return compile_programme(parse_programme_yaml(EXAMPLE.read_text(encoding="utf-8")))


def test_a_place_is_what_it_always_was() -> None:
    """Whoever changes this moves every member of every experiment into another arm."""
    found = [place_of(name, UUID(int=number)) for name in ("double-weekend", "coffee-voucher") for number in (1, 2, 3)]
    assert found == [506, 469, 963, 956, 548, 389]


def test_shares_are_kept_and_experiments_are_independent() -> None:
    members = [UUID(int=number << 64 | number) for number in range(8_000)]
    first, second = (Experiment(name=name, arms=EVEN, first_day=date(2024, 1, 1)) for name in ("first", "second"))
    cells = Counter((first.arm_of(one), second.arm_of(one)) for one in members)
    assert len(cells) == 4
    assert all(abs(count - 2_000) < 200 for count in cells.values())  # five times the deviation that chance gives


@given(st.lists(st.integers(1, 300), min_size=2, max_size=3), st.uuids())
def test_every_member_is_in_the_arm_that_holds_their_place(shares: list[int], member: UUID) -> None:
    shares = [*shares, 1_000 - sum(shares)]
    names = ["control", *[f"arm-{number}" for number in range(1, len(shares))]]
    arms = tuple(Arm(name=name, per_mille=share) for name, share in zip(names, shares, strict=True))
    experiment = Experiment(name="any", arms=arms, first_day=date(2024, 1, 1))
    borders = [0, *experiment.ends]
    place = place_of("any", member)
    (arm,) = [names[at] for at, (low, high) in enumerate(pairwise(borders)) if low <= place < high]
    assert experiment.arm_of(member) == arm


def test_the_explanation_names_the_arm(programme: CompiledProgramme) -> None:
    told = [explain(evaluate(programme, BASKET, who, SATURDAY, {}), BASKET, programme, who, SATURDAY)["experiments"]
            for who in (IN_DOUBLE, IN_VOUCHER, IN_CONTROL)]  # fmt: skip
    assert [[(one["experiment"], one["arm"]) for one in each] for each in told] == [
        [("double-weekend", "double")],
        [("double-weekend", "voucher")],
        [("double-weekend", "control")],
    ]
    found = evaluate(programme, BASKET, IN_CONTROL, SATURDAY, {})
    words = {one["campaign"]: one["words"] for one in explain(found, BASKET, programme, IN_CONTROL)["not_paid"]}
    assert words["double-points"] == (
        "it is being tried out, and the control group of 'double-weekend', drawn by lot, goes without"
    )
    german = explain(found, BASKET, programme, IN_CONTROL, language="de")
    assert "ausgeloste Vergleichsgruppe" in german["not_paid"][0]["words"]
    assert "ausgelosten Vergleichsgruppe" in german["experiments"][0]["words"]


def test_a_weekday_has_no_experiment_in_it(programme: CompiledProgramme) -> None:
    monday = datetime(2024, 5, 13, 10, tzinfo=UTC)
    small = Receipt("EUR", 100, (Line("rice", 1, 100),))
    quiet = evaluate(programme, small, IN_DOUBLE, monday, {})
    assert {one.condition for one in quiet.failed} <= {"weekdays", "min_total_minor"}
    assert why_not("double-points", programme, BASKET, IN_CONTROL, SATURDAY) == "experiment:double-weekend:control"


def test_without_a_member_nothing_is_drawn(programme: CompiledProgramme) -> None:
    found = evaluate(programme, BASKET, None, SATURDAY, {})
    assert [(one.wallet, one.points) for one in found.grants] == [("points", 30)]
    assert {one.condition for one in found.failed} == {"experiment:double-weekend"}
    told = explain(found, BASKET, programme, None, SATURDAY)
    assert told["experiments"] == []
    assert "no member is known here" in told["not_paid"][0]["words"]


def test_nobody_is_promised_what_the_lot_keeps_from_them(programme: CompiledProgramme) -> None:
    small = Receipt("EUR", 1_900, (Line("rice", 1, 1_900),))

    def hinted(member: MemberFacts) -> set[str]:
        found = evaluate(programme, small, member, SATURDAY, {})
        return {hint.campaign for hint in find_hints(programme, small, member, SATURDAY, {}, found)}

    assert [hinted(one) for one in (IN_VOUCHER, IN_DOUBLE, IN_CONTROL)] == [{"weekend-voucher"}, set(), set()]


def test_the_rules_say_that_it_is_a_trial(programme: CompiledProgramme) -> None:
    sentences = {rule.campaign: rule.sentence for rule in describe_rules(programme, SATURDAY).rules}
    assert "for 35 % of the members, drawn by lot, while it is being tried out" in sentences["double-points"]
    assert "drawn by lot" not in sentences["base"]


def test_an_experiment_has_days_counted_and_nothing_loaded(programme: CompiledProgramme) -> None:
    needs = needs_of(programme.source)
    assert needs is not None
    assert needs.windows == ()
    assert needs_of(programme.source.model_copy(update={"experiments": (), "campaigns": ()})) is None


def test_what_was_stored_without_experiments_keeps_its_form(programme: CompiledProgramme) -> None:
    plain = programme.source.model_copy(update={"experiments": (), "campaigns": programme.source.campaigns[:1]})
    assert "experiment" not in plain.model_dump_json()


def test_a_plan_says_that_another_split_moves_members(programme: CompiledProgramme) -> None:
    source = programme.source
    without = source.model_copy(update={"experiments": (), "campaigns": source.campaigns[:1]})
    (experiment,) = source.experiments
    halves = experiment.model_copy(update={"arms": EVEN})
    other = source.model_copy(update={"experiments": (halves,), "campaigns": source.campaigns[:1]})
    told = [
        [line for line in consequences(old, new, SATURDAY) if line.startswith("Experiment")]
        for old, new in ((without, source), (source, other), (source, without), (source, source))
    ]
    assert [[line.split(":")[0] for line in each] for each in told] == [
        ["Experiment double-weekend is new"],
        ["Experiment double-weekend has other arms"],
        ["Experiment double-weekend is gone"],
        [],
    ]
    assert "control 30 %, double 35 %, voucher 35 %" in told[0][0]
    assert [change.path for change in compare(source, other)][-1].startswith("experiments[double-weekend]")


def test_a_plan_says_when_earlier_days_do_not_count_yet(programme: CompiledProgramme) -> None:
    source = programme.source
    without = source.model_copy(update={"experiments": (), "campaigns": source.campaigns[:1]})
    told = [
        any("pointstream db rebuild --history" in line for line in consequences(old, new, SATURDAY))
        for old, new in ((without, source), (source, source), (source, without), (None, source))
    ]
    assert told == [True, False, False, False]


ARMS: list[dict[str, Any]] = [{"name": "control", "per_mille": 500}, {"name": "more", "per_mille": 500}]


@pytest.mark.parametrize(
    ("experiment", "trial", "path"),
    [
        (
            {"arms": [{"name": "more", "per_mille": 500}, {"name": "most", "per_mille": 500}]},
            None,
            "experiments[0].arms",
        ),
        ({"arms": [*ARMS[:1], {"name": "more", "per_mille": 499}]}, None, "experiments[0].arms"),
        ({"arms": [ARMS[0], ARMS[0]]}, None, "experiments[0].arms[1].name"),
        ({"last_day": "2024-01-31"}, None, "experiments[0].last_day"),
        ({}, {"name": "other", "arms": ["more"]}, "campaigns[0].experiment.name"),
        ({}, {"name": "try", "arms": ["most"]}, "campaigns[0].experiment.arms[0]"),
        ({}, {"name": "try", "arms": ["control"]}, "campaigns[0].experiment.arms[0]"),
        ({}, {"name": "try", "arms": ["more", "more"]}, "campaigns[0].experiment.arms[1]"),
    ],
)
def test_what_makes_no_experiment_is_refused(
    experiment: dict[str, Any], trial: dict[str, Any] | None, path: str
) -> None:
    campaign: dict[str, Any] = {"id": "base", "name": "Base", "state": "live", "effect": {"kind": "fixed", "points": 1}}
    document = {
        "version": 1,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
        "experiments": [{"name": "try", "first_day": "2024-02-01", "arms": ARMS, **experiment}],
        "campaigns": [campaign if trial is None else campaign | {"experiment": trial}],
    }
    with pytest.raises(ProgrammeInvalid) as refused:
        parse_programme(document)
    assert [error.path for error in refused.value.errors] == [path]
