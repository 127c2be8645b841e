"""The member's own page: what is behind the link. A link is its own permission."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from libs.catalogue import postgres as catalogue
from libs.catalogue.facts import Asking
from libs.codes.postgres import texts
from libs.contracts.orders import OrderAsk, OrderView
from libs.contracts.redemption import Ask, RedemptionView
from libs.language.choice import choose
from libs.ledger.zones import load_zone
from services.gateway.catalogue.looking import Onlooker, Seen, for_anybody, offer_view, onlooker, seen_by
from services.gateway.catalogue.order_reading import order_views
from services.gateway.chat.way import way_to_chat
from services.gateway.codes.asking import keeper_of
from services.gateway.designs.looks import dress_of
from services.gateway.door.access import parts_of, site_of
from services.gateway.door.problems import ProblemError
from services.gateway.feedback.saying import say
from services.gateway.feedback.store import load_stars
from services.gateway.feedback.texts import FEEDBACK
from services.gateway.feedback.views import MOST_WORDS
from services.gateway.households import own_word
from services.gateway.households.pages import own_page
from services.gateway.households.words import WORDS as HOUSEHOLDS
from services.gateway.members.lookup import one_member
from services.gateway.mine.links import OwnPage
from services.gateway.mine.looking import marked
from services.gateway.mine.news import news
from services.gateway.mine.pages import (
    PLACE,
    Shown,
    answers_of,
    done_page,
    key_of,
    reward_page,
    sending_page,
    shelf_page,
)
from services.gateway.mine.visiting import answered, broken, opened_by
from services.gateway.mine.worth import may_share, worth
from services.gateway.questionnaires import own_word as own_answers
from services.gateway.questionnaires.filling import waiting
from services.gateway.questionnaires.pages import PART, section
from services.gateway.redemptions.routes import client_of
from services.gateway.rules.desk import desk_of
from services.gateway.sharing.making import Wish, path_of, share
from services.gateway.site.forms import fields_of
from services.gateway.store import Member, Reading

router = APIRouter()
_MOST, _FIELDS, _ORDERS = 8_192, 20, 20
_ANSWERS, _ANSWERED = 65_536, 100
_APP = Asking(channel="app")
Token = Annotated[str, Path(max_length=128)]
Reference = Annotated[str, Path(max_length=64)]
Wanted = Annotated[str | None, Query(alias="lang", max_length=35)]


class _Visit(NamedTuple):
    """Who looks at the page, and how it is shown."""

    page: OwnPage
    member: Member
    who: Onlooker
    shown: Shown


@router.get(f"{PLACE}/{{token}}", include_in_schema=False)
async def show_shelf(request: Request, token: Token, lang: Wanted = None) -> HTMLResponse:
    """Show points, rewards and what was had."""
    return await _shelf(request, token, lang)


@router.post(f"{PLACE}/{{token}}/orders/{{order_id}}", include_in_schema=False)
async def rate(request: Request, token: Token, order_id: UUID, lang: Wanted = None) -> HTMLResponse:
    """Keep the stars and words that a member gives to what was had."""
    parts, fields = parts_of(request), await fields_of(request, _MOST, _FIELDS)
    if (page := opened_by(request, token)) is None:
        return broken(request, lang)
    async with parts.store.reading(page.tenant_id) as reading:
        found = await catalogue.load_order(reading.connection, page.tenant_id, order_id)
    if found is None or found[0] != (page.tenant_id, page.programme_id, page.member_id):
        raise ProblemError("not-found")
    language = choose(lang, request.headers.get("accept-language"))
    stars, told = fields.get("stars", ""), FEEDBACK.say(language, "choose")
    if stars in ("1", "2", "3", "4", "5"):
        await say(request, *found, int(stars), fields.get("words", "")[:MOST_WORDS])
        told = FEEDBACK.say(language, "thanks")
    return await _shelf(request, token, lang, told)


async def _shelf(request: Request, token: str, lang: str | None, told: str = "") -> HTMLResponse:
    parts = parts_of(request)
    if (page := opened_by(request, token)) is None:
        return broken(request, lang)
    async with parts.store.reading(page.tenant_id) as reading:
        visit = await _visit(request, reading, page, token, lang, shelf=True)
        seen = await seen_by(reading, visit.who, _APP, parts.clock.now())
        name = (*visit.who.scope, visit.member.member_id)
        orders = await order_views(
            reading.connection, await catalogue.load_orders_of(reading.connection, name, None, _ORDERS)
        )
        orders = [await _with_texts(request, reading, each, looks=page.looks) for each in orders]
        stars = await load_stars(reading.connection, name, [each.order_id for each in orders])
    seen.sort(key=lambda each: (-each.proposal.score, each.kept.reward.reference))
    language = visit.shown.language
    titles = {each.kept.reward.reference: each.kept.reward.words(language).title for each in seen}
    offers = [offer_view(each, visit.who, language) for each in seen]
    return answered(request, visit.shown, shelf_page(visit.shown, offers, orders, titles, stars, told))


@router.get(f"{PLACE}/{{token}}/rewards/{{reference}}", include_in_schema=False)
async def show_reward(request: Request, token: Token, reference: Reference, lang: Wanted = None) -> HTMLResponse:
    """Show one reward, with the form that redeems it."""
    return await _reward(request, token, reference, lang)


@router.post(f"{PLACE}/{{token}}/rewards/{{reference}}", include_in_schema=False)
async def redeem(request: Request, token: Token, reference: Reference, lang: Wanted = None) -> HTMLResponse:
    """Redeem a reward, once however often the form is sent, and show how it is used."""
    parts, fields = parts_of(request), await fields_of(request, _MOST, _FIELDS)
    if (page := opened_by(request, token)) is None:
        return broken(request, lang)
    async with parts.store.reading(page.tenant_id) as reading:
        visit = await _visit(request, reading, page, token, lang)
        found = await _one(reading, visit.who, reference, parts.clock.now())
    offer = offer_view(found, visit.who, visit.shown.language)
    key = sha256(fields.get("key", "").encode()).digest()
    asked = OrderAsk(reward=reference, quantity=1, channel="app", answers=answers_of(offer.asks, fields))
    ask = Ask(
        "redeem", page.tenant_id, f"page {page.member_id}", key=key, fingerprint=key,
        programme_id=page.programme_id, member_id=page.member_id, order=asked, language=visit.shown.language,
    )  # fmt: skip
    try:
        answer = await client_of(request).ask(ask)
    except ProblemError as error:
        return await _reward(request, token, reference, lang, refused=error.detail or error.kind.title)
    order = RedemptionView.model_validate_json(bytes(answer.body)).order
    assert order is not None
    return answered(request, visit.shown, done_page(visit.shown, order, offer.title))


@router.post(f"{PLACE}/{{token}}/wishes/{{reference}}", include_in_schema=False)
async def wish(request: Request, token: Token, reference: Reference, lang: Wanted = None) -> HTMLResponse:
    """Put a reward on the wish list, or take it off."""
    parts, fields = parts_of(request), await fields_of(request, _MOST, _FIELDS)
    if (page := opened_by(request, token)) is None:
        return broken(request, lang)
    name = (page.tenant_id, page.programme_id, page.member_id)
    slug = (await parts.programmes.of(page.tenant_id)).by_key()[page.tenant_id, page.programme_id].programme
    async with desk_of(request).store.opened(page.tenant_id, slug) as opened:
        if fields.get("wish") == "unwish":
            await catalogue.drop_wish(opened.connection, name, reference)
        elif await catalogue.load_reward(opened.connection, name[:2], reference) is not None:
            await catalogue.add_wish(opened.connection, name, reference, parts.clock.now())
    return await _reward(request, token, reference, lang)


@router.post(f"{PLACE}/{{token}}/shares/{{reference}}", include_in_schema=False)
async def show_to_friends(request: Request, token: Token, reference: Reference, lang: Wanted = None) -> HTMLResponse:
    """Make the link by which friends see a reward."""
    parts = parts_of(request)
    if (page := opened_by(request, token)) is None:
        return broken(request, lang)
    async with parts.store.reading(page.tenant_id) as reading:
        visit = await _visit(request, reading, page, token, lang)
    made = await share(request, visit.member, page.tenant_id, Wish("reward", reference))
    path = path_of(request, page.tenant_id, page.programme_id, made.share_id)
    address = f"{site_of(request)}{path}"
    return answered(request, visit.shown, sending_page(visit.shown, made, address))


@router.get(f"{PLACE}/{{token}}/household", include_in_schema=False)
async def show_household(request: Request, token: Token, lang: Wanted = None) -> HTMLResponse:
    """Show what the member may spend with a household, and who asks the member to join."""
    return await _household(request, token, lang)


@router.post(f"{PLACE}/{{token}}/household", include_in_schema=False)
async def change_household(request: Request, token: Token, lang: Wanted = None) -> HTMLResponse:
    """Take the member's word: to found a household, to join one or not, to leave it."""
    fields = await fields_of(request, _MOST, _FIELDS)
    if (page := opened_by(request, token)) is None:
        return broken(request, lang)
    try:
        await own_word.say(client_of(request), page, fields)
    except ProblemError as error:
        language = choose(lang, request.headers.get("accept-language"))
        return await _household(request, token, lang, f"{HOUSEHOLDS.say(language, 'refused')} {error.detail or ''}")
    return await _household(request, token, lang)


@router.get(f"{PLACE}/{{token}}/{PART}/{{name}}", include_in_schema=False)
async def show_questions(request: Request, token: Token, name: Reference, lang: Wanted = None) -> HTMLResponse:
    """Show the questions of a questionnaire."""
    return await _questions(request, token, name, lang)


@router.post(f"{PLACE}/{{token}}/{PART}/{{name}}", include_in_schema=False)
async def answer_questions(request: Request, token: Token, name: Reference, lang: Wanted = None) -> HTMLResponse:
    """Take the member's answers."""
    return await _questions(request, token, name, lang, await fields_of(request, _ANSWERS, _ANSWERED))


async def _questions(
    request: Request, token: str, name: str, lang: str | None, fields: dict[str, str] | None = None
) -> HTMLResponse:
    if (page := opened_by(request, token)) is None:
        return broken(request, lang)
    async with parts_of(request).store.reading(page.tenant_id) as reading:
        shown = (await _visit(request, reading, page, token, lang)).shown
    return answered(request, shown, await own_answers.answer(request, page, shown, name, fields))


async def _household(request: Request, token: str, lang: str | None, told: str = "") -> HTMLResponse:
    parts = parts_of(request)
    if (page := opened_by(request, token)) is None:
        return broken(request, lang)
    programmes = await parts.programmes.of(page.tenant_id)
    async with parts.store.reading(page.tenant_id) as reading:
        visit = await _visit(request, reading, page, token, lang)
        language = visit.shown.language
        view = await own_word.seen(reading, programmes, visit.member, parts.clock.now(), language)
    return answered(request, visit.shown, own_page(visit.shown, view, own_word.key_of(token, view), told))


async def _reward(
    request: Request, token: str, reference: str, lang: str | None, refused: str | None = None
) -> HTMLResponse:
    parts = parts_of(request)
    if (page := opened_by(request, token)) is None:
        return broken(request, lang)
    now = parts.clock.now()
    async with parts.store.reading(page.tenant_id) as reading:
        visit = await _visit(request, reading, page, token, lang)
        found = await _one(reading, visit.who, reference, now)
        name = (*visit.who.scope, visit.member.member_id)
        last = await catalogue.load_orders_of(reading.connection, name, None, 1)
    offer = offer_view(found, visit.who, visit.shown.language)
    options = {"variant": getattr(found.kept.reward.what, "variants", ())}
    key = key_of(token, reference, last[0][1].order_id if last else None, now)
    for_all = for_anybody(found.kept.reward)
    body = reward_page(visit.shown, offer, key, options=options, refused=refused, may_share=for_all)
    return answered(request, visit.shown, body)


async def _visit(
    request: Request, reading: Reading, page: OwnPage, token: str, lang: str | None, *, shelf: bool = False
) -> _Visit:
    """Load whoever the link is for, for the `shelf` with what is told there beside rewards.

    Raises:
        ProblemError: there is no such member any more.
    """
    programmes = await parts_of(request).programmes.of(page.tenant_id)
    running = programmes.by_key()[page.tenant_id, page.programme_id]
    member = await one_member(reading, page.member_id, running.programme)
    who = await onlooker(reading, member, parts_of(request).clock.now())
    language = choose(lang, request.headers.get("accept-language"))
    worn = await dress_of(request, running.key, language)
    if page.looks:
        worn = marked(worn, page.until, load_zone(member.zone), language)
    points, now = who.facts.spendable.get("", 0), parts_of(request).clock.now()
    shown = Shown(
        token, running.name or running.programme, points, language,
        worth=worth(running, member, points, now, language),
        news=await news(reading, running, member, now, language) if shelf else "",
        levels=tuple(sorted({each.rpartition("/")[2] for each in who.facts.tiers})), had=len(who.had), worn=worn,
        shares=may_share(running, now), looks=page.looks,
    )  # fmt: skip
    if shelf:
        told = section(shown, await waiting(reading, running, member.member_id, now))
        shown = shown._replace(news=shown.news + told + await way_to_chat(reading, member, shown))
    return _Visit(page, member, who, shown)


async def _one(reading: Reading, who: Onlooker, reference: str, now: datetime) -> Seen:
    seen = await seen_by(reading, who, _APP, now)
    found = next((each for each in seen if each.kept.reward.reference == reference), None)
    if found is None:
        raise ProblemError("not-found")
    return found


async def _with_texts(request: Request, reading: Reading, order: OrderView, *, looks: bool) -> OrderView:
    """The order with the texts of its codes, for the member whose they are; whoever `looks` gets nothing to use."""
    if looks:
        return order.model_copy(update={"usable": ()})
    ids: list[UUID] = [each.code_id for each in order.usable if each.code_id is not None]
    if not ids:
        return order
    found = await texts(reading.connection, keeper_of(request), reading.tenant_id, ids)
    usable = tuple(
        each if each.code_id is None else each.model_copy(update={"value": found.get(each.code_id, "")})
        for each in order.usable
    )
    return order.model_copy(update={"usable": usable})
