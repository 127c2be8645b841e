"""The outbox, for who is signed in: each captured message as its member would see it, and what was decided on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from libs.deliveries.own import Shown
from libs.deliveries.texts import DELIVERIES, entry_in_words, name_of_message
from libs.deliveries.told import Captured
from libs.posts.postgres import Shown as Post
from services.gateway.door.middleware import SECURITY_HEADERS
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.messages.desk import MessageDesk
from services.gateway.posts.desk import desk_of_posts
from services.gateway.posts.pages import HERE as POSTS
from services.gateway.site.console_door import let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import instant, listed, preformatted, prose, rows, table

router = APIRouter(include_in_schema=False)
HERE = "/outbox"
SCOPE = "pii:read"
_MOST = 100
_SHORT = 90
_PHONES = frozenset(("sms", "push", "web_push"))
_FRAMING = {"Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"] + "; frame-src 'self'"}
_FRAMED = {
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        "img-src 'self' https: data:; frame-ancestors 'self'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}
"""A mail is somebody's HTML: it runs nothing, sends nothing, and what it links to opens beside it."""
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_BASE = '<base target="_blank">'


@router.get(HERE)
async def outbox_page(request: Request, language: Language) -> Response:
    """List what was captured, newest first."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    found = await _desk(request).captured(visitor.key.tenant_id, _MOST)
    say = DELIVERIES.say
    body = f'<p class="soft">{escape(say(language, "page.intro"))}</p>'
    if found:
        heads = [escape(say(language, f"page.{name}")) for name in ("when", "message", "channel", "to", "says", "show")]
        body += table(say(language, "page.title"), heads, rows(_line(each, language) for each in found))
    else:
        body += f"<p>{escape(say(language, 'page.empty'))}</p>"
    body += _own(await _desk(request).own_captured(visitor.key.tenant_id, _MOST), language)
    body += _posts(await desk_of_posts(request).captured(visitor.key.tenant_id, _MOST), language)
    page = console_page(HERE, say(language, "page.title"), body, language)
    return remember(request, HTMLResponse(page, headers=NO_STORE), visitor.session)


@router.get(HERE + "/own/{letter_id}")
async def own_letter_body(request: Request, language: Language, letter_id: UUID) -> Response:
    """Show a letter to somebody of the company, by itself."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    found = await _desk(request).own_captured(visitor.key.tenant_id, 1, letter_id)
    if not found:
        raise ProblemError("message-unknown")
    request.state.headers.update(_FRAMED)
    return HTMLResponse(_as_page(found[0].html, found[0].text), headers=NO_STORE)


@router.get(HERE + "/{message_id}")
async def message_page(request: Request, language: Language, message_id: UUID) -> Response:
    """Show one message as its member would see it, and every decision about it."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    found = await _found(request, visitor.key.tenant_id, message_id)
    request.state.headers.update(_FRAMING)
    page = console_page(HERE, name_of_message(found.told.message, language), _shown(found, language), language)
    return remember(request, HTMLResponse(page, headers=NO_STORE), visitor.session)


@router.get(HERE + "/{message_id}/body")
async def message_body(request: Request, language: Language, message_id: UUID) -> Response:
    """The mail by itself, for the frame."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    found = await _found(request, visitor.key.tenant_id, message_id)
    request.state.headers.update(_FRAMED)
    return HTMLResponse(_as_page(found.html, found.text), headers=NO_STORE)


def _desk(request: Request) -> MessageDesk:
    desk: MessageDesk = request.app.state.messages
    return desk


async def _found(request: Request, tenant_id: int, message_id: UUID) -> Captured:
    found = await _desk(request).one_captured(tenant_id, message_id)
    if found is None:
        raise ProblemError("message-unknown")
    return found


def _as_page(html: str | None, text: str) -> str:
    """A mail as a page, whose links open beside it."""
    shown = html or preformatted(text)
    return _HEAD.sub(lambda head: head[0] + _BASE, shown, count=1) if _HEAD.search(shown) else _BASE + shown


def _own(found: Sequence[Shown], language: str) -> str:
    """Letters to people of the company: tests, and figures."""
    if not found:
        return ""
    say = DELIVERIES.say
    heads = [escape(say(language, f"page.{name}")) for name in ("when", "message", "channel", "to", "says", "show")]
    lines = rows(
        (
            instant(each.captured_at, "UTC", language),
            escape(name_of_message(each.message, language)),
            escape(say(language, f"channel.{each.channel}")),
            f"<code>{escape(each.address)}</code>",
            escape(_short(each.title or each.text)),
            f'<a href="{HERE}/own/{each.letter_id}?lang={language}">{escape(say(language, "page.show"))}</a>',
        )
        for each in found
    )
    return f"<h2>{escape(say(language, 'page.own'))}</h2>" + table(say(language, "page.own"), heads, lines)


def _posts(found: Sequence[Post], language: str) -> str:
    """Posts on pages of the company: each leads to where it is shown as its readers would see it."""
    if not found:
        return ""
    say = DELIVERIES.say
    heads = [escape(say(language, f"page.{name}")) for name in ("when", "message", "to", "says", "show")]
    lines = rows(
        (
            instant(each.captured_at, "UTC", language),
            escape(each.name),
            f"<code>{escape(each.page)}</code>",
            escape(_short(each.text)),
            f'<a href="{POSTS}/{each.post_id}?lang={language}">{escape(say(language, "page.show"))}</a>',
        )
        for each in found
    )
    return f"<h2>{escape(say(language, 'page.posts'))}</h2>" + table(say(language, "page.posts"), heads, lines)


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "\u2026"


def _line(found: Captured, language: str) -> tuple[str, ...]:
    told = found.told
    shown = _short(found.title or found.text)
    link = f'<a href="{HERE}/{told.delivery_id}?lang={language}">{escape(DELIVERIES.say(language, "page.show"))}</a>'
    return (
        instant(found.captured_at, "UTC", language),
        escape(name_of_message(told.message, language)),
        escape(DELIVERIES.say(language, f"channel.{told.channel}")),
        f"<code>{escape(found.address)}</code>",
        escape(shown),
        link,
    )


def _shown(found: Captured, language: str) -> str:
    told, say = found.told, DELIVERIES.say
    about = [
        f"{escape(say(language, 'page.channel'))}: {escape(say(language, f'channel.{told.channel}'))}",
        f"{escape(say(language, 'page.to'))}: <code>{escape(found.address)}</code>",
        f'{escape(say(language, "page.member"))}: <a href="/members/{told.member_id}?lang={language}">'
        f"<code>{told.member_id}</code></a>",
    ]
    if found.unsubscribe is not None:
        refuse = escape(found.unsubscribe, quote=True)
        about.append(
            f'{escape(say(language, "page.refuse"))}: <a href="{refuse}" target="_blank" rel="noopener">{refuse}</a>'
        )
    decided = [(instant(each.at, "UTC", language), escape(entry_in_words(each, language))) for each in told.trail]
    heads = [escape(say(language, f"page.{name}")) for name in ("when", "reason")]
    return (
        _picture(found, language)
        + listed(about)
        + table(say(language, "page.why"), heads, rows(decided))
        + f"<h2>{escape(say(language, 'page.text'))}</h2>{preformatted(found.text)}"
    )


def _picture(found: Captured, language: str) -> str:
    """The message as it looks: a mail in its frame, what goes to a phone on a phone."""
    label = escape(DELIVERIES.say(language, "page.shown"), quote=True)
    if found.told.channel in _PHONES:
        title = f"<strong>{escape(found.title)}</strong>" if found.title else ""
        return (
            f'<div class="phone" role="img" aria-label="{label}"><p class="soft">{escape(found.sender)}</p>'
            f'<div class="bubble">{title}<p>{prose(found.text)}</p></div></div>'
        )
    subject = f"<p><strong>{escape(found.title)}</strong></p>" if found.title else ""
    return (
        f'{subject}<iframe class="mail" title="{label}" src="{HERE}/{found.told.delivery_id}/body" '
        'sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
    )
