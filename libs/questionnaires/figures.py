"""How a questionnaire was answered: counts alone, of what stands in the profiles of those who filled it in. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from libs.questionnaires.form import Number, OneOf, Question, Questionnaire, SeveralOf

_RANGES = 10
Row = tuple[str, str, int]
"""An attribute, a value as JSON says it (a text without its quotes), and how many have it."""


class Share(NamedTuple):
    """So many gave an answer: a value, an attribute that is true, a range `from..to`, a year; of texts, `any`."""

    question: str
    answer: str
    times: int


def shares(asked: Questionnaire, rows: Iterable[Row]) -> list[Share]:
    """Sum up what stands in profiles, by question. What no question offers is left out."""
    found: dict[str, Counter[str]] = {}
    for attribute, value, times in rows:
        found.setdefault(attribute, Counter())[value] += times
    return [each for question in asked.questions for each in _of(question, found)]


def _of(question: Question, found: Mapping[str, Counter[str]]) -> Iterator[Share]:
    if isinstance(question, SeveralOf):
        for choice in question.choices:
            yield Share(question.name, choice.attribute, found.get(choice.attribute, Counter())["true"])
        return
    values: Counter[str] = found.get(question.attribute, Counter())
    if isinstance(question, OneOf):
        yield from (Share(question.name, each.value, values[each.value]) for each in question.options)
    elif isinstance(question, Number):
        yield from _ranges(question, values)
    elif question.kind == "date":
        years: Counter[str] = Counter()
        for value, times in values.items():
            years[value[:-4]] += times
        yield from (Share(question.name, year, years[year]) for year in sorted(years))
    elif question.kind == "yes_no":
        yield from (Share(question.name, answer, values[value]) for answer, value in (("yes", "true"), ("no", "false")))
    else:
        yield Share(question.name, "any", values.total())


def _ranges(question: Number, values: Mapping[str, int]) -> Iterator[Share]:
    width = -(-(question.most - question.least + 1) // _RANGES)
    for first in range(question.least, question.most + 1, width):
        last = min(first + width - 1, question.most)
        count = sum(times for value, times in values.items() if _between(first, value, last))
        yield Share(question.name, str(first) if first == last else f"{first}..{last}", count)


def _between(first: int, value: str, last: int) -> bool:
    return value.lstrip("-").isdigit() and first <= int(value) <= last
