"""What lapses, in whole and in parts that add up; and the tables that finance takes away."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.promotions.evaluation import Evaluation, Paid
from libs.promotions.pages import StoredDecision, write_page
from libs.sweeps.breakage import Ended, Estimate, estimates
from libs.sweeps.liability import Outstanding
from libs.sweeps.origins import Earned, Mix, Origins, Place, brought, number_of
from libs.sweeps.outlook import Outlook, Slice, Standing, lapses, money, moneys
from libs.sweeps.tables import Table, as_csv, as_xlsx, forecast_tables, liability_table

NOW = datetime(2024, 3, 20, 6, tzinfo=UTC)
MARCH, JUNE = datetime(2024, 3, 31, 22, tzinfo=UTC), datetime(2024, 6, 30, 22, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")
WORTH = {"points": (100, 7)}
JANUARY = date(2024, 1, 1)
FREE = (
    Slice(JUNE, "points", "gold", JANUARY, 2, 150),
    Slice(MARCH, "points", "gold", JANUARY, 1, 60),
    Slice(MARCH, "points", None, None, 3, 90),
    Slice(None, "miles", "gold", JANUARY, 1, 1_000),
)
KEY = UUID(int=5)


def decision(*paid: tuple[str, str, int]) -> StoredDecision:
    facts = msgspec.Raw(b'{"store":"12","partner":"fuel"}')
    evaluation = Evaluation(1, paid=tuple(Paid(name, wallet, 1, points, points) for name, wallet, points in paid))
    return StoredDecision(KEY, "/pos", "1", NOW, NOW, NOW, "credited", facts, evaluation=evaluation)


def origins(points: int, *paid: tuple[str, str, int]) -> dict[tuple[str, str | None], int]:
    adding = Origins()
    adding.add([Earned(1, KEY, MARCH, "points", points)], {1: write_page([decision(*paid)])})
    return {(one.split, one.name): one.points for one in adding.told()}


def test_boundaries_come_in_order_and_what_never_lapses_last() -> None:
    found = lapses(Outlook(NOW, FREE, (), ()), WORTH, coming=[(JUNE, "miles")])
    assert [
        (each.lapses_at, each.wallet, each.whole.lots, each.whole.points, each.whole.worth_minor) for each in found
    ] == [
        (MARCH, "points", 4, 150, 10),
        (JUNE, "miles", 0, 0, None),
        (JUNE, "points", 2, 150, 10),
        (None, "miles", 1, 1_000, None),
    ]
    march = {(part.split, part.name): (part.lots, part.points, part.worth_minor) for part in found[0].parts}
    assert march == {
        ("tier", None): (3, 90, 6),
        ("tier", "gold"): (1, 60, 4),
        ("cohort", None): (3, 90, 6),
        ("cohort", "2024-01"): (1, 60, 4),
    }


@given(st.lists(st.integers(0, 10**6), max_size=12), st.integers(1, 1_000), st.integers(1, 1_000))
@settings(max_examples=60)
def test_parts_of_a_worth_add_up_to_the_whole(parts: list[int], points: int, minor: int) -> None:
    worth = {"points": (points, minor)}
    shared = [amount or 0 for amount in moneys(parts, "points", worth)]
    assert sum(shared) == money(sum(parts), "points", worth) == sum(parts) * minor // points
    assert all(abs(amount - part * minor / points) < 1 for amount, part in zip(shared, parts, strict=True))
    assert set(moneys(parts, "miles", worth)) <= {None}


def test_a_lot_of_several_campaigns_is_shared_out_as_they_paid() -> None:
    found = origins(100, ("base", "points", 10), ("extra", "points", 20), ("other", "miles", 70))
    assert found == {
        ("campaign", "base"): 33,
        ("campaign", "extra"): 67,
        ("partner", "fuel"): 100,
        ("store", "12"): 100,
    }
    assert origins(7)["campaign", None] == 7
    unknown = Origins()
    unknown.add([Earned(None, UUID(int=6), None, "points", 5)], {})
    assert {(one.split, one.name, one.points) for one in unknown.told()} == {
        (split, None, 5) for split in ("campaign", "partner", "store")
    }


def test_some_decisions_of_a_page_are_found_as_all_of_them_are() -> None:
    several = [
        msgspec.structs.replace(decision(("base", "points", n)), key=UUID(int=n), id=f"é\n{n}") for n in range(1, 33)
    ]
    pages = {7: write_page(several)}
    lots = [Earned(7, UUID(int=n), None, "points", n) for n in range(1, 33)]
    whole = brought(lots, pages)
    assert len(whole) == 32
    for first in range(0, 32, 5):
        some = brought(lots[first : first + 5], pages)
        assert {key: one.mix("points") for key, one in some.items()} == {
            each.cause: whole[each.cause].mix("points") for each in lots[first : first + 5]
        }
    elsewhere = [Earned(7, UUID(int=99), None, "points", 1), Earned(8, UUID(int=1), None, "points", 1)]
    assert UUID(int=99) not in brought(elsewhere, pages)


def test_points_of_one_proportion_are_shared_out_together() -> None:
    adding, mix = Origins(), Mix(("base", "extra"), (1, 2))
    for _ in range(3):
        adding.add_known(Place("fuel", "12"), mix, (MARCH, "points"), 10)
    assert {(one.name, one.points) for one in adding.told() if one.split == "campaign"} == {("base", 10), ("extra", 20)}


def test_places_and_mixes_have_numbers_of_their_own() -> None:
    several: list[Place | Mix] = [
        Place(),
        Place("a"),
        Place(None, "a"),
        Place("a", "b"),
        Mix(("a",), (1,)),
        Mix(("a", "b"), (1, 2)),
        Mix(),
    ]
    numbers = [number_of(one) for one in several]
    assert len(set(numbers)) == len(numbers)
    assert all(-(2**63) <= number < 2**63 for number in numbers)
    assert number_of(Place("fuel", "12")) == -8280922600847342866


def test_breakage_takes_the_share_of_past_cohorts() -> None:
    ended = [Ended("points", JANUARY, 20, 60), Ended("points", None, 5, 15)]
    assert estimates(Outlook(NOW, FREE, (), ()), ended) == [Estimate("points", 25, 75, 300, 75)]
    assert estimates(Outlook(NOW, FREE, (), ()), []) == [Estimate("points", 0, 0, 300, None)]
    assert estimates(Outlook(JUNE, FREE, (), ()), ended)[0].open == 0, "what has lapsed is open no more"


def test_the_tables_say_the_same_in_every_form() -> None:
    outlook = Outlook(NOW, FREE, (), (Standing("points", 300, 0, 0, 0, 0),))
    tables = forecast_tables(outlook, lapses(outlook, WORTH, ("tier",)), ROME, "EUR")
    rows = list(csv.DictReader(io.StringIO(as_csv(tables[0]))))
    assert rows[0] == {
        "as_of": "2024-03-20T06:00:00Z", "lapses_at": "2024-03-31T22:00:00Z", "last_day": "2024-03-31",
        "wallet": "points", "split": "all", "name": "", "lots": "4", "points": "150", "worth_minor": "10",
        "spared": "0", "currency": "EUR",
    }  # fmt: skip
    assert [(row["split"], row["name"], row["points"]) for row in rows[1:3]] == [
        ("tier", "", "90"),
        ("tier", "gold", "60"),
    ]
    book = zipfile.ZipFile(io.BytesIO(as_xlsx(tables)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    numbers = [int(text) for text in re.findall(r"<c r=\"H\d+\"><v>(\d+)</v>", sheet)]
    assert numbers == [int(row["points"]) for row in rows]
    assert 'name="standing"' in book.read("xl/workbook.xml").decode()


def test_a_spreadsheet_takes_nothing_for_a_formula() -> None:
    table = Table("evil", ("name", "points"), (("=1+1", 5), (None, -3)))
    assert as_csv(table).splitlines() == ["name,points", "'=1+1,5", ",-3"]
    sheet = zipfile.ZipFile(io.BytesIO(as_xlsx([table]))).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "=1+1" in sheet


def test_what_is_outstanding_is_what_could_be_spent_some_time() -> None:
    found = [Outstanding("points", 100, 20, 3, 50)]
    table = liability_table(MARCH, None, found, WORTH, "EUR")
    assert dict(zip(table.columns, table.rows[0], strict=True)) == {
        "at": "2024-03-31T22:00:00Z", "known_at": None, "wallet": "points", "available": 100, "pending": 20, "held": 3,
        "debt": 50, "points": 123, "worth_minor": 8, "currency": "EUR",
    }  # fmt: skip
