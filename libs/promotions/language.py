"""What an expression of a campaign may say: the variables, and the facts that its programme declares, with their types.

Without declarations, attributes of members and data of activities are maps, and a name that nobody sends fails when it
is evaluated. Once declared, `attributes.language` and `data.rating` are variables, so a wrong name is refused with the
document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from libs.promotions.audience import FactField, FactType
from libs.promotions.expressions import Expressions, Kind
from libs.promotions.facts import Fact, data_of
from libs.promotions.known import attributes_of
from libs.promotions.situation import Situation
from libs.promotions.variables import EXPRESSIONS, READERS, VARIABLES

_KINDS: Mapping[FactType, Kind] = {"text": "string", "int": "int", "bool": "bool"}


@dataclass(frozen=True, slots=True)
class Language:
    """Expressions over some variables, and how each of these is read."""

    expressions: Expressions
    readers: Mapping[str, Callable[[Situation], object]]


PLAIN = Language(EXPRESSIONS, READERS)


@cache
def language(attributes: tuple[FactField, ...] | None, data: tuple[FactField, ...] | None) -> Language:
    """Return the language over declared facts; None stands for those of a programme that declares none."""
    if attributes is None and data is None:
        return PLAIN
    variables, readers = dict(VARIABLES), dict(READERS)
    for name, fields, facts in (
        ("attributes", attributes, attributes_of),
        ("data", data, lambda situation: data_of(situation.receipt)),
    ):
        if fields is not None:
            del variables[name], readers[name]
            variables |= {f"{name}.{field.name}": _KINDS[field.type] for field in fields}
            readers |= _readers(name, fields, facts)
    return Language(Expressions(variables), readers)


def _readers(
    name: str, fields: Iterable[FactField], facts: Callable[[Situation], Mapping[str, Fact]]
) -> dict[str, Callable[[Situation], object]]:
    def reader(key: str) -> Callable[[Situation], object]:
        return lambda situation: facts(situation).get(key)

    return {f"{name}.{field.name}": reader(field.name) for field in fields}
