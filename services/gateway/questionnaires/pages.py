"""Questions on a member's own page: the way to them, and the form. Pure, without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from libs.questionnaires.form import MOST_TEXT, Number, OneOf, Question, SeveralOf, words
from libs.questionnaires.postgres import Kept
from services.gateway.mine.pages import Shown
from services.gateway.questionnaires.texts import QUESTIONS
from services.gateway.site.markup import listed, page

PART = "questions"
"""Where the form lies below a member's own page."""


def section(shown: Shown, found: Iterable[Kept]) -> str:
    """The ways to what waits for a member's answers; nothing where nothing does."""
    links = [
        f'<a href="{shown.path(PART, each.name)}">{escape(words(each.asked.title, shown.language))}</a>'
        for each in found
    ]
    return f"<h2>{_say(shown.language, 'waiting')}</h2>{listed(links)}" if links else ""


def form_page(shown: Shown, kept: Kept, faults: Mapping[str, str], given: Mapping[str, str], refused: str = "") -> str:
    """The questions, with what was answered before something was wrong with it."""
    language = shown.language
    told = f'<p role="alert" class="bad">{_say(language, "refused")} {escape(refused)}</p>' if refused else ""
    fields = "".join(_question(each, language, faults.get(each.name), given) for each in kept.asked.questions)
    body = (
        f'{told}<p class="soft">{_say(language, "why")}</p><form method="post" action="{shown.path(PART, kept.name)}">'
        f'{fields}<p><button type="submit">{_say(language, "send")}</button></p></form>{_back(shown)}'
    )
    return page(words(kept.asked.title, language), body, language=language, worn=shown.worn)


def said_page(shown: Shown, kept: Kept, refused: str = "") -> str:
    """That the answers were taken, or why there is nothing to answer."""
    kind = 'role="alert" class="bad"' if refused else 'role="status" class="good"'
    text = escape(refused) or _say(shown.language, "thanks")
    body = f"<p {kind}>{text}</p>{_back(shown)}"
    return page(words(kept.asked.title, shown.language), body, language=shown.language, worn=shown.worn)


def _question(question: Question, language: str, fault: str | None, given: Mapping[str, str]) -> str:
    legend = escape(words(question.texts, language))
    if question.optional:
        legend += f" {_say(language, 'optional')}"
    wrong = "" if fault is None else f'<p role="alert" class="bad" id="wrong-{question.name}">{escape(fault)}</p>'
    if isinstance(question, SeveralOf):
        ticks = [(f"{question.name}.{each.attribute}", words(each.texts, language)) for each in question.choices]
        inputs = "".join(
            f'<label class="check"><input type="checkbox" name="{name}" value="yes"{" checked" * (name in given)}> '
            f"{escape(text)}</label>"
            for name, text in ticks
        )
        return f'<fieldset class="checks"><legend>{legend}</legend>{wrong}{inputs}</fieldset>'
    if isinstance(question, OneOf) or question.kind == "yes_no":
        return _radios(question, language, legend, wrong, given.get(question.name, ""))
    about = f' aria-describedby="wrong-{question.name}"' if wrong else ""
    needed = "" if question.optional else " required"
    hint = f'<br><span class="soft">{_say(language, "text-hint")}</span>' if question.kind == "text" else ""
    kinds = {"date": ' type="date"', "text": f' maxlength="{MOST_TEXT}"'}
    if isinstance(question, Number):
        kinds["number"] = f' type="number" min="{question.least}" max="{question.most}" step="1"'
    value = escape(given.get(question.name, ""))
    return (
        f'<p><label for="{question.name}">{legend}</label> <input id="{question.name}" name="{question.name}"'
        f'{kinds[question.kind]} value="{value}"{needed}{about}>{hint}</p>{wrong}'
    )


def _radios(question: Question, language: str, legend: str, wrong: str, given: str) -> str:
    if isinstance(question, OneOf):
        offered = [(each.value, words(each.texts, language)) for each in question.options]
    else:
        offered = [(each, QUESTIONS.say(language, each)) for each in ("yes", "no")]
    needed = "" if question.optional else " required"
    inputs = "".join(
        f'<label class="check"><input type="radio" name="{question.name}" value="{escape(value)}"'
        f"{' checked' * (value == given)}{needed}> {escape(text)}</label>"
        for value, text in offered
    )
    return f'<fieldset class="checks"><legend>{legend}</legend>{wrong}{inputs}</fieldset>'


def _back(shown: Shown) -> str:
    return f'<p><a href="{shown.path()}">{_say(shown.language, "back")}</a></p>'


def _say(language: str, key: str) -> str:
    return escape(QUESTIONS.say(language, key))
