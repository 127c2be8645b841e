"""The pages of the catalogue, for who is signed in: rewards as a member sees them, and the board of orders."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from libs.catalogue import postgres as catalogue
from libs.catalogue.facts import Asking
from libs.catalogue.flow import STATES
from libs.catalogue.postgres import Wanted
from libs.contracts.orders import OrderAsk, OrderView
from libs.contracts.redemption import Ask
from services.gateway.catalogue.looking import categories_of, offer_view, seen_by
from services.gateway.catalogue.order_reading import order_views
from services.gateway.catalogue.pages import BOARD, PICTURES, PLACE, board_body, grid_body, state_words
from services.gateway.catalogue.rewards_api import who_looks
from services.gateway.catalogue.texts import PAGES
from services.gateway.door.access import Caller, parts_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.redemptions.routes import client_of
from services.gateway.running import named
from services.gateway.site.console_door import Visitor, let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.forms import fields_of

router = APIRouter(include_in_schema=False)
READ, WRITE = "rewards:read", "rewards:write"
_MOST_BYTES = 2_000
_SHOWN = 200


@router.get(PLACE)
async def catalogue_page(
    request: Request,
    language: Language,
    member_id: Annotated[str, Query(max_length=64)] = "",
    category: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show the rewards of the company's programmes, as anybody or as one member sees them."""
    visitor = await let_in(request, PLACE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    request.state.headers["Content-Security-Policy"] = PICTURES
    parts, told = parts_of(request), ""
    caller, now = Caller(visitor.key, parts), parts_of(request).clock.now()
    whose = _id_of(member_id)
    if member_id and whose is None:
        told = PAGES.say(language, "nobody")
    bodies = []
    for running in named(await parts.programmes.of(caller.tenant_id), None):
        async with parts.store.reading(caller.tenant_id) as reading:
            try:
                who = await who_looks(caller, reading, whose, running.programme)
            except ProblemError:
                told = PAGES.say(language, "nobody")
                who = await who_looks(caller, reading, None, running.programme)
            seen = await seen_by(reading, who, Asking(), now)
        categories = categories_of(seen)
        seen.sort(key=lambda each: (-each.proposal.score, each.kept.reward.reference))
        shown = [offer_view(each, who, language) for each in seen if category in ("", each.kept.reward.category)]
        bodies.append(grid_body(shown, categories, member_id, category, language, told, running.programme))
    return _answer(request, visitor, PAGES.say(language, "title"), "".join(bodies), language)


@router.get(BOARD)
async def board_page(request: Request, language: Language) -> Response:
    """Show the last orders, with what happened to each and the steps that may follow."""
    visitor = await let_in(request, PLACE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    return await _board(request, visitor, language)


@router.post(BOARD)
async def bring_on(request: Request, language: Language) -> Response:
    """Bring an order to the state of the button that was pressed, and say what came of it."""
    visitor = await let_in(request, PLACE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    fields = await fields_of(request, _MOST_BYTES)
    order_id, state = _id_of(fields.get("order_id", "")), fields.get("state", "")
    if order_id is None or state not in STATES:
        raise ProblemError("not-found")
    wanted = OrderAsk(state=state, tracking=fields.get("tracking", "").strip()[:64] or None)
    key = sha256(f"board {order_id} {wanted}".encode()).digest()
    ask = Ask(
        "advance", visitor.key.tenant_id, visitor.key.key_id, key=key, fingerprint=key, redemption_id=order_id,
        by="operator", order=wanted,
    )  # fmt: skip
    try:
        await client_of(request).ask(ask)
        told = PAGES.say(language, "done", reward=str(order_id), state=state_words(state, language))
    except ProblemError as problem:
        told = problem.detail or problem.kind.title
    return await _board(request, visitor, language, told)


async def _board(request: Request, visitor: Visitor, language: str, told: str = "") -> Response:
    parts, tenant = parts_of(request), visitor.key.tenant_id
    views: list[OrderView] = []
    titles: dict[str, str] = {}
    zone = "UTC"
    for running in named(await parts.programmes.of(tenant), None):
        version = running.at(parts.clock.now())
        zone = zone if version is None else version.zone.key
        async with parts.store.reading(tenant) as reading:
            found = await catalogue.load_orders(reading.connection, running.key, Wanted(), None, _SHOWN)
            views += await order_views(reading.connection, found)
            kept = await catalogue.load_rewards(reading.connection, running.key)
        titles |= {each.reward.reference: each.reward.words(language).title for each in kept}
    may_change = visitor.key.allows(WRITE)
    body = board_body(views, titles, zone, language, may_change=may_change, told=told)
    return _answer(request, visitor, PAGES.say(language, "board"), body, language)


def _answer(request: Request, visitor: Visitor, title: str, body: str, language: str) -> Response:
    page = HTMLResponse(console_page(PLACE, title, body, language), headers=NO_STORE)
    return remember(request, page, visitor.session)


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None
