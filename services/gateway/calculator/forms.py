"""The calculator's form: what was filled in, as habits, or what is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from libs.promotions.rates import digits
from services.gateway.calculator.year import MOST_TIMES, TIMES_A_YEAR, Habits

PERIODS = tuple(TIMES_A_YEAR)
_MOST_MINOR = 10**9
_DEFAULTS: Mapping[str, str] = {"purchases": "1", "per": "week", "basket": "40", "tier": ""}
_MONEY = re.compile(r"\d{1,9}(?:[.,]\d{1,4})?")
_NUMBER = re.compile(r"\d{1,6}")


@dataclass(slots=True)
class Filled:
    """What was filled in, by field, and the faults: for each field a text of the pages and its values."""

    given: Mapping[str, str]
    faults: dict[str, tuple[str, dict[str, object]]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return what stands in a field: what was given, else what it begins with."""
        return self.given.get(name, _DEFAULTS.get(name, "0"))

    def habits(self, currency: str, activities: list[str], tiers: list[str]) -> Habits | None:
        """Read the fields; None, with the faults noted, where one can't be read. An unknown tier is none."""
        per = self.value("per")
        times = self._number("purchases") * TIMES_A_YEAR[per if per in PERIODS else "week"]
        if times > MOST_TIMES:
            self.faults["purchases"] = ("fault.many", {"most": MOST_TIMES})
        basket = self._money("basket", digits(currency))
        done = tuple([(name, self._number(f"activity.{name}")) for name in activities])
        if sum(count for _, count in done) > MOST_TIMES:
            self.faults[f"activity.{activities[0]}"] = ("fault.many", {"most": MOST_TIMES})
        if self.faults:
            return None
        tier = self.value("tier")
        return Habits(times, basket, tuple(pair for pair in done if pair[1]), tier if tier in tiers else None)

    def _number(self, name: str) -> int:
        text = self.value(name).strip()
        number = int(text) if _NUMBER.fullmatch(text) else 0 if not text else MOST_TIMES + 1
        if number > MOST_TIMES:
            self.faults[name] = ("fault.number", {"least": 0, "most": MOST_TIMES})
        return number

    def _money(self, name: str, decimals: int) -> int:
        text = self.value(name).strip()
        if _MONEY.fullmatch(text):
            minor = Decimal(text.replace(",", ".")).scaleb(decimals)
            if minor == minor.to_integral_value() and minor <= _MOST_MINOR:
                return int(minor)
        self.faults[name] = ("fault.money", {})
        return 0
