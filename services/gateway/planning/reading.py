"""From what a browser posts to a campaign: each field read by its kind, and faults at the fields. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from libs.promotions.document import DocumentError
from libs.promotions.places import micro_degrees
from services.gateway.planning.fields import Field, fields_of, has_amount, put, tidied

PREFIX = "f."
"""What the names of a campaign's fields begin with in a form, to tell them apart from others."""
_WHOLE = re.compile(r"-?\d{1,16}")
_MONEY = re.compile(r"\d{1,12}(?:[.,]\d{1,4})?")
_MICRO = 6
"""A document has places in units of the sixth decimal of a degree."""
_LIMIT = re.compile(r"^limits\[(\d+)\]")
_OF_CAMPAIGN = re.compile(r"campaigns\[(\d+)\]\.?")
Posted = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a programme is at home: how many decimals its money has, and its zone."""

    digits: int
    zone: ZoneInfo


@dataclass(slots=True)
class Filled:
    """A form: the campaign that it says, its fields, what was typed into them, and what is wrong, by field.

    Faults are keys of texts, or texts of the engine; those at no field stand under the empty name.
    """

    campaign: dict[str, Any]
    fields: Sequence[Field]
    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    limits: Sequence[int] = ()
    """For each limit of the campaign, its row in the form, of which some may be empty."""

    def fault(self, path: str, told: str) -> None:
        """Note a fault at a field, or at the nearest that there is."""
        names = [each.path for each in self.fields]
        place = path
        while place and place not in names:
            inside = next((name for name in names if name.startswith((f"{place}.", f"{place}["))), None)
            place = inside or re.sub(r"(?:\.[^.\[\]]+|\[\d+\]|^[^.\[\]]+)$", "", place)
        text = told if place == path or not path else f"{path}: {told}"
        self.faults.setdefault(place, []).append(text)


def read_form(base: Mapping[str, Any], posted: Posted, place: Place) -> Filled:
    """Read a form over the campaign that it was made of; a field that was not sent stays as it is."""
    campaign = deepcopy(dict(base))
    found = Filled(campaign, fields_of(campaign), posted)
    for each in found.fields:
        given = posted.get(PREFIX + each.path)
        if given is None:
            continue
        try:
            value = _READERS[each.kind](each, given, place)
        except ValueError:
            found.faults.setdefault(each.path, []).append(f"fault.{each.kind}")
            continue
        if value == each.default and each.value is None:
            continue
        put(campaign, each.path, value)
    limits = campaign.get("limits") or []
    found.limits = [at for at, one in enumerate(limits) if has_amount(one)]
    found.campaign = tidied(campaign)
    return found


def note_errors(found: Filled, errors: Sequence[DocumentError], number: int) -> None:
    """Put the engine's faults at the fields; `number` is the campaign's place in the document."""
    for error in errors:
        named = _OF_CAMPAIGN.match(error.path)
        told = error.reason + (f" ({error.allowed})" if error.allowed and error.allowed not in error.reason else "")
        if named is not None and int(named[1]) == number:
            found.fault(_LIMIT.sub(partial(_row, found.limits), error.path[named.end() :]), told)
        else:
            found.fault("", f"{error.path}: {told}")


def _row(limits: Sequence[int], named: re.Match[str]) -> str:
    number = int(named[1])
    return f"limits[{limits[number] if number < len(limits) else number}]"


def shown(each: Field, typed: Mapping[str, Sequence[str]], place: Place) -> list[str]:
    """What stands in a field: what was typed, else what the campaign says, as people write it."""
    given = typed.get(PREFIX + each.path)
    if given is not None:
        return list(given)
    value = each.value if each.value is not None else each.default
    if value is None:
        return [""]
    write = _WRITERS.get(each.kind)
    return [str(value)] if write is None else write(value, place)


def _local(value: Any, place: Place) -> list[str]:
    return [f"{datetime.fromisoformat(str(value)).astimezone(place.zone):%Y-%m-%dT%H:%M}"]


_WRITERS: Mapping[str, Callable[[Any, Place], list[str]]] = {
    "several": lambda value, _: [str(one) for one in value],
    "texts": lambda value, _: [", ".join(str(one) for one in value)],
    "money": lambda value, place: [f"{Decimal(value).scaleb(-place.digits):f}"],
    "degrees": lambda value, _: [value if isinstance(value, str) else f"{Decimal(value).scaleb(-_MICRO):f}"],
    "yesno": lambda value, _: ["yes" if value else "no"],
    "instant": _local,
}


def _whole(_: Field, given: Sequence[str], __: Place) -> int | None:
    text = given[-1].strip()
    if not text:
        return None
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def read_money(text: str, digits: int) -> int | None:
    """Read an amount of money into minor units; None of nothing.

    Raises:
        ValueError: it is none, or has more decimals than the currency.
    """
    text = text.strip()
    if not text:
        return None
    if not _MONEY.fullmatch(text):
        raise ValueError(text)
    minor = Decimal(text.replace(",", ".")).scaleb(digits)
    if minor != minor.to_integral_value():
        raise ValueError(text)
    return int(minor)


def _money(_: Field, given: Sequence[str], place: Place) -> int | None:
    return read_money(given[-1], place.digits)


def _degrees(_: Field, given: Sequence[str], __: Place) -> int | None:
    text = given[-1].strip()
    return micro_degrees(text.replace(",", ".")) if text else None


def _text(_: Field, given: Sequence[str], __: Place) -> str | None:
    return given[-1].strip() or None


def _texts(each: Field, given: Sequence[str], _: Place) -> list[str] | list[int]:
    found = [text.strip() for text in re.split(r"[,;\n]", given[-1]) if text.strip()]
    return [int(text) for text in found] if each.choices == ("int",) else found


def _choice(each: Field, given: Sequence[str], _: Place) -> str | None:
    if given[-1] and given[-1] not in each.choices:
        raise ValueError(given[-1])
    return given[-1] or None


def _several(each: Field, given: Sequence[str], _: Place) -> list[str]:
    return [one for one in each.choices if one in given]


def _yesno(_: Field, given: Sequence[str], __: Place) -> bool | None:
    return {"yes": True, "no": False}.get(given[-1])


def read_instant(text: str, zone: ZoneInfo) -> datetime | None:
    """Read a local day, with a time or from its beginning, as an instant; None of nothing.

    Raises:
        ValueError: it is none.
    """
    if not text.strip():
        return None
    local = datetime.fromisoformat(text.strip())
    if not 1970 <= local.year < 9990:
        raise ValueError(text)
    return local if local.tzinfo is not None else local.replace(tzinfo=zone)


def _instant(each: Field, given: Sequence[str], place: Place) -> str | None:
    found = read_instant(given[-1], place.zone)
    if found is not None and each.value is not None and given[-1] == shown(each, {}, place)[0]:
        return str(each.value)  # seconds, which the form does not show, stay
    return None if found is None else found.isoformat()


_READERS: Mapping[str, Callable[[Field, Sequence[str], Place], Any]] = {
    "int": _whole,
    "money": _money,
    "degrees": _degrees,
    "text": _text,
    "texts": _texts,
    "choice": _choice,
    "several": _several,
    "yesno": _yesno,
    "instant": _instant,
}
