"""Small pieces of HTML that all pages are made of. What is given as HTML is trusted; callers escape texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from html import escape

from libs.language import wording
from libs.ledger.zones import load_zone
from services.gateway.site.dress import PLAIN, Dress

_CODE = re.compile("`([^`]+)`")


def page(
    title: str,
    body: str,
    *,
    script: bool = False,
    counts_down: bool = False,
    wide: bool = False,
    language: str = "en",
    top: str = "",
    worn: Dress = PLAIN,
) -> str:
    """Return a whole page; nothing is loaded from elsewhere. `script` adds our own, `wide` uses the whole screen.

    `counts_down` keeps the time that is left true while the page is looked at.

    `top` stands before what is the page's own; `worn` is what the page has of its brand.
    """
    head = '<script src="/live.js" defer></script>' if script else ""
    head += '<script src="/time-left.js" defer></script>' if counts_down else ""
    head += f'<link rel="icon" href="{worn.icon}">{worn.head}'
    shape = ' class="wide"' if wide else ""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/style.css">{head}</head>'
        f"<body{shape}>{top}{worn.top}<main><h1>{escape(title)}</h1>{body}</main>{worn.foot}</body></html>"
    )


def prose(text: str) -> str:
    """Return a plain text as HTML; what stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def preformatted(text: str) -> str:
    """Return a text that keeps its lines; where it is too wide, it scrolls by itself, by keys too."""
    return f'<pre tabindex="0">{escape(text)}</pre>'


def table(caption: str, heads: Iterable[str], lines: str, *, of: str = "") -> str:
    """Return a table with a caption; the lines are made by `rows`. Where it is too wide, it scrolls by itself.

    `of` tells it apart from tables with the same caption, for who can't see where it stands.
    """
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    label = escape(f"{caption}: {of}" if of else caption)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def rows(lines: Iterable[Iterable[object]]) -> str:
    """Return table rows of cells that are HTML already."""
    return "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines)


def listed(items: Iterable[str]) -> str:
    """Return a list of HTML items."""
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def time_left(until: datetime, at: datetime, language: str) -> str:
    """Return how long it is until an instant, which the script of `page` counts down."""
    told = escape(wording.time_left(until - at, language))
    return f'<time class="left" datetime="{until.isoformat()}">{told}</time>'


def instant(at: datetime, zone: str, language: str) -> str:
    """Return an instant in words of a zone, which it names; programs can read it too."""
    told = wording.zoned_moment(at, load_zone(zone), language)
    return f'<time datetime="{at.isoformat()}">{escape(told)}</time>'
