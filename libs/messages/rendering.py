"""Filling a template for one member. A million reminders are filled here, so that nothing is done twice.

What a member is called, or anything else that somebody typed, is written as it is and never read as a template, as
markup or as another line of a title.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Template as JinjaTemplate

from libs.messages.content import Content
from libs.messages.environment import environment, locale_of
from libs.messages.template import Compiled
from libs.messages.values import Declared, fitted, one_line

LONGEST_TITLE = 255
LONGEST_WORDS = 20_000
LONGEST_HTML = 300_000

_TAG = re.compile(r"<([a-z][a-z0-9:]*) (?=[a-z])")
_WORD = re.compile(r"[a-z_]{3,}")
_GAPING = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")

_Filler = Callable[[dict[str, object]], str]


class TooLong(ValueError):
    """A filled template is longer than a message may be."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A compiled template in memory; made once for a version, and shared."""

    language: str
    declared: Declared
    title: _Filler | None
    text: _Filler
    html: _Filler | None
    says: frozenset[str] = frozenset()
    """The names in it, and maybe more: whoever finds none of a variable need not load it."""


def ready(compiled: Compiled, declared: Declared) -> Ready:
    """Make a compiled template ready to be filled."""
    locale = locale_of(compiled.language)
    assert locale is not None
    return Ready(
        compiled.language,
        declared,
        _filler(locale, compiled.title, html=False) if compiled.title else None,
        _filler(locale, compiled.text, html=False),
        None if compiled.html is None else _filler(locale, in_lines(compiled.html), html=True),
        frozenset(_WORD.findall(" ".join([compiled.title, compiled.text, compiled.html or ""]))),
    )


def in_lines(html: str) -> str:
    """HTML with a line for each tag that says more than its name: a mail goes as it is where its lines are short."""
    return _TAG.sub(r"<\1\n", html)


def render(template: Ready, values: Mapping[str, object]) -> Content:
    """Fill a template for one member. The address to go on from here is the value of `link`.

    Raises:
        Unfit: a value is missing, or of another type than was declared.
        TooLong: what came of it is longer than a message may be.
    """
    fit = fitted(template.declared, values)
    title = "" if template.title is None else one_line(template.title(fit)).strip()
    text = template.text(fit)
    if "\n\n\n" in text or " \n" in text:
        text = _GAPING.sub("\n\n", text)
    html = None if template.html is None else template.html(fit)
    if len(text) > LONGEST_WORDS or (html is not None and len(html) > LONGEST_HTML):
        raise TooLong("what came of the template is longer than a message may be")
    link = fit.get("link")
    return Content(
        template.language, title[:LONGEST_TITLE], text.strip(), html, link if isinstance(link, str) else None
    )


def _filler(locale: str, source: str, *, html: bool) -> _Filler:
    compiled: JinjaTemplate = environment(locale, html=html).from_string(source)
    if html:
        names = compiled.root_render_func.__globals__
        names["escape"] = lru_cache(maxsize=2048)(names["escape"])  # a mail says much that the one before said
    write, context = compiled.root_render_func, compiled.new_context

    def fill(values: dict[str, object]) -> str:
        return "".join(write(context(values, shared=True)))

    return fill
