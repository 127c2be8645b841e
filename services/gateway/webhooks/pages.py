"""The console's pages about webhooks, as HTML. Pure: what a receiver answered is text and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape

from libs.language import wording
from libs.webhooks.endpoints import Attempt, Endpoint, Kept
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import instant, preformatted, prose, rows, table
from services.gateway.webhooks.words import WORDS

HERE = "/webhooks"
_ZONE = "UTC"


def endpoints_page(found: Sequence[Endpoint], now: datetime, language: str, *, may_change: bool) -> str:
    """The page of all endpoints."""
    if not found:
        return _page(f"<p>{prose(WORDS.say(language, 'none'))}</p>", language)
    lines = [
        (
            f'<a href="{HERE}/{each.endpoint_id}?lang={language}">{escape(each.url)}</a>'
            + (f"<br>{escape(each.description)}" if each.description else ""),
            "<br>".join(escape(kind) for kind in each.event_types),
            _state(each, now, language),
            instant(each.state_at, _ZONE, language),
            wording.number(each.waiting, language),
            _turning(each, language) if may_change else "",
        )
        for each in found
    ]
    heads = _heads(language, "url", "types", "state", "last", "waiting", "do")
    return _page(table(WORDS.say(language, "endpoints"), heads, rows(lines)), language)


def endpoint_page(endpoint: Endpoint, found: Sequence[Kept], now: datetime, language: str, *, may_change: bool) -> str:
    """The page of one endpoint: what it was told."""
    head = f"<p>{_back(language)}</p><p>{escape(endpoint.url)}: {_state(endpoint, now, language)}</p>"
    if not found:
        return _page(f"{head}<p>{escape(WORDS.say(language, 'no_messages'))}</p>", language)
    lines = [
        (
            f'<a href="{HERE}/{endpoint.endpoint_id}/{each.message_id}?lang={language}">{escape(each.event_type)}</a>',
            instant(each.queued_at, _ZONE, language),
            escape(WORDS.say(language, f"state.{each.state}")),
            wording.number(each.attempts, language),
            instant(each.due_at, _ZONE, language) if each.state == "waiting" else "",
            _button(f"{HERE}/{endpoint.endpoint_id}/{each.message_id}/resend", "resend", language)
            if may_change
            else "",
        )
        for each in found
    ]
    heads = _heads(language, "type", "queued", "state", "count", "next", "do")
    return _page(head + table(WORDS.say(language, "messages"), heads, rows(lines)), language)


def message_page(endpoint: Endpoint, kept: Kept, attempts: Sequence[Attempt], language: str) -> str:
    """The page of one message: what it says, and each attempt."""
    lines = [
        (
            wording.number(each.number, language),
            instant(each.at, _ZONE, language),
            f"{wording.number(each.took_ms, language)} ms",
            "" if each.status is None else str(each.status),
            escape(each.why),
            preformatted(each.answer) if each.answer else "",
        )
        for each in attempts
    ]
    heads = _heads(language, "count", "at", "took", "status", "why", "text")
    back = f'<a href="{HERE}/{endpoint.endpoint_id}?lang={language}">{escape(endpoint.url)}</a>'
    told = (
        f"<p>{_back(language)} / {back}</p>"
        f"<p>{escape(kept.event_type)}: {escape(WORDS.say(language, f'state.{kept.state}'))}</p>"
        f"<h2>{escape(WORDS.say(language, 'body'))}</h2>{preformatted((kept.body or b'').decode())}"
    )
    return _page(told + table(WORDS.say(language, "attempts"), heads, rows(lines)), language)


def told_page(key: str, language: str) -> str:
    """A page that says one thing."""
    return _page(f'<p role="alert">{escape(WORDS.say(language, key))}</p>', language)


def _page(body: str, language: str) -> str:
    return console_page(HERE, WORDS.say(language, "title"), body, language)


def _heads(language: str, *keys: str) -> list[str]:
    return [escape(WORDS.say(language, key)) for key in keys]


def _back(language: str) -> str:
    return f'<a href="{HERE}?lang={language}">{escape(WORDS.say(language, "back"))}</a>'


def _state(endpoint: Endpoint, now: datetime, language: str) -> str:
    if endpoint.state == "on" and endpoint.paused_until is not None and endpoint.paused_until - now > timedelta(0):
        return escape(WORDS.say(language, "state.paused", at=f"{endpoint.paused_until:%H:%M:%S} UTC"))
    return escape(WORDS.say(language, f"state.{endpoint.state}"))


def _turning(endpoint: Endpoint, language: str) -> str:
    place = f"{HERE}/{endpoint.endpoint_id}"
    turn = "disable" if endpoint.state == "on" else "enable"
    tried = _button(f"{place}/test", "test", language) if endpoint.state == "on" else ""
    return tried + _button(f"{place}/{turn}", turn, language)


def _button(action: str, key: str, language: str) -> str:
    return (
        f'<form method="post" action="{action}?lang={language}">'
        f'<button type="submit">{escape(WORDS.say(language, key))}</button></form>'
    )
