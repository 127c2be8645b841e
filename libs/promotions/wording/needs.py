"""What a condition needed and what was there, in English and German."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from libs.language.catalogue import Text, Texts


def _plural(one: str, other: str) -> Mapping[str, str]:
    return MappingProxyType({"one": one, "other": other})


def _days(*names: str) -> dict[str, Text]:
    keys = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return {f"day.{key}": name for key, name in zip(keys, names, strict=True)}


ENGLISH: Texts = MappingProxyType(
    {
        "needed": "{needed} needed, {there} there",
        "needed-unknown": "{needed} needed, not known",
        "not-known": "not known",
        "something-else": "something else",
        "none": "none",
        "yes": "yes",
        "no": "no",
        "at-least": "at least {number}",
        "at-most": "at most {number}",
        "between": "at least {least} and at most {most}",
        "none-of": "none of {values}",
        "more": "{values} or {number} more",
        "of": "{met} of {number}",
        "match.any": "any line of {kinds}",
        "match.every": "every line of {kinds}",
        "match.none": "no line of {kinds}",
        "skus": "products {values}",
        "labels": "labels {values}",
        "categories": "categories {values}",
        "brands": "brands {values}",
        "not_skus": "products other than {values}",
        "not_labels": "labels other than {values}",
        "not_categories": "categories other than {values}",
        "not_brands": "brands other than {values}",
        "line.price": "a price of {range} minor units",
        "line.pieces": "{range} pieces",
        "lines": _plural("1 line", "{n} lines"),
        "pieces": _plural("1 piece", "{n} pieces"),
        "minor": _plural("1 minor unit", "{n} minor units"),
        "days-ago": "{range} days ago",
        "nth.every": "every {number}",
        "nth.numbers": "number {values}",
        "count.visits": "visits",
        "count.spend_minor": "minor units spent",
        "count.points": "points earned",
        "count.redemptions": "redemptions",
        "on-category": "{what} on {category}",
        "ever": "ever",
        "last-days": _plural("in the last day", "in the last {n} days"),
        "last-months": _plural("in the last month", "in the last {n} months"),
        "period.month": "in the month",
        "period.quarter": "in the quarter",
        "period.half_year": "in the half-year",
        "period.year": "in the year",
        "period.month.back": _plural("in the month before", "{n} months before"),
        "period.quarter.back": _plural("in the quarter before", "{n} quarters before"),
        "period.half_year.back": _plural("in the half-year before", "{n} half-years before"),
        "period.year.back": _plural("in the year before", "{n} years before"),
        "hours": "{needed} needed, {there} there",
        "span": "{first} to {last}",
        **_days("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    }
)

GERMAN: Texts = MappingProxyType(
    {
        "needed": "{needed} nötig, {there} vorhanden",
        "needed-unknown": "{needed} nötig, nicht bekannt",
        "not-known": "nicht bekannt",
        "something-else": "etwas anderes",
        "none": "keine Angabe",
        "yes": "ja",
        "no": "nein",
        "at-least": "mindestens {number}",
        "at-most": "höchstens {number}",
        "between": "mindestens {least} und höchstens {most}",
        "none-of": "nichts von {values}",
        "more": "{values} oder {number} weitere",
        "of": "{met} von {number}",
        "match.any": "irgendeine Position mit {kinds}",
        "match.every": "jede Position mit {kinds}",
        "match.none": "keine Position mit {kinds}",
        "skus": "Produkt {values}",
        "labels": "Kennzeichen {values}",
        "categories": "Warengruppe {values}",
        "brands": "Marke {values}",
        "not_skus": "anderem Produkt als {values}",
        "not_labels": "anderem Kennzeichen als {values}",
        "not_categories": "anderer Warengruppe als {values}",
        "not_brands": "anderer Marke als {values}",
        "line.price": "einem Preis von {range} kleinsten Einheiten",
        "line.pieces": "{range} Stück",
        "lines": _plural("1 Position", "{n} Positionen"),
        "pieces": _plural("1 Stück", "{n} Stück"),
        "minor": _plural("1 kleinste Einheit", "{n} kleinste Einheiten"),
        "days-ago": "vor {range} Tagen",
        "nth.every": "jeder {number}.",
        "nth.numbers": "Nummer {values}",
        "count.visits": "Besuche",
        "count.spend_minor": "kleinste Einheiten Umsatz",
        "count.points": "gesammelte Punkte",
        "count.redemptions": "Einlösungen",
        "on-category": "{what} in {category}",
        "ever": "jemals",
        "last-days": _plural("am letzten Tag", "in den letzten {n} Tagen"),
        "last-months": _plural("im letzten Monat", "in den letzten {n} Monaten"),
        "period.month": "im Monat",
        "period.quarter": "im Quartal",
        "period.half_year": "im Halbjahr",
        "period.year": "im Jahr",
        "period.month.back": _plural("im Monat davor", "{n} Monate davor"),
        "period.quarter.back": _plural("im Quartal davor", "{n} Quartale davor"),
        "period.half_year.back": _plural("im Halbjahr davor", "{n} Halbjahre davor"),
        "period.year.back": _plural("im Jahr davor", "{n} Jahre davor"),
        "hours": "{needed} nötig, es war {there}",
        "span": "{first} bis {last}",
        **_days("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    }
)
