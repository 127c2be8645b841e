"""The page of codes, for who is signed in: the pools with their counts, and what became of one code.

A code that is looked up goes through redemption, so that guesses count here as they do at a till; it is sent in the
body of a form, so that no address has it.
"""

from __future__ import annotations

from functools import partial
from html import escape

from babel.numbers import get_currency_precision
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from libs.codes import postgres as codes
from libs.contracts.codes import PATH, CodeAsk, CodeCheck
from libs.language import wording
from services.gateway.codes import store
from services.gateway.codes.asking import client_of
from services.gateway.codes.stopping import turning
from services.gateway.codes.texts import CODES
from services.gateway.codes.views import CodeDetail, PoolView
from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.running import named
from services.gateway.site.console_door import let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.forms import fields_of
from services.gateway.site.markup import instant, rows, table

router = APIRouter(include_in_schema=False)
PLACE, SCOPE, LOOK, STOP = "/codes", "rules:read", "points:spend", "rules:publish"
_STATES = ("created", "assigned", "published", "redeemed", "void")
_MOST_BYTES = 2_000
_LONGEST = 128


@router.get(PLACE)
async def codes_page(request: Request, language: Language) -> Response:
    """Show the pools of every programme of the company, and the form that looks a code up."""
    visitor = await let_in(request, PLACE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    key, session = visitor
    parts, sections = parts_of(request), []
    for running in named(await parts.programmes.of(key.tenant_id), None):
        async with parts.store.reading(key.tenant_id) as reading:
            pools = await codes.load_pools(reading.connection, *running.key)
        if pools:
            views = [store.pool_view(pool, running.programme) for pool in pools]
            turns = key.allows(STOP)
            sections.append(_section(running.name or running.programme, views, language, turns=turns))
    body = "".join(sections) or f"<p>{escape(CODES.say(language, 'none'))}</p>"
    if key.allows(LOOK):
        body = _form(language) + body
    return remember(request, HTMLResponse(_page(language, body), headers=NO_STORE), session)


@router.post(PLACE)
async def look_up(request: Request, language: Language) -> Response:
    """Show what became of the code that the form has."""
    visitor = await let_in(request, PLACE, language, LOOK)
    if isinstance(visitor, Response):
        return visitor
    key, session = visitor
    text = (await fields_of(request, _MOST_BYTES)).get("code", "").strip()[:_LONGEST]
    told, status = f"<p>{escape(CODES.say(language, 'nobody'))}</p>", 404
    try:
        answer = await client_of(request).ask_value(PATH, CodeAsk("validate", key.tenant_id, key.key_id, code=text))
        check = CodeCheck.model_validate_json(bytes(answer.body))
        if check.code_id is not None:
            async with parts_of(request).store.reading(key.tenant_id) as reading:
                found = await store.one_code(reading, check.code_id)
            if found is not None:
                told, status = _found(found[0], language), 200
    except ProblemError as problem:
        told, status = f'<p class="bad">{escape(problem.detail or problem.kind.title)}</p>', problem.kind.status
    page = HTMLResponse(_page(language, _form(language) + told), status, NO_STORE)
    return remember(request, page, session)


def _section(programme: str, pools: list[PoolView], language: str, *, turns: bool) -> str:
    say = partial(CODES.say, language)
    heads = [escape(say(name)) for name in ("pool", "kind", "codes", *_STATES, "stands")]
    lines = rows(
        (
            f"<b>{escape(pool.name)}</b>",
            escape(say(pool.kind)),
            wording.number(pool.codes, language),
            *(wording.number(pool.counts.get(state, 0), language) for state in _STATES),
            escape(say("paused" if pool.paused else "open" if pool.available or not pool.codes else "exhausted"))
            + (_button(pool, language) if turns else ""),
        )
        for pool in pools
    )
    return f"<h2>{escape(programme)}</h2>" + table(say("caption"), heads, lines, of=programme)


def _button(pool: PoolView, language: str) -> str:
    """What stops a pool, or starts it."""
    path = turning(pool.programme, pool.name, language)
    turn = "go-on" if pool.paused else "stop"
    return (
        f' <form method="post" action="{escape(path)}">'
        f'<input type="hidden" name="paused" value="{"false" if pool.paused else "true"}">'
        f"<button>{escape(CODES.say(language, turn))}</button></form>"
    )


def _form(language: str) -> str:
    say = partial(CODES.say, language)
    return (
        f'<form method="post" action="{PLACE}?lang={language}"><p>{escape(say("look"))}</p>'
        f'<p><label for="code">{escape(say("code"))}</label> '
        f'<input id="code" name="code" required maxlength="{_LONGEST}" autocomplete="off"> '
        f"<button>{escape(say('find'))}</button></p></form>"
    )


def _found(code: CodeDetail, language: str) -> str:
    say = partial(CODES.say, language)
    member = "\u2013"
    if code.member_id is not None:
        path = f"/members/{code.member_id}?lang={language}&programme={code.programme}"
        member = f'<a href="{escape(path)}">{code.member_id}</a>'
    ends = "\u2013" if code.expires_at is None else instant(code.expires_at, "UTC", language)
    facts = ((say("pool"), escape(code.pool)), (say("state"), escape(say(f"state.{code.state}"))),
             (say("member"), member), (say("expires"), ends))  # fmt: skip
    shown = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in facts)
    heads = [escape(say(name)) for name in ("used", "returned", "order", "off")]
    lines = rows(
        (
            instant(use.used_at, "UTC", language),
            "" if use.returned_at is None else instant(use.returned_at, "UTC", language),
            escape(use.reference or ""),
            _money(use.discount_minor, use.currency, language),
        )
        for use in code.redemptions
    )
    return f"<dl>{shown}</dl>" + (table(say("uses"), heads, lines) if code.redemptions else "")


def _money(minor: int | None, currency: str | None, language: str) -> str:
    return (
        ""
        if minor is None or currency is None
        else escape(wording.money(minor, get_currency_precision(currency), currency, language))
    )


def _page(language: str, body: str) -> str:
    return console_page(PLACE, CODES.say(language, "title"), body, language)
