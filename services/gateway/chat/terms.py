"""What a programme says of its chat: whether members may write, its greeting, answers that are ready. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic.config import JsonDict

from libs.design.style import text_in
from services.gateway.rules.bodies import Body

MOST_TEXT = 2_000
"""Characters of one message."""
MOST_ANSWERS = 50
_KEPT = "\n\t\u200d"
"""What is not printed, and counts: the last joins signs to one, as in many emoji."""
_LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"

EXAMPLE: JsonDict = {
    "open": True,
    "greeting": {"en": "Mondays to Fridays we answer at once.", "de": "Montags bis freitags antworten wir sofort."},
    "answers": [{"name": "parcel", "texts": {"en": "Your parcel is on its way.", "de": "Ihr Paket ist unterwegs."}}],
}


def clean(text: str) -> str:
    """Return a text as it is kept: without what nobody can see, and without spaces around it.

    Raises:
        ValueError: nothing is left of it.
    """
    kept = "".join(each for each in text.replace("\r\n", "\n") if each in _KEPT or each.isprintable()).strip()
    if not kept:
        raise ValueError("must not be empty")
    return kept


Said = Annotated[str, Field(min_length=1, max_length=MOST_TEXT), AfterValidator(clean)]
Words = Annotated[dict[Annotated[str, Field(pattern=_LANGUAGE)], Said], Field(max_length=20)]


class ReadyAnswer(Body):
    """An answer that is ready, in the operator's words."""

    name: str = Field(pattern=_NAME, description="What the staff knows it by.")
    texts: Words = Field(min_length=1, description="Its words by language.")


class Terms(Body):
    """All that a programme says of its chat."""

    open: bool = Field(default=False, description="Whether members may write.")
    greeting: Words = Field(
        default_factory=dict, description="What stands above the chat, by language, as when somebody is there."
    )
    answers: tuple[ReadyAnswer, ...] = Field(
        default=(), max_length=MOST_ANSWERS, description="Answers that are ready for the staff."
    )

    @model_validator(mode="after")
    def _names_are_one(self) -> Terms:
        if len({each.name for each in self.answers}) != len(self.answers):
            raise ValueError("two answers have the same name")
        return self

    def with_answer(self, answer: ReadyAnswer) -> Terms:
        """The same with an answer more, or in place of the one of its name."""
        kept = [each for each in self.answers if each.name != answer.name]
        found = sorted([*kept, answer], key=lambda each: each.name)
        return Terms(open=self.open, greeting=self.greeting, answers=tuple(found))

    def without(self, name: str) -> Terms:
        """The same without an answer."""
        return self.model_copy(update={"answers": tuple(each for each in self.answers if each.name != name)})

    def answer(self, name: str, language: str) -> str:
        """The words of an answer in a language, else in another; nothing where there is none of the name."""
        return next((spoken(each.texts, language) for each in self.answers if each.name == name), "")


def spoken(texts: Mapping[str, str], language: str) -> str:
    """The words for a language, else in English, else the first there are."""
    return text_in(tuple(texts.items()), language)
