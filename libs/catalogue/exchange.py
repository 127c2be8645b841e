"""Rewards as rows of CSV and as JSON, out and in again; and orders as rows for suppliers. Pure.

A row has the columns that people edit most, and the whole document behind them: what stands in a column counts.
"""

from __future__ import annotations

import copy
import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from libs.catalogue.flow import STATES, State
from libs.catalogue.orders import Order
from libs.catalogue.reward import Reward, RewardInvalid, parse_reward, reward_document

LANGUAGES = ("en", "de")
COLUMNS = (
    "reference", "category", "state", "rank", "stock", "points",
    *(f"{field}_{language}" for language in LANGUAGES for field in ("title", "summary")),
    "document",
)  # fmt: skip
ORDER_COLUMNS = (
    "order_id", "reference", "kind", "quantity", "state", "store", "ordered_at", "answers", "personal", "next_state",
    "tracking", "note",
)  # fmt: skip
_NOTHING: Mapping[str, dict[str, Any]] = MappingProxyType({})
_RISKY = ("=", "+", "-", "@", "\t")


class Read(NamedTuple):
    """A row that was read: its number, the reward, or what is wrong with it (a pointer and the reason each)."""

    line: int
    reward: Reward | None
    faults: tuple[tuple[str, str], ...] = ()


class Stated(NamedTuple):
    """A row of a supplier: to which state an order comes, or what is wrong with the row."""

    line: int
    order_id: str
    state: State | None
    tracking: str | None = None
    note: str | None = None
    fault: str | None = None


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def plain(cell: str) -> str:
    """What was meant by a cell."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RISKY) else cell


def write_csv(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Write rows as CSV with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    names = tuple(columns)
    writer.writerow(names)
    for row in rows:
        writer.writerow([safe("" if row.get(name) is None else str(row[name])) for name in names])
    return out.getvalue()


def reward_row(reward: Reward) -> dict[str, object]:
    """A reward as a row."""
    row: dict[str, object] = {
        "reference": reward.reference,
        "category": reward.category,
        "state": reward.state,
        "rank": reward.rank,
        "stock": reward.stock,
        "points": reward.prices[0].points,
        "document": orjson.dumps(reward_document(reward), option=orjson.OPT_SORT_KEYS).decode(),
    }
    for language in LANGUAGES:
        words = reward.texts.get(language)
        if words is not None:
            row |= {f"title_{language}": words.title, f"summary_{language}": words.summary}
    return row


def read_csv(text: str, known: Mapping[str, dict[str, Any]] = _NOTHING) -> Iterator[Read]:
    """Read rows of CSV; each is a reward or says what is wrong with it.

    A row without a document goes by that of the reward as it is `known`, by its reference.
    """
    for line, cells in _cells(text):
        yield _read(line, cells, known.get(cells.get("reference", ""), {}))


def _cells(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The cells of each row that are not empty, with the number of the row: the header is 1."""
    for line, row in enumerate(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))), 2):
        yield line, {name: plain(cell) for name, cell in row.items() if name and isinstance(cell, str) and cell != ""}


def read_json(documents: Iterable[Any]) -> Iterator[Read]:
    """Read documents; each is a reward or says what is wrong with it."""
    for number, document in enumerate(documents, 1):
        yield _parsed(number, document)


def _read(line: int, cells: Mapping[str, str], known: Mapping[str, Any]) -> Read:
    try:
        document: dict[str, Any] = (
            orjson.loads(cells["document"]) if "document" in cells else copy.deepcopy(dict(known))
        )
        if not isinstance(document, dict):
            return Read(line, None, (("/document", "must be a JSON object"),))
        document |= {name: cells[name] for name in ("reference", "category", "state", "stock") if name in cells}
        if "rank" in cells:
            document["rank"] = int(cells["rank"])
        if "points" in cells:
            first, *others = document.get("prices") or [{"name": "standard"}]
            document["prices"] = [first | {"points": int(cells["points"])}, *others]
    except (ValueError, TypeError) as error:
        return Read(line, None, (("/", str(error)),))
    for language in LANGUAGES:
        words = {
            field: cells[f"{field}_{language}"] for field in ("title", "summary") if f"{field}_{language}" in cells
        }
        if words:
            texts = document.setdefault("texts", {})
            texts[language] = texts.get(language, {}) | words
    return _parsed(line, document)


def _parsed(line: int, document: Any) -> Read:
    try:
        return Read(line, parse_reward(document))
    except RewardInvalid as invalid:
        return Read(line, None, invalid.faults)


def order_row(order: Order, personal: Mapping[str, Any]) -> dict[str, object]:
    """An order as a row for whoever delivers it; `next_state`, `tracking` and `note` are theirs to fill."""
    return {
        "order_id": order.order_id,
        "reference": order.reference,
        "kind": order.kind,
        "quantity": order.kept,
        "state": order.state,
        "store": order.store,
        "ordered_at": None if order.ordered_at is None else order.ordered_at.isoformat(),
        "answers": orjson.dumps(dict(order.answers)).decode(),
        "personal": orjson.dumps(dict(personal)).decode(),
    }


def read_states(text: str) -> Iterator[Stated]:
    """Read what a supplier says of orders; rows without a next state are passed over."""
    for line, cells in _cells(text):
        wanted, order_id = cells.get("next_state"), cells.get("order_id", "")
        if wanted is None:
            continue
        state = next((each for each in STATES if each == wanted), None)
        fault = None if state else f"next_state: {wanted!r} is no state"
        yield Stated(line, order_id, state, cells.get("tracking"), cells.get("note"), fault)
