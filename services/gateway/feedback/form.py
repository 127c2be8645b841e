"""The form by which a member rates an order, and stars as they are shown. Pure, without scripts."""

from __future__ import annotations

from functools import partial
from html import escape
from uuid import UUID

from libs.language import wording
from services.gateway.feedback.figures import MOST
from services.gateway.feedback.texts import FEEDBACK
from services.gateway.feedback.views import MOST_WORDS


def stars_in_words(stars: int, language: str) -> str:
    """So many stars, in words."""
    return FEEDBACK.say(language, "star", n=stars, number=wording.number(stars, language))


def drawn(stars: int, language: str) -> str:
    """Stars to look at, and in words for who can't."""
    told = escape(stars_in_words(stars, language))
    return f'<span class="stars" role="img" aria-label="{told}">{"★" * stars}{"☆" * (MOST - stars)}</span>'


def rating_form(action: str, order_id: UUID, given: int | None, language: str) -> str:
    """The form; folded away where the member has rated the order already. `action` is HTML."""
    say = partial(FEEDBACK.say, language)
    name = order_id.hex[:12]
    choices = "".join(
        f'<label class="check"><input type="radio" name="stars" value="{stars}" required> '
        f"{drawn(stars, language)}</label>"
        for stars in range(MOST, 0, -1)
    )
    form = (
        f'<form method="post" action="{action}"><fieldset class="checks"><legend>{escape(say("how-was-it"))}</legend>'
        f'{choices}</fieldset><p><label for="words-{name}">{escape(say("your-words"))}</label>'
        f'<textarea id="words-{name}" name="words" rows="2" maxlength="{MOST_WORDS}"></textarea></p>'
        f"<p><button>{escape(say('send'))}</button></p></form>"
    )
    if given is None:
        return f"<details><summary>{escape(say('how-was-it'))}</summary>{form}</details>"
    told = escape(say("you-said", stars=stars_in_words(given, language)))
    return (
        f"<p>{drawn(given, language)} {told}</p>"
        f"<details><summary>{escape(say('change'))}</summary>{form}</details>"
    )  # fmt: skip
