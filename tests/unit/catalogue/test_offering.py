"""What a reward costs whoever asks, and why somebody can't have it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs import catalogue
from libs.catalogue.exchange import COLUMNS, plain, read_csv, read_json, reward_row, safe, write_csv
from libs.catalogue.facts import Asking, MemberFacts, Supply
from libs.catalogue.limits import began_at, period_name
from libs.catalogue.offering import Offer, offer
from libs.catalogue.pricing import price_of
from libs.catalogue.ranking import BECAUSE, in_order, proposed
from libs.catalogue.reasons import REASONS
from libs.catalogue.reward import PricePlan, Reward, RewardInvalid, Sliding, parse_reward, reward_schema
from tests.support.rewards import WHAT, reward_of

NOW = datetime(2024, 3, 2, 10, tzinfo=UTC)  # a Saturday, 11:00 in Rome
ROME = ZoneInfo("Europe/Rome")
RICH = MemberFacts(spendable={"": 1_000, "points": 1_000})


def offered(
    facts: MemberFacts = RICH, asking: Asking | None = None, supply: Supply | None = None, now: datetime = NOW,
    **fields: Any,
) -> Offer:  # fmt: skip
    return offer(reward_of("merchandise", **fields), facts, asking or Asking(), supply or Supply(), now, ROME)


def codes(found: Offer) -> list[str]:
    return [reason.code for reason in found.reasons]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"state": "draft"}, "not-live"),
        ({"visible": {"from": "2024-03-03T00:00:00Z"}}, "not-live"),
        ({"available": {"window": {"from": "2024-03-03T00:00:00Z"}}}, "not-available-yet"),
        ({"available": {"window": {"to": "2024-03-02T10:00:00Z"}}}, "no-longer-available"),
        ({"available": {"weekdays": ["sun"]}}, "closed-now"),
        ({"available": {"hours": {"from": "11:01", "to": "12:00"}}}, "closed-now"),
        ({"audience": {"tiers": ["gold"]}}, "tier"),
        ({"audience": {"segments": ["regulars"]}}, "segment"),
        ({"audience": {"lists": ["invited"]}}, "list"),
        ({"audience": {"stores": ["99"]}}, "store"),
        ({"audience": {"partners": ["baths"]}}, "partner"),
        ({"audience": {"countries": ["FR"]}}, "country"),
        ({"stock": "by_store"}, None),
        ({"prices": [{"name": "gold", "points": 1, "tiers": ["gold"]}]}, "no-price"),
        ({"prices": [{"name": "dear", "points": 1_001}]}, "insufficient-points"),
        ({"per_member": [{"most": 1, "per": "month"}]}, "member-limit"),
        ({"in_total": {"most": 5}}, "total-limit"),
    ],
)
def test_each_bar_has_its_reason(fields: dict[str, Any], reason: str | None) -> None:
    asking = Asking(store="12", partner="rails", country="DE")
    supply = Supply(left=1 if "stock" in fields else None, used=5, used_by_member=(1,))
    assert codes(offered(asking=asking, supply=supply, **fields)) == ([] if reason is None else [reason])


def test_all_reasons_are_told_and_not_the_first_alone() -> None:
    poor = MemberFacts(spendable={"": 40}, owing=True)
    found = offered(poor, supply=Supply(left=0), audience={"tiers": ["gold"]}, stock="global")
    assert codes(found) == ["tier", "sold-out", "insufficient-points", "in-debt"]
    assert found.missing == 60
    assert [reason.words("de") for reason in found.reasons][2] == "Es fehlen 60 Punkte."
    assert codes(offered(stock="by_store")) == ["store-needed"]
    assert REASONS.faults() == BECAUSE.faults() == []


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opened() -> None:
    times = {"weekdays": ["sat"], "hours": {"from": "22:00", "to": "02:00"}}
    for hour, opened in ((20, False), (21, True), (24, True), (25, False)):
        at = datetime(2024, 3, 2, tzinfo=UTC) + timedelta(hours=hour)
        assert offered(now=at, available=times).in_reach is opened, hour
    assert not offered(now=datetime(2024, 3, 1, 23, 30, tzinfo=UTC), available=times).in_reach


def test_a_plan_counts_for_its_channel_tier_segment_and_time() -> None:
    prices = [
        {"name": "standard", "points": 300},
        {"name": "app", "points": 250, "channels": ["app"]},
        {"name": "gold", "points": 200, "tiers": ["status/gold"]},
        {"name": "today", "points": 100, "window": {"to": "2024-03-03T00:00:00Z"}},
        {"name": "cash", "points": 0, "money_minor": 2_500, "currency": "EUR", "segments": ["staff"]},
    ]
    gold = MemberFacts(tiers=frozenset({"status/gold", "gold"}), spendable={"": 1_000})

    def plans(facts: MemberFacts, channel: str | None, now: datetime) -> list[str]:
        return [each.plan for each in offered(facts, Asking(channel), now=now, prices=prices).prices]

    assert plans(gold, "app", NOW) == ["today", "gold", "app", "standard"]
    assert plans(RICH, "till", NOW + timedelta(days=2)) == ["standard"]
    chosen = offered(gold, Asking(plan="gold", quantity=3), prices=prices).price
    assert chosen is not None
    assert (chosen.plan, chosen.points) == ("gold", 600)
    assert codes(offered(RICH, Asking(plan="gold"), prices=prices)) == ["plan-unknown"]


@given(
    full=st.integers(0, 500), steps=st.integers(0, 20), step=st.integers(1, 30), quantity=st.integers(1, 9),
    of=st.integers(1, 200), minor=st.integers(1, 500), chosen=st.integers(0, 600),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_a_sliding_price_is_whole_and_never_cheaper_than_it_says(
    full: int, steps: int, step: int, quantity: int, of: int, minor: int, chosen: int
) -> None:
    least = max(full - steps * step, full % step)
    slide = Sliding(least=least, step=step, points=of, minor=minor)
    plan = PricePlan(name="slide", points=full, sliding=slide, currency="EUR")
    found = price_of(plan, quantity, chosen)
    if not least <= chosen <= full or (chosen - least) % step:
        assert found is None
        return
    assert found is not None
    assert found.points == chosen * quantity
    each = found.money_minor // quantity
    assert found.money_minor == each * quantity
    assert each * of >= (full - chosen) * minor > (each - 1) * of or (full == chosen and each == 0)


@given(had=st.integers(0, 6), used=st.integers(0, 12), left=st.integers(0, 6), quantity=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_limits_and_stock_let_exactly_so_many_through(had: int, used: int, left: int, quantity: int) -> None:
    found = offered(
        MemberFacts(spendable={"": 10_000}),
        Asking(quantity=quantity),
        Supply(left, used, (had,)),
        stock="global",
        per_member=[{"most": 5}],
        in_total={"most": 10, "per": "day"},
    )
    assert found.in_reach == (had + quantity <= 5 and used + quantity <= 10 and quantity <= left)


def test_periods_are_those_of_the_programmes_calendar() -> None:
    late = datetime(2024, 3, 31, 22, 30, tzinfo=UTC)  # the first of April in Rome
    day = late.astimezone(ROME).date()
    names = [period_name(each, day) for each in ("day", "week", "month", "quarter", "year", "ever")]
    assert names == ["2024-04-01", "2024-W14", "2024-04", "2024-Q2", "2024", "ever"]
    assert began_at("quarter", late, ROME) == datetime(2024, 3, 31, 22, tzinfo=UTC)
    assert began_at("week", NOW, ROME) == datetime(2024, 2, 25, 23, tzinfo=UTC)
    assert began_at("ever", NOW, ROME).year == 1970


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"texts": {"de": {"title": "Nur deutsch"}}}, "/texts"),
        ({"prices": [{"name": "a", "points": 1}, {"name": "a", "points": 2}]}, "/prices/1/name"),
        ({"prices": [{"name": "a", "points": 1, "money_minor": 5}]}, "/prices/0/currency"),
        ({"visible": {"from": "2024-03-03T00:00:00Z", "to": "2024-03-03T00:00:00Z"}}, "/visible/to"),
        ({"what": {"kind": "spaceship"}}, "/what"),
        ({"what": {"kind": "merchandise"}}, "/what/merchandise/article"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_fault_is_told_with_its_place(change: dict[str, Any], path: str) -> None:
    document = {
        "reference": "a", "category": "home", "what": {"kind": "merchandise", "article": "A1"},
        "texts": {"en": {"title": "A"}}, "prices": [{"name": "standard", "points": 1}],
    }  # fmt: skip
    with pytest.raises(RewardInvalid) as invalid:
        parse_reward(document | change)
    assert path in [place for place, _ in invalid.value.faults]


def test_a_catalogue_goes_out_as_csv_and_comes_in_again() -> None:
    rewards = [reward_of(kind) for kind in WHAT]
    text = write_csv(COLUMNS, map(reward_row, rewards))
    assert [row.reward for row in read_csv(text)] == rewards
    (edited,) = read_csv("reference,points,title_de\na-digital,77,'=Lied\n", {"a-digital": _document(rewards[13])})
    assert edited.reward is not None
    assert (edited.reward.prices[0].points, edited.reward.texts["de"].title) == (77, "=Lied")
    (bad,) = read_csv("reference,points\nnew,many\n")
    assert bad.reward is None
    assert bad.faults


def _document(reward: Reward) -> dict[str, Any]:
    return reward.model_dump(mode="json", by_alias=True, exclude_defaults=True)


@given(st.text(max_size=20))
@settings(max_examples=50, deadline=None)
def test_no_cell_is_taken_for_a_formula(cell: str) -> None:
    assert plain(safe(cell)) == cell or cell.startswith("'")
    assert not safe(cell).startswith(("=", "+", "-", "@"))


def test_what_is_like_what_was_had_stands_higher_and_says_why() -> None:
    liked = MemberFacts(spendable={"": 1_000}, bought={"home": 2})
    home, song = reward_of("merchandise"), reward_of("digital", category="music", rank=50)
    found = {
        each.reference: proposed(each, offer(each, liked, Asking(), Supply(), NOW, ROME), liked, NOW)
        for each in (song, home)
    }
    assert found["a-merchandise"].because == ("liked", "in-reach")
    assert in_order(list(found.items())) == ["a-merchandise", "a-digital"]
    nearly = MemberFacts(spendable={"": 90})
    told = proposed(home, offer(home, nearly, Asking(), Supply(), NOW, ROME), nearly, NOW, wished=True)
    assert told.because == ("wished", "nearly")


def test_the_schema_is_the_one_that_is_published() -> None:
    committed = Path(catalogue.__file__).with_name("reward.schema.json")
    assert json.loads(committed.read_text(encoding="utf-8")) == reward_schema(), "run `make generate`"


def test_the_demo_offers_every_kind_in_both_languages() -> None:
    shipped = Path(catalogue.__file__).with_name("examples") / "demo.json"
    rewards = [row.reward for row in read_json(json.loads(shipped.read_text(encoding="utf-8")))]
    assert {each.what.kind for each in rewards if each is not None} == WHAT.keys()
    assert all(each is not None and {"en", "de"} <= each.texts.keys() for each in rewards)
