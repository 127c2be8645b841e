"""Customised rewards: made as the member wants it, with a choice for each option; not given back once it is made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from libs.catalogue.flow import Cancelling, Flow, flow
from libs.catalogue.kinds.base import PERSONAL, Choices, Code, Delivery, RewardKind, chosen, has_a_place
from libs.promotions.parts import FieldName, Part


class Customised(Part):
    """An article with options (`colour`: its choices), and room for words of up to `words_most` letters."""

    kind: Literal["customised"]
    article: Code
    options: Annotated[dict[FieldName, Choices], Field(max_length=20)]
    words_most: Annotated[int, Field(strict=True, ge=0, le=200)] = 0


class CustomisedAsked(Delivery):
    """A choice for each option, the words, and where to."""

    choices: Annotated[dict[FieldName, str], Field(default_factory=dict, max_length=20)]
    words: Annotated[str, Field(max_length=200)] | None = None


_MADE = flow(
    "ordered",
    "approved",
    "shipped",
    "delivered",
    back={"ordered": ("failed",), "approved": ("failed",), "shipped": ("failed",)},
    cancelling=Cancelling(frozenset({"ordered"})),
    restocks=False,
)


def _flow(data: Customised) -> Flow:
    return _MADE


def _answers(data: Customised, asked: CustomisedAsked) -> str | None:
    if asked.choices.keys() != data.options.keys() or len(asked.words or "") > data.words_most:
        return "answer-needed"
    wrong = any(chosen(asked.choices[name], choices) for name, choices in data.options.items())
    return "answer-needed" if wrong else has_a_place(data, asked)


KIND = RewardKind("customised", Customised, _flow, CustomisedAsked, PERSONAL | {"words"}, answers=_answers)
