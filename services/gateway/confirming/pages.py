"""The page by which somebody confirms a consent. Pure, without scripts; it says nothing of whoever reads it."""

from __future__ import annotations

from datetime import tzinfo
from html import escape
from typing import NamedTuple

from libs.language import wording
from libs.language.catalogue import LANGUAGES
from services.gateway.confirming.asked import Asked
from services.gateway.confirming.links import PLACE
from services.gateway.confirming.words import CONFIRMING
from services.gateway.site.dress import PLAIN, Dress
from services.gateway.site.markup import page

_NAMES = {"en": "English", "de": "Deutsch"}


class Shown(NamedTuple):
    """A question as it is shown: the text of its link, its programme, whose days they are, the language."""

    token: str
    programme: str
    zone: tzinfo
    language: str
    worn: Dress = PLAIN

    def say(self, key: str, **values: object) -> str:
        """Say a text, as HTML."""
        return escape(CONFIRMING.say(self.language, key, programme=self.programme, **values))


def asking_page(shown: Shown, asked: Asked) -> str:
    """What was agreed to, and the button that says yes; or the thanks for it."""
    here = f"{PLACE}/{escape(shown.token)}"
    day = wording.day(asked.asked_at.astimezone(shown.zone).date(), shown.language)
    if asked.confirmed_at is None:
        rest = (
            f'<p>{shown.say("ask")}</p><form method="post" action="{here}?lang={shown.language}">'
            f'<button name="answer" value="yes">{shown.say("yes")}</button></form><p>{shown.say("not")}</p>'
        )
    else:
        rest = f'<p role="status" class="good">{shown.say("done")}</p>'
    languages = " · ".join(
        f'<b aria-current="true" lang="{each}">{_NAMES[each]}</b>'
        if each == shown.language
        else f'<a href="{here}?lang={each}" lang="{each}" hreflang="{each}">{_NAMES[each]}</a>'
        for each in LANGUAGES
    )
    body = (
        f"<p>{shown.say('what', day=day)}</p><blockquote><p>{escape(asked.text)}</p></blockquote>{rest}"
        f'<nav aria-label="{shown.say("languages")}">{languages}</nav>'
    )
    title = CONFIRMING.say(shown.language, "title", programme=shown.programme)
    return page(title, body, language=shown.language, worn=shown.worn)


def late_page(shown: Shown, asked: Asked) -> str:
    """What stands where a link is followed too late."""
    day = wording.day(asked.until.astimezone(shown.zone).date(), shown.language)
    body = f"<p>{shown.say('late.why', day=day)}</p>"
    return page(CONFIRMING.say(shown.language, "late"), body, language=shown.language, worn=shown.worn)


def broken_page(language: str) -> str:
    """What stands where a link leads nowhere."""
    title, why = [CONFIRMING.say(language, key) for key in ("broken", "broken.why")]
    return page(title, f"<p>{escape(why)}</p>", language=language)
