"""What callers send and are told of questionnaires."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from libs.questionnaires.figures import Share
from libs.questionnaires.form import Questionnaire, words
from libs.questionnaires.postgres import Kept, told
from services.gateway.rules.bodies import Body
from services.gateway.views import View

_DOCUMENT: JsonDict = {
    "title": {"en": "Tell us about you", "de": "Erzählen Sie von sich"},
    "questions": [
        {
            "name": "pet",
            "kind": "one",
            "texts": {"en": "Who lives with you?", "de": "Wer lebt bei Ihnen?"},
            "attribute": "pet",
            "options": [
                {"value": "dog", "texts": {"en": "A dog", "de": "Ein Hund"}},
                {"value": "cat", "texts": {"en": "A cat", "de": "Eine Katze"}},
            ],
        },
    ],
    "again_after_days": 365,
}
_KEPT: JsonDict = {
    "name": "about-you",
    "questionnaire": _DOCUMENT,
    "kept_by": "console (42)",
    "kept_at": "2024-03-05T18:20:00Z",
}


class KeepingBody(Body):
    """A whole questionnaire."""

    model_config = ConfigDict(json_schema_extra={"example": {"questionnaire": _DOCUMENT}})

    questionnaire: Annotated[
        Questionnaire,
        WithJsonSchema(
            {
                "type": "object",
                "description": "Title and questions, each of a kind: `one`, `several`, `number`, `date`, `yes_no`, "
                "`text`; when it is asked; see docs/questionnaires.md.",
            }
        ),
    ]


class FillingBody(Body):
    """What a member answers."""

    model_config = ConfigDict(json_schema_extra={"example": {"answers": {"pet": "dog"}}})

    answers: dict[str, Any] = Field(
        max_length=20,
        description="By the name of the question: the value of an option, a list of the attributes that were chosen, a "
        "whole number, a date as YYYY-MM-DD, true or false, a text.",
    )


class QuestionnaireView(View):
    """A questionnaire."""

    model_config = ConfigDict(json_schema_extra={"example": _KEPT})

    name: str = Field(description="Its name.")
    questionnaire: dict[str, Any] = Field(description="Its document.")
    kept_by: str = Field(description="Who kept it last.")
    kept_at: datetime = Field(description="When.")


class QuestionnairesView(View):
    """The questionnaires of a programme."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_KEPT]}})

    data: tuple[QuestionnaireView, ...] = Field(description="By name.")


class WaitingView(View):
    """A questionnaire that a member may fill in now."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "about-you", "title": "Tell us about you", "questionnaire": _DOCUMENT}}
    )

    name: str = Field(description="Its name.")
    title: str = Field(description="Its title in the language of the answer.")
    questionnaire: dict[str, Any] = Field(description="Its document.")


class WaitingsView(View):
    """What a member may fill in now."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"data": [{"name": "about-you", "title": "Tell us about you", "questionnaire": _DOCUMENT}]}
        }
    )

    data: tuple[WaitingView, ...] = Field(description="By name.")


class FilledView(View):
    """That answers were taken."""

    model_config = ConfigDict(json_schema_extra={"example": {"filled": True}})

    filled: bool = Field(description="True: the profile follows in a moment.")


class AnswerShareView(View):
    """How many gave an answer."""

    model_config = ConfigDict(json_schema_extra={"example": {"question": "pet", "answer": "dog", "count": 17}})

    question: str = Field(description="The name of the question.")
    answer: str = Field(
        description="A value; an attribute that was chosen; a range of numbers, a year; `yes` or `no`; of texts `any`."
    )
    count: int = Field(description="In how many profiles it stands now.")


class QuestionnaireFiguresView(View):
    """How a questionnaire was answered."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"answered": 17, "answers": [{"question": "pet", "answer": "dog", "count": 17}]}
        }
    )  # fmt: skip

    answered: int = Field(description="How many members filled it in.")
    answers: tuple[AnswerShareView, ...] = Field(description="How many of them have which answer in their profile.")


def kept_view(kept: Kept) -> QuestionnaireView:
    """A questionnaire as it is answered."""
    return QuestionnaireView(name=kept.name, questionnaire=told(kept.asked), kept_by=kept.kept_by, kept_at=kept.kept_at)


def waiting_view(kept: Kept, language: str) -> WaitingView:
    """A questionnaire as a member is asked it."""
    title = words(kept.asked.title, language)
    return WaitingView(name=kept.name, title=title, questionnaire=told(kept.asked))


def figures_view(answered: int, shares: list[Share]) -> QuestionnaireFiguresView:
    """Figures as they are answered."""
    return QuestionnaireFiguresView(
        answered=answered,
        answers=tuple(AnswerShareView(question=each.question, answer=each.answer, count=each.times) for each in shares),
    )
