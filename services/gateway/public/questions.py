"""Answers to what people ask about the end of points, made from the rules that are in force. Pure.

They can't disagree with the rules: what is said of a wallet is what the engine does with it, and the days are those of
the calendar that gives lots their dates.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from libs.promotions.expiry_words import wallet_expiry_words
from services.gateway.expiry.common_day import common_day, common_days
from services.gateway.public.pages import Shown, languages
from services.gateway.public.question_words import QUESTIONS
from services.gateway.site.markup import page


class Question(NamedTuple):
    """A question, and its answer."""

    asked: str
    answer: str


def questions(shown: Shown) -> list[Question]:
    """Return what is asked of the programme in force, and the answers."""
    return list(_questions(shown))


def questions_page(shown: Shown) -> str:
    """The questions and answers as a page."""
    items = "".join(f"<h2>{escape(one.asked)}</h2><p>{escape(one.answer)}</p>" for one in questions(shown))
    href = escape(f"{shown.path('rules')}?lang={shown.language}")
    body = (
        f'<p class="soft">{escape(shown.programme.name)}</p>{items}'
        f'<p><a href="{href}">{escape(_say(shown, "rules"))}</a></p>' + languages(shown, "questions", {})
    )
    return page(_say(shown, "title"), body, language=shown.language, worn=shown.worn)


def _questions(shown: Shown) -> Iterator[Question]:
    wallets = shown.compiled.source.wallets
    lapsing, together = False, True
    for wallet in wallets:
        days = common_days(shown.version, wallet, shown.at, shown.language)
        if wallet.expiry.kind != "never":
            lapsing = True
            together = together and common_day(shown.version, wallet.name, shown.at) is not None
        asked = _say(shown, "when.wallet", wallet=wallet.name) if len(wallets) > 1 else _say(shown, "when")
        yield Question(asked, " ".join([*wallet_expiry_words(wallet, shown.language), *days]))
    if lapsing:
        yield Question(_say(shown, "one"), _say(shown, "one.answer" if together else "one.other"))
        yield Question(_say(shown, "hour"), _say(shown, "hour.answer", zone=shown.compiled.source.zone))
        yield Question(_say(shown, "first"), _say(shown, "first.answer"))
    if lapsing and any(wallet.pending is not None for wallet in wallets):
        yield Question(_say(shown, "pending"), _say(shown, "pending.answer"))


def _say(shown: Shown, key: str, **values: object) -> str:
    return QUESTIONS.say(shown.language, key, **values)
