"""What members answer, checked: from answers to attributes, or to what is wrong with which. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from libs.questionnaires.form import MOST_TEXT, Number, OneOf, Question, Questionnaire, SeveralOf, ShortText

Reason = Literal["needed", "unknown", "not-offered", "no-number", "out-of-bounds", "no-date", "no-answer", "personal"]
Value = str | int | bool
_NUMBER = re.compile(r"-?\d{1,16}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NAMES_SOMEBODY = re.compile(r"@|(\d[ /.()-]*){6}")
"""Addresses of mail, and numbers as long as those of phones, cards and accounts."""


class AnswersInvalid(ValueError):
    """Answers that can't be taken: why not, by question. What was answered is not in it."""

    def __init__(self, faults: Mapping[str, Reason]) -> None:
        super().__init__(", ".join(f"{name}: {reason}" for name, reason in faults.items()))
        self.faults = faults


class _Wrong(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def attributes(asked: Questionnaire, given: Mapping[str, Any]) -> dict[str, Value]:
    """Return the attributes that answers set; an optional question that is left out sets none.

    `given` is by question: one value of `one`, a list of attributes of `several`, a whole number, a date in ISO 8601,
    true or false, or a text.

    Raises:
        AnswersInvalid: with all that is wrong.
    """
    known = {each.name: each for each in asked.questions}
    faults: dict[str, Reason] = {name: "unknown" for name in given if name not in known}
    found: dict[str, Value] = {}
    for name, question in known.items():
        answer = given.get(name)
        try:
            if answer is not None and answer != "":
                found |= _read(question, answer)
            elif not question.optional:
                raise _Wrong("needed")
        except _Wrong as wrong:
            faults[name] = wrong.reason
    if not faults and not found:
        faults = {asked.questions[0].name: "needed"}
    if faults:
        raise AnswersInvalid(faults)
    return found


def from_form(asked: Questionnaire, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the answers that the fields of a form are: `name`, or `name.attribute` for each that was ticked."""
    given: dict[str, Any] = {}
    for each in asked.questions:
        if isinstance(each, SeveralOf):
            given[each.name] = [one.attribute for one in each.choices if f"{each.name}.{one.attribute}" in fields]
            continue
        text = fields.get(each.name, "").strip()
        if each.kind == "yes_no":
            given[each.name] = {"yes": True, "no": False}.get(text, text)
        elif each.kind == "number" and _NUMBER.fullmatch(text):
            given[each.name] = int(text)
        else:
            given[each.name] = text
    return given


def _read(question: Question, answer: Any) -> dict[str, Value]:
    if isinstance(question, SeveralOf):
        offered = [each.attribute for each in question.choices]
        if not isinstance(answer, list) or any(each not in offered for each in answer):
            raise _Wrong("not-offered")
        return {attribute: attribute in answer for attribute in offered}
    return {question.attribute: _value(question, answer)}


def _value(question: Question, answer: Any) -> Value:
    if isinstance(question, OneOf):
        if answer not in [each.value for each in question.options]:
            raise _Wrong("not-offered")
        return str(answer)
    if isinstance(question, Number):
        if not isinstance(answer, int) or isinstance(answer, bool):
            raise _Wrong("no-number")
        if not question.least <= answer <= question.most:
            raise _Wrong("out-of-bounds")
        return answer
    if isinstance(question, ShortText):
        return _text(answer)
    if question.kind == "date":
        return _day(answer)
    if not isinstance(answer, bool):
        raise _Wrong("no-answer")
    return answer


def _text(answer: Any) -> str:
    text = answer.strip() if isinstance(answer, str) else ""
    if not text or len(text) > MOST_TEXT or not text.isprintable():
        raise _Wrong("no-answer")
    if _NAMES_SOMEBODY.search(text):
        raise _Wrong("personal")
    return text


def _day(answer: Any) -> int:
    if not isinstance(answer, str) or not _DATE.fullmatch(answer):
        raise _Wrong("no-date")
    try:
        day = date.fromisoformat(answer)
    except ValueError:
        raise _Wrong("no-date") from None
    return day.year * 10_000 + day.month * 100 + day.day
