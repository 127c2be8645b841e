"""The page on which a member chooses what to hear of, and the answer to one click. Pure, without scripts.

Neither says anything about the person: letters are passed on, and so are the links in them.
"""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from libs.contacts.links import Link
from libs.language.catalogue import LANGUAGES
from services.gateway.contacts.choices import Choice, by_purpose
from services.gateway.contacts.preference_words import PREFERENCES
from services.gateway.site.dress import PLAIN, Dress
from services.gateway.site.markup import page

_NAMES = {"en": "English", "de": "Deutsch"}


class Shown(NamedTuple):
    """A link as it is shown: its text and what it says, in which programme, in which language."""

    token: str
    link: Link
    programme: str
    language: str
    worn: Dress = PLAIN

    def say(self, key: str, /, **values: object) -> str:
        """Say a text, as HTML."""
        return escape(PREFERENCES.say(self.language, key, **values))

    def path(self, rest: str = "", language: str | None = None) -> str:
        """An address below the link, in a language."""
        return escape(f"/u/{self.token}{rest}?lang={language or self.language}")

    def about(self, key: str) -> str:
        """Say a text on what the link ends."""
        what, channel = [PREFERENCES.say(self.language, name) for name in (self.link.purpose, self.link.channel)]
        return self.say(key, what=what, channel=channel)


def choices_page(shown: Shown, boxes: list[Choice], *, said: str | None = None) -> str:
    """The form with its boxes, and what became of it when it was sent."""
    told = "" if said is None else f'<p role="status" class="good">{shown.say(said)}</p>'
    old = "" if all(box.open for box in boxes) else f'<p class="soft">{shown.say("old")}</p>'
    groups = "".join(_group(shown, purpose, some) for purpose, some in by_purpose(boxes))
    body = (
        f'<p class="soft">{shown.say("programme", programme=shown.programme)}</p>{told}'
        f"<p>{shown.say('how')}</p>{old}"
        f'<form class="choices" method="post" action="{shown.path("/choices")}">{groups}'
        f'<button type="submit">{shown.say("save")}</button></form>{_one_click(shown, boxes)}{_languages(shown)}'
    )
    return page(PREFERENCES.say(shown.language, "title"), body, language=shown.language, worn=shown.worn)


def stopped_page(shown: Shown) -> str:
    """The answer to one click."""
    body = (
        f'<p class="soft">{shown.say("programme", programme=shown.programme)}</p>'
        f'<p role="status" class="good">{shown.about("stopped")}</p>'
        f'<p><a href="{shown.path()}">{shown.say("more")}</a></p>'
    )
    return page(PREFERENCES.say(shown.language, "title"), body, language=shown.language, worn=shown.worn)


def broken_page(language: str) -> str:
    """What stands where a link leads nowhere."""
    title, why = [PREFERENCES.say(language, key) for key in ("broken", "broken.why")]
    return page(title, f"<p>{escape(why)}</p>", language=language)


def _group(shown: Shown, purpose: str, boxes: list[Choice]) -> str:
    rows = "".join(
        f'<label><input type="checkbox" name="{box.name}"{" checked" if box.on else ""}'
        f"{'' if box.open else ' disabled'}> {shown.say(box.channel)}</label>"
        f'<input type="hidden" name="shown.{box.name}" value="1">'
        for box in boxes
    )
    why = f'<p class="soft" id="why-{purpose}">{shown.say(f"{purpose}.why")}</p>'
    return f'<fieldset aria-describedby="why-{purpose}"><legend>{shown.say(purpose)}</legend>{why}{rows}</fieldset>'


def _one_click(shown: Shown, boxes: list[Choice]) -> str:
    """A button for what the link is about, for whoever came for nothing else."""
    on = any(box.on and (box.purpose, box.channel) == (shown.link.purpose, shown.link.channel) for box in boxes)
    if not on:
        return ""
    return (
        f'<form method="post" action="{shown.path()}"><p>{shown.about("stop")}</p>'
        f'<button type="submit">{shown.say("stop.button")}</button></form>'
    )


def _languages(shown: Shown) -> str:
    links = [
        f'<b aria-current="true" lang="{language}">{_NAMES[language]}</b>'
        if language == shown.language
        else f'<a href="{shown.path(language=language)}" lang="{language}" hreflang="{language}">{_NAMES[language]}</a>'
        for language in LANGUAGES
    ]
    return f'<nav class="languages" aria-label="{shown.say("languages")}">{" · ".join(links)}</nav>'
