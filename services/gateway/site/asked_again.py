"""A page of the console that asks a second time before something serious is done; it takes no script. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

from libs.language.catalogue import Catalogue
from services.gateway.site.console_page import console_page

_FIELD = "sure"
_YES = "yes"
_WORDS = Catalogue({"en": {"back": "No, go back"}, "de": {"back": "Nein, zurück"}})


class Serious(NamedTuple):
    """What is to be done: the question with what follows from it, the button's words, and where a "no" leads."""

    title: str
    question: str
    follows: str
    yes: str
    back: str


def is_sure(fields: Mapping[str, str]) -> bool:
    """Whether a form was sent by somebody who was asked a second time."""
    return fields.get(_FIELD) == _YES


def ask_again(here: str, serious: Serious, action: str, fields: Mapping[str, str], language: str) -> str:
    """Return the page that asks; it sends the fields to `action` once more, and that somebody is sure."""
    carried = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in {**fields, _FIELD: _YES}.items()
    )
    body = (
        f"<p><strong>{escape(serious.question)}</strong></p><p>{escape(serious.follows)}</p>"
        f'<form method="post" action="{escape(action)}">{carried}<p class="dos"><button>{escape(serious.yes)}</button>'
        f' <a href="{escape(serious.back)}">{escape(_WORDS.say(language, "back"))}</a></p></form>'
    )
    return console_page(here, serious.title, body, language)
