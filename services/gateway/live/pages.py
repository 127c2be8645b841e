"""The live page, and the form to sign in. Pure; what changes is one fragment that is asked for again and again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape

import msgspec

from libs.promotions.pages import StoredDecision
from services.gateway.live.board import Board, TopicLag
from services.gateway.live.throughput import WINDOW, Throughput
from services.gateway.receipts.explained import brought
from services.gateway.receipts.parked_store import COUNTED
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import listed, page, rows, table
from services.gateway.views import masked
from services.gateway.words import OUTCOMES, REASONS

_LINKS = (
    ("/docs", "the HTTP API, for people"),
    ("/openapi.json", "the HTTP API, for programs (OpenAPI 3.1)"),
    ("/asyncapi", "the topics and their events, for people"),
    ("/asyncapi.yaml", "the topics and their events, for programs (AsyncAPI 3.0)"),
    ("/problems", "what each error means"),
    ("/readyz", "whether the door can serve"),
    ("/metrics", "metrics for Prometheus"),
)
_WIDTH, _HEIGHT = 600, 80
_WAITING = {
    "unclaimed": "Nobody has their identifier, or they name nobody.",
    "no-exchange-rate": "No rate is known for their currency.",
}


class _Identifier(msgspec.Struct):
    kind: str
    value: str


class _Said(msgspec.Struct):
    """What the page tells of an event's payload, whatever its kind."""

    receipt_number: str | None = None
    identifiers: tuple[_Identifier, ...] = ()
    activity: str | None = None


_said = msgspec.json.Decoder(_Said).decode


def sign_in(message: str = "") -> str:
    """The first page for who is not signed in."""
    told = f'<p class="bad" role="alert">▲ {escape(message)}</p>' if message else ""
    form = (
        '<form method="post" action="/sign-in"><label for="key">API key</label>'
        '<input id="key" name="key" type="password" autocomplete="off" required maxlength="120" '
        'spellcheck="false" placeholder="ly_…"><button>Sign in</button></form>'
        '<p class="soft">It takes the scope receipts:read. The key is not kept; the session ends an hour after the '
        "last look, and at once when the key is revoked.</p>"
    )
    return page("Pointstream", f"<p>An open loyalty platform.</p>{told}{form}{_links()}")


def live(board: Board, language: str) -> str:
    """The page for who is signed in; the bar speaks their language."""
    top = (
        f'<div class="bar"><p>{escape(board.tenant)} '
        '<span id="pulse" class="soft" role="status"></span></p>'
        '<button id="pause" type="button" hidden>Pause</button></div>'
    )
    body = f'{top}<div id="live">{fragment(board)}</div>{_links()}'
    return console_page("/", "Pointstream", body, language, spoken="en", script=True)


def fragment(board: Board) -> str:
    """What changes."""
    return (
        f'<div class="cards"><section>{_throughput(board)}</section><section>{_trouble(board)}</section>'
        f"<section>{_lags(board)}</section></div><section>{_recent(board)}</section>"
    )


def _links() -> str:
    items = (f'<a href="{path}">{path}</a>: {escape(text)}' for path, text in _LINKS)
    return f"<nav><h2>More</h2>{listed(items)}</nav>"


def _throughput(board: Board) -> str:
    told = board.throughput
    sign = "" if told.exact else "about "
    return (
        f'<h2>Throughput</h2><p><strong class="figure">{sign}{told.rate:,.1f}</strong> events decided a second, '
        f"over the last minute, up to {_time(board.at)}</p>{_line(told)}"
    )


def _line(told: Throughput) -> str:
    top = max(told.seconds) or 1
    step = _WIDTH / (WINDOW - 1)
    points = " ".join(
        f"{number * step:.0f},{_HEIGHT - value / top * (_HEIGHT - 4) - 2:.0f}"
        for number, value in enumerate(told.seconds)
    )
    words = f"Events decided in each of the last {WINDOW} seconds: at most {max(told.seconds):,.0f}."
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{words}" preserveAspectRatio="none">'
        f'<polyline points="{points}"/></svg><p class="soft">peak {max(told.seconds):,.0f} in a second</p>'
    )


def _trouble(board: Board) -> str:
    troubles = list(_troubles(board))
    if not troubles:
        return '<h2>Trouble</h2><p class="good">✓ None that we know of.</p>'
    items = listed(f'<span class="bad">▲</span> {text}' for text in troubles)
    return f"<h2>Trouble: {len(troubles)}</h2>{items}"


def _troubles(board: Board) -> Iterable[str]:
    if board.broker_away:
        yield "<b>Broker away.</b> Nothing comes in; what is here can be read."
    for lag in board.lags:
        for position in lag.halted:
            yield (
                f"<b>Halted:</b> {escape(lag.topic)} partition {position.part}, {escape(position.halt_reason or '')}. "
                "<code>pointstream dlq</code> shows why and lifts it."
            )
    if board.stuck_events:
        yield f"<b>Unpublished:</b> {board.stuck_events:,} events wait in the outbox and do not move."
    for letters in board.dead_letters:
        yield (
            f"<b>Dead letters:</b> {letters.letters:,} in the last hour on {escape(letters.topic)}, "
            f"{escape(letters.reason)}."
        )
    for waiting in board.waiting:
        count = f"{waiting.receipts:,}{' or more' if waiting.receipts >= COUNTED else ''}"
        why = _WAITING.get(waiting.reason) or REASONS.get(waiting.reason, waiting.reason)
        yield f"<b>Waiting:</b> {count} receipts. {escape(why)}"


def _lags(board: Board) -> str:
    told = {True: '<p class="bad">▲ Broker away: how far behind is not known.</p>', None: "", False: ""}
    if not board.lags:
        return "<h2>Lag</h2><p>No worker has begun yet.</p>"
    lines = rows((f"<code>{escape(lag.topic)}</code>", _behind(lag), _time(lag.moved_at)) for lag in board.lags)
    return f"<h2>Lag</h2>{told[board.broker_away]}" + table(
        "How many events each topic holds that are not decided yet, on the whole platform",
        ("Topic", "Behind", "Last moved"),
        lines,
    )


def _behind(lag: TopicLag) -> str:
    number = "not known" if lag.behind is None else f"{lag.behind:,}"
    return f"{number} ▲ halted" if lag.halted else number


def _recent(board: Board) -> str:
    if not board.recent:
        return "<h2>Last decisions</h2><p>Nothing has been decided yet.</p>"
    return "<h2>Last decisions</h2>" + table(
        "The newest events of your company, and what they brought",
        ("Arrived", "What", "Receipt", "Who", "Outcome", "Points", "From"),
        rows(map(_decision, board.recent)),
    )


def _decision(decision: StoredDecision) -> tuple[str, ...]:
    said = _said(decision.facts)
    shown = [masked(f"{one.kind}:{one.value}") for one in said.identifiers[:2]]
    points = brought(decision)
    words = OUTCOMES.get(decision.outcome, decision.outcome)
    reason = "" if decision.reason is None else f' <span class="soft">{escape(decision.reason)}</span>'
    return (
        _time(decision.arrived_at),
        escape(decision.kind),
        escape(ending(said.receipt_number) if said.receipt_number else said.activity or "—"),
        escape(", ".join(f"{one.kind} {one.masked}" for one in shown)) or "—",
        f"{escape(words)}{reason}",
        f"{points:+,}" if points else "0",
        f"<code>{escape(decision.source)}</code>",
    )


def ending(text: str) -> str:
    """Show a text by its end alone."""
    return f"••••{text[len(text) - min(4, len(text) // 2) :]}"


def _time(instant: datetime) -> str:
    return f'<time datetime="{instant.isoformat()}">{instant:%H:%M:%S} UTC</time>'
