"""The page of one reward, for who is signed in: looked at, changed, stocked, taken out and offered again."""

from __future__ import annotations

from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from libs.catalogue import postgres as catalogue
from libs.catalogue.facts import Asking
from libs.catalogue.keeping import Overtaken, keep
from libs.catalogue.postgres import Kept
from libs.catalogue.reward import RewardInvalid, parse_reward
from libs.promotions.strict_yaml import read_yaml
from services.gateway.catalogue.looking import anybody, offer_view, seen_by
from services.gateway.catalogue.one_reward import reward_body
from services.gateway.catalogue.pages import PICTURES, PLACE
from services.gateway.catalogue.texts import PAGES
from services.gateway.door.access import Caller, parts_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.rules.desk import desk_of, who
from services.gateway.rules.store import Opened
from services.gateway.site.console_door import Visitor, let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.forms import fields_of
from services.gateway.store import ProgrammeFacts

router = APIRouter(include_in_schema=False)
READ, WRITE = "rewards:read", "rewards:write"
_MOST_BYTES = 300_000
_HISTORY = 20
_MOST_PIECES = 10**9
_HERE = f"{PLACE}/rewards/{{programme}}/{{reference}}"
Slug = Annotated[str, Path(max_length=63)]
Reference = Annotated[str, Path(max_length=64)]


class _Not(Exception):
    """What was asked for can't be done, in words."""


@router.get(_HERE)
async def reward_console_page(request: Request, language: Language, programme: Slug, reference: Reference) -> Response:
    """Show a reward as it is kept."""
    visitor = await let_in(request, PLACE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    return await _page(request, visitor, language, programme, reference)


@router.post(_HERE)
async def change_reward(request: Request, language: Language, programme: Slug, reference: Reference) -> Response:
    """Do what the button says, and show what came of it."""
    visitor = await let_in(request, PLACE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    fields = await fields_of(request, _MOST_BYTES)
    draft = fields.get("document", "").replace("\r\n", "\n")
    try:
        async with desk_of(request).store.opened(visitor.key.tenant_id, programme) as opened:
            await _change(request, visitor, opened, reference, fields, draft, language)
        told, draft = PAGES.say(language, "kept"), ""
    except _Not as error:
        told = str(error)
    except Overtaken:
        told = PAGES.say(language, "overtaken")
    return await _page(request, visitor, language, programme, reference, told=told, draft=draft)


async def _change(
    request: Request, visitor: Visitor, opened: Opened, reference: str, fields: dict[str, str], draft: str,
    language: str,
) -> None:  # fmt: skip
    """Do what a button says.

    Raises:
        _Not: it can't be done.
        Overtaken: somebody else was faster.
    """
    now, scope = parts_of(request).clock.now(), opened.where.key
    kept = await catalogue.load_reward(opened.connection, scope, reference)
    if kept is None:
        raise ProblemError("reward-unknown")
    author = who(Caller(visitor.key, parts_of(request)))
    match fields.get("do", ""):
        case "stock":
            text = fields.get("free", "")
            if not (text.isdecimal() and len(text) < 20 and int(text) <= _MOST_PIECES):
                raise _Not(PAGES.say(language, "no-number"))
            store = fields.get("store", "").strip()[:64] if kept.reward.stock == "by_store" else ""
            await catalogue.set_stock(opened.connection, scope, reference, store, to=int(text), by=None)
        case "retire" | "offer" as do:
            state = "retired" if do == "retire" else "live"
            changed = kept.reward.model_copy(update={"state": state})
            await keep(opened.connection, scope, changed, kept, author, now)
        case "save":
            if fields.get("version", "") != str(kept.version):
                raise Overtaken
            await keep(opened.connection, scope, _read(draft, reference), kept, author, now)
        case _:
            raise ProblemError("not-found")


def _read(text: str, reference: str) -> Any:
    """Read what somebody wrote.

    Raises:
        _Not: it is no reward, with everything that is wrong.
    """
    try:
        found = read_yaml(text)
        if not isinstance(found, dict):
            raise _Not(type(found).__name__)
        return parse_reward(found | {"reference": reference})
    except yaml.YAMLError as error:
        raise _Not(str(error)) from None
    except RewardInvalid as invalid:
        raise _Not(str(invalid)) from None


async def _page(
    request: Request, visitor: Visitor, language: str, programme: str, reference: str, *, told: str = "",
    draft: str = "",
) -> Response:  # fmt: skip
    parts, tenant = parts_of(request), visitor.key.tenant_id
    async with desk_of(request).store.opened(tenant, programme) as opened:
        scope, zone = opened.where.key, opened.where.zone
        versions: list[Kept] = await catalogue.load_history(opened.connection, scope, reference, _HISTORY)
        stock = await catalogue.load_stock(opened.connection, scope, [reference])
    if not versions:
        raise ProblemError("reward-unknown")
    who_looks = anybody(ProgrammeFacts(scope[1], programme, zone), tenant)
    async with parts.store.reading(tenant) as reading:
        seen = await seen_by(reading, who_looks, Asking(), parts.clock.now(), hidden=True)
    offer = next(offer_view(each, who_looks, language) for each in seen if each.kept.reward.reference == reference)
    body = reward_body(
        programme, versions, offer, list(stock), zone, language, may_change=visitor.key.allows(WRITE), told=told,
        draft=draft,
    )  # fmt: skip
    request.state.headers["Content-Security-Policy"] = PICTURES
    page = HTMLResponse(console_page(PLACE, offer.title, body, language), headers=NO_STORE)
    return remember(request, page, visitor.session)
