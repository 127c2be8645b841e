"""A questionnaire as a company writes it: questions by language, and the attribute that each sets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from libs.promotions.audience import FactField, FactType, Whole
from libs.promotions.parts import Days, FieldName, Misplaced, Name, Part, Text, refuse_repeats

MOST_ATTRIBUTES = 32
"""As many as one event about a member may tell."""
MOST_TEXT = 200
Language = Annotated[str, Field(pattern="^[a-z]{2}$")]
Texts = Annotated[dict[Language, Annotated[str, Field(min_length=1, max_length=300)]], Field(min_length=1)]


class Option(Part):
    """One of several answers: the value that the attribute takes."""

    value: Text
    texts: Texts


class Choice(Part):
    """An answer that may be given beside others: an attribute of its own, which is true or false."""

    attribute: FieldName
    texts: Texts


class _Question(Part):
    name: FieldName
    texts: Texts
    optional: bool = False


class OneOf(_Question):
    """One of some answers."""

    kind: Literal["one"]
    attribute: FieldName
    options: Annotated[tuple[Option, ...], Field(min_length=2, max_length=20)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("options[{}].value", [each.value for each in self.options])
        return self


class SeveralOf(_Question):
    """Any of some answers."""

    kind: Literal["several"]
    choices: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=20)]


class Number(_Question):
    """A whole number between two."""

    kind: Literal["number"]
    attribute: FieldName
    least: Whole
    most: Whole

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.most < self.least:
            raise Misplaced("most", "must not be below `least`")
        return self


class Day(_Question):
    """A date; the attribute is the number YYYYMMDD, which campaigns can compare."""

    kind: Literal["date"]
    attribute: FieldName


class YesNo(_Question):
    """Yes or no."""

    kind: Literal["yes_no"]
    attribute: FieldName


class ShortText(_Question):
    """A few words. Attributes are not sealed: whoever asks says here that the answer names nobody."""

    kind: Literal["text"]
    attribute: FieldName
    personal: Literal[False]


Question = Annotated[OneOf | SeveralOf | Number | Day | YesNo | ShortText, Field(discriminator="kind")]
_TYPES: Mapping[str, FactType] = {
    "one": "text",
    "several": "bool",
    "number": "int",
    "date": "int",
    "yes_no": "bool",
    "text": "text",
}


class Questionnaire(Part):
    """Some questions; who may answer them when, and how the activity is called by which campaigns may thank."""

    title: Texts
    questions: Annotated[tuple[Question, ...], Field(min_length=1, max_length=20)]
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    again_after_days: Days | None = None
    activity: Name = "survey-filled"

    @model_validator(mode="after")
    def _sound(self) -> Self:
        refuse_repeats("questions[{}].name", [each.name for each in self.questions])
        named = [attribute for attribute, _, _ in attributes_of(self.questions)]
        refuse_repeats("attributes[{}]", named)
        if len(named) > MOST_ATTRIBUTES:
            raise Misplaced("questions", f"set {len(named)} attributes, of {MOST_ATTRIBUTES} at most")
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            raise Misplaced("ends_at", "must be after `starts_at`")
        spoken = set(self.title)
        if any(set(texts) != spoken for texts in _all_texts(self.questions)):
            raise Misplaced("questions", "every text must be in the languages of the title", ", ".join(sorted(spoken)))
        return self

    def open_at(self, now: datetime) -> bool:
        """Whether it is asked now."""
        return (self.starts_at is None or self.starts_at <= now) and (self.ends_at is None or now < self.ends_at)

    def asked_again(self, filled_at: datetime, now: datetime) -> bool:
        """Whether who filled it in then may do so again."""
        return self.again_after_days is not None and filled_at + timedelta(days=self.again_after_days) <= now


def words(texts: Mapping[str, str], language: str) -> str:
    """A text in a language; where it is not said in it, in English, else in any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()))


def attributes_of(questions: Iterable[Question]) -> Iterator[tuple[str, FactType, str]]:
    """Each attribute that answers set, what its values are, and where it stands."""
    for at, each in enumerate(questions):
        if isinstance(each, SeveralOf):
            for number, choice in enumerate(each.choices):
                yield choice.attribute, "bool", f"questions[{at}].choices[{number}].attribute"
        else:
            yield each.attribute, _TYPES[each.kind], f"questions[{at}].attribute"


def undeclared(asked: Questionnaire, declared: Iterable[FactField]) -> list[tuple[str, str]]:
    """Where attributes stand that the programme does not declare as such, and why not."""
    types = {each.name: each.type for each in declared}
    return [
        (where, f"the programme's `attributes` must declare {name} as {wanted}")
        for name, wanted, where in attributes_of(asked.questions)
        if types.get(name) != wanted
    ]


def _all_texts(questions: Iterable[Question]) -> Iterator[Mapping[str, str]]:
    for each in questions:
        yield each.texts
        if isinstance(each, OneOf):
            yield from (option.texts for option in each.options)
        if isinstance(each, SeveralOf):
            yield from (choice.texts for choice in each.choices)
