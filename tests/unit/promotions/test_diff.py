"""What differs between two programmes: enough to make the one of the other, and nothing more."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.promotions.diff import NAMED, Change, compare, content, same
from libs.promotions.document import parse_programme
from libs.promotions.programme import Programme
from tests.unit.promotions.build import BASE, campaign, document, fixed, multiplier
from tests.unit.promotions.strategies import documents

programmes = documents().map(parse_programme)
WALLETS = [
    {"name": "points", "expiry": {"kind": "never"}},
    {"name": "coins", "expiry": {"kind": "natural", "period": "year"}},
]


def programme(*campaigns: dict[str, Any], **rest: Any) -> Programme:
    return parse_programme(document(*campaigns, **rest))


def patched(old: dict[str, Any], changes: tuple[Change, ...]) -> dict[str, Any]:
    """Make of a document what its changes say, the slow way: name by name."""
    tree: dict[str, Any] = {
        key: {part[NAMED[key]]: part for part in value} if key in NAMED else value for key, value in old.items()
    }
    for change in changes:
        if change.path in NAMED:
            continue  # their order, which names do not have
        steps = change.path.replace("]", "").replace("[", ".").split(".")
        here = tree
        for step in steps[:-1]:
            here[step] = dict(here.get(step, {}))
            here = here[step]
        if change.what == "removed":
            assert here.pop(steps[-1]) == change.old
        else:
            assert (steps[-1] in here) == (change.what == "changed")
            assert here.get(steps[-1]) == change.old
            here[steps[-1]] = change.new
    return tree


def by_name(told: dict[str, Any]) -> dict[str, Any]:
    return {key: {part[NAMED[key]]: part for part in value} if key in NAMED else value for key, value in told.items()}


@settings(max_examples=50)
@given(old=programmes, new=programmes)
def test_the_changes_make_the_new_of_the_old(old: Programme, new: Programme) -> None:
    assert patched(content(old), compare(old, new)) == by_name(content(new))
    assert same(old, new) == (by_name(content(old)) == by_name(content(new)))


@settings(max_examples=50)
@given(one=programmes, seed=st.randoms())
def test_a_version_and_the_order_of_campaigns_are_no_change(one: Programme, seed: Any) -> None:
    turned = list(one.campaigns)
    seed.shuffle(turned)
    assert compare(one, one.model_copy(update={"version": 9, "campaigns": tuple(turned)})) == ()


def test_a_change_names_field_and_values() -> None:
    old = programme(campaign("a", BASE), campaign("b", fixed(1)), campaign("d", fixed(5)))
    new = programme(campaign("c", fixed(3)), campaign("b", fixed(2)), campaign("d", multiplier(150)), rounding="ceil")
    found = {change.path: (change.what, change.old, change.new) for change in compare(old, new)}
    assert found["rounding"] == ("changed", "floor", "ceil")
    assert found["campaigns[b].effect.points"] == ("changed", 1, 2)
    assert found["campaigns[d].effect"][0] == "changed", "another kind of effect is one change, not a field or two"
    assert [found[f"campaigns[{name}]"][0] for name in "ac"] == ["removed", "added"]
    assert len(found) == 5


def test_another_first_wallet_is_a_change_and_another_second_is_none() -> None:
    old = programme(campaign("a", fixed(1) | {"wallet": "coins"}), wallets=WALLETS)
    new = programme(campaign("a", fixed(1) | {"wallet": "coins"}), wallets=WALLETS[::-1])
    assert compare(old, new) == (Change("wallets", "changed", ["points", "coins"], ["coins", "points"]),)
    more = [*WALLETS, {"name": "stars", "expiry": {"kind": "never"}}]
    assert [change.path for change in compare(old, programme(*content(old)["campaigns"], wallets=more))] == [
        "wallets[stars]"
    ]


def test_all_of_the_first_version_is_new() -> None:
    assert {change.what for change in compare(None, programme(campaign("a", fixed(1))))} == {"added"}
