"""A member's own page as somebody of the company looks at it: marked, and without anything that could be done. Pure."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from html import escape

from libs.language import wording
from services.gateway.mine.texts import MINE
from services.gateway.site.dress import Dress

_FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)


def marked(worn: Dress, until: datetime, zone: tzinfo, language: str) -> Dress:
    """Return what a page wears with a word above it on who looks at it, and until when they may."""
    told = MINE.say(language, "looking", until=wording.zoned_moment(until, zone, language))
    return worn._replace(top=f'<p role="note" class="bad">▲ {escape(told)}</p>{worn.top}')


def without_forms(html: str) -> str:
    """Return a page of ours without its forms; a form holds no other."""
    return _FORM.sub("", html)
