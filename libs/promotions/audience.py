"""The document's conditions on who acts, and on facts that a programme declares: of members and of activities."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.history import EVER, Window
from libs.promotions.parts import FieldName, Misplaced, NonNegative, Part, Positive, Text, refuse_repeats

FactType = Literal["text", "int", "bool"]
Around = Annotated[int, Field(strict=True, ge=0, le=180)]
Whole = Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]


class FactField(Part):
    """A fact that may be known: its name, and what its values are."""

    name: FieldName
    type: FactType


class FactCondition(Part):
    """What one fact must be: one of some texts, between two numbers, or true or false. One that is not known fails."""

    name: Text
    one_of: Annotated[tuple[Text, ...], Field(max_length=1_000)] = ()
    at_least: Whole | None = None
    at_most: Whole | None = None
    is_: Annotated[bool, Field(strict=True)] | None = Field(default=None, alias="is")

    @model_validator(mode="after")
    def _one_type(self) -> Self:
        asked = {"text": bool(self.one_of), "int": self._is_bounded, "bool": self.is_ is not None}
        if sum(asked.values()) != 1:
            raise Misplaced("name", "needs one question about it", "one_of, at_least and at_most, is")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise Misplaced("at_most", "must not be below `at_least`")
        return self

    @property
    def _is_bounded(self) -> bool:
        return self.at_least is not None or self.at_most is not None

    @property
    def type(self) -> FactType:
        """What the fact must be for the question to make sense."""
        if self.one_of:
            return "text"
        return "int" if self._is_bounded else "bool"


class Days(Part):
    """A date and the days around it that count."""

    days_before: Around = 0
    days_after: Around = 0


class Anniversary(Days):
    """The day of enrolment in later years; only in some of them when `years` says which (1 is the first)."""

    years: Annotated[tuple[Positive, ...], Field(max_length=100)] = ()


class DaysSince(Part):
    """How many days ago something was: 0 is today."""

    min_days: NonNegative | None = None
    max_days: NonNegative | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.min_days is None and self.max_days is None:
            raise Misplaced("min_days", "needs a bound", "min_days, max_days")
        if self.min_days is not None and self.max_days is not None and self.min_days > self.max_days:
            raise Misplaced("max_days", "must not be below `min_days`")
        return self


class WindowPart(Part):
    """Which days count: the last `days` or `months`, or a calendar `period`, this one or so many `back`."""

    days: Annotated[int, Field(strict=True, ge=1, le=3_660)] | None = None
    months: Annotated[int, Field(strict=True, ge=1, le=120)] | None = None
    period: Literal["month", "quarter", "half_year", "year"] | None = None
    back: Annotated[int, Field(strict=True, ge=0, le=40)] = 0

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.days, self.months, self.period)) != 1:
            raise Misplaced("days", "needs one kind of window; for all time leave it out", "days, months, period")
        if self.back and self.period is None:
            raise Misplaced("back", "goes with `period`")
        return self


class HistoryCondition(Part):
    """How much a member did before this receipt: in a window of days, or ever.

    `spend_minor` may be that of one `category`. What has a `max` and no `min` holds for a member without any of it.
    """

    count: Literal["visits", "spend_minor", "points", "redemptions"]
    category: Text | None = None
    within: WindowPart | None = None
    min: NonNegative | None = None
    max: NonNegative | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.min is None and self.max is None:
            raise Misplaced("min", "needs a bound", "min, max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise Misplaced("max", "must not be below `min`")
        if self.category is not None and self.count != "spend_minor":
            raise Misplaced("category", "goes with `spend_minor`")
        return self

    @property
    def window(self) -> Window:
        """The days that count."""
        part = self.within
        return EVER if part is None else Window(part.days, part.months, part.period, part.back)


class NthPurchase(Part):
    """Which purchase of the member it is, the one that is judged included: one of `numbers`, or `every` so many."""

    numbers: Annotated[tuple[Positive, ...], Field(max_length=100)] = ()
    every: Positive | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.numbers) == (self.every is not None):
            raise Misplaced("numbers", "needs one of them", "numbers, every")
        return self


class MemberConditions(Part):
    """What must hold for the member; nothing of it holds for a receipt without one, nor for what is not known of them.

    Days are those of the programme's zone. Who was born on 29 February has their birthday on the last day of February,
    and so for who enrolled on one.
    """

    attributes: Annotated[tuple[FactCondition, ...], Field(max_length=16)] = ()
    birthday: Days | None = None
    anniversary: Anniversary | None = None
    enrolled: DaysSince | None = None
    last_purchase: DaysSince | None = None
    nth_purchase: NthPurchase | None = None
    history: Annotated[tuple[HistoryCondition, ...], Field(max_length=16)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("attributes[{}].name", [one.name for one in self.attributes])
        return self
