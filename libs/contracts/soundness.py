"""What a payload must satisfy beyond its schema, before anything is looked up: at the door as in the stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from libs.contracts.currencies import CURRENCIES
from libs.contracts.rejection import Rejection

SEPARATOR = "\x1f"
"""Between identifiers that go to the database as one text, so that none may hold it."""

_CURRENCY = Rejection("unknown-currency", "/data/currency", "an active currency of ISO 4217")
_NO_POINTS = Rejection("field", "/data/points", "more or less than 0")
_TWO_ENDS = Rejection("field", "/data/expires_at", "null when the points never expire")
_HOW_FAR = Rejection("field", "/data/boundaries", "null when days are given")
_SELF = Rejection("field", "/data/to_member_id", "another member")
_BEGINS = Rejection("field", "/data/points", "how many points are to be redeemed or held")
_NEW = Rejection("field", "/data/redemption_id", "null where a redemption begins")
_ALL_OF_IT = Rejection("field", "/data/points", "null: a hold is extended or released as a whole")
_NO_BILL = Rejection("field", "/data/bill_minor", "null where no bill is paid or cancelled")
_NOTHING_BACK = Rejection("field", "/data/returned_minor", "null where nothing is cancelled")
_TOTAL = Rejection("total-mismatch", "/data/total_minor", "the sum of the lines' amounts")


def unsound(data: Any) -> Rejection | None:
    """Return what is wrong with a decoded payload; None when nothing is.

    Currencies must exist, the lines of a receipt add up to its total, identifiers hold no U+001F, an adjustment
    changes something and has at most one end, an extension says how far in one way, what goes from a member to a
    member goes to another, and a request to spend points says how many.
    """
    kind = type(data)
    checks = _BY_KIND.get(kind)
    if checks is None:
        checks = _BY_KIND[kind] = _checks(kind)
    for check in checks:
        if (rejection := check(data)) is not None:
            return rejection
    return None


def _checks(kind: type) -> tuple[Callable[[Any], Rejection | None], ...]:
    """The checks that concern a kind of payload: those whose fields it has."""
    fields = set(kind.__struct_fields__) if issubclass(kind, Struct) else set(getattr(kind, "model_fields", ()))
    return tuple([check for needed, check in _ALL if needed <= fields])


def _currency(data: Any) -> Rejection | None:
    return None if data.currency is None or data.currency in CURRENCIES else _CURRENCY


def _total(data: Any) -> Rejection | None:
    lines = data.lines
    return _TOTAL if lines and sum([line.amount_minor for line in lines]) != data.total_minor else None


def _points(data: Any) -> Rejection | None:
    return _NO_POINTS if data.points == 0 else None


def _how_far(data: Any) -> Rejection | None:
    return _HOW_FAR if None not in (data.boundaries, data.days) else None


def _ends(data: Any) -> Rejection | None:
    return _TWO_ENDS if data.never_expires and data.expires_at is not None else None


def _spending(data: Any) -> Rejection | None:
    if data.operation in ("redeem", "hold"):
        if data.redemption_id is not None or data.begun_under is not None:
            return _NEW
        if data.points is None and data.bill_minor is None:
            return _BEGINS
    elif data.points is not None and data.operation in ("extend", "release"):
        return _ALL_OF_IT
    elif data.bill_minor is not None and data.operation != "cancel":
        return _NO_BILL
    return _NOTHING_BACK if data.returned_minor is not None and data.operation != "cancel" else None


def _other(data: Any) -> Rejection | None:
    return _SELF if data.member_id == data.to_member_id else None


def _seemly(field: str) -> Callable[[Any], Rejection | None]:
    rejection = Rejection("field", f"/data/{field}", "identifiers without the control character U+001F")

    def check(data: Any) -> Rejection | None:
        return rejection if _unseemly(getattr(data, field)) else None

    return check


def _unseemly(identifiers: Iterable[Any]) -> bool:
    return any([SEPARATOR in identifier.value for identifier in identifiers])  # noqa: C419  faster for a few


_ALL: tuple[tuple[frozenset[str], Callable[[Any], Rejection | None]], ...] = (
    (frozenset({"currency"}), _currency),
    (frozenset({"lines", "total_minor"}), _total),
    (frozenset({"points"}), _points),
    (frozenset({"never_expires", "expires_at"}), _ends),
    (frozenset({"boundaries", "days"}), _how_far),
    (frozenset({"member_id", "to_member_id"}), _other),
    (frozenset({"operation", "begun_under"}), _spending),
    *[(frozenset({field}), _seemly(field)) for field in ("identifiers", "add", "remove", "move")],
)
_BY_KIND: dict[type, tuple[Callable[[Any], Rejection | None], ...]] = {}
