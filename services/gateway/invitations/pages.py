"""The page by which a friend answers an invitation. Pure, without scripts; it says nothing of the friend."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from libs.language.catalogue import LANGUAGES
from services.gateway.invitations.words import INVITATIONS
from services.gateway.site.markup import page

_NAMES = {"en": "English", "de": "Deutsch"}


class Shown(NamedTuple):
    """An invitation as it is shown: the text of its link, its programme, the language."""

    token: str
    programme: str
    language: str

    def say(self, key: str) -> str:
        """Say a text, as HTML."""
        return escape(INVITATIONS.say(self.language, key, programme=self.programme))


def asking_page(shown: Shown, answer: str | None, code: str | None) -> str:
    """What is asked, what was answered, and the code once somebody has agreed."""
    told = ""
    if answer == "refused":
        told = f'<p role="status" class="good">{shown.say("refused")}</p>'
    elif answer == "agreed" and code is not None:
        told = f'<p role="status" class="good">{shown.say("agreed")} <b><code>{escape(code)}</code></b></p>'
    asked = shown.say("ask") if answer is None else shown.say("change")
    buttons = "".join(
        f'<button name="answer" value="{value}">{shown.say(word)}</button> '
        for word, value in (("yes", "agreed"), ("no", "refused"))
        if value != answer
    )
    here = f"/invited/{escape(shown.token)}"
    languages = " · ".join(
        f'<b aria-current="true" lang="{each}">{_NAMES[each]}</b>'
        if each == shown.language
        else f'<a href="{here}?lang={each}" lang="{each}" hreflang="{each}">{_NAMES[each]}</a>'
        for each in LANGUAGES
    )
    body = (
        f'<p>{shown.say("what")}</p>{told}<form method="post" action="{here}?lang={shown.language}"><p>{asked}</p>'
        f'{buttons}</form><nav aria-label="{shown.say("languages")}">{languages}</nav>'
    )
    return page(INVITATIONS.say(shown.language, "title", programme=shown.programme), body, language=shown.language)


def broken_page(language: str) -> str:
    """What stands where a link leads nowhere."""
    title, why = [INVITATIONS.say(language, key) for key in ("broken", "broken.why")]
    return page(title, f"<p>{escape(why)}</p>", language=language)
