"""Redeeming for a member from the console: whoever may spend points does it in their own name, not as the member."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from html import escape
from typing import Annotated, NamedTuple
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from libs.catalogue import postgres as catalogue
from libs.catalogue.facts import Asking
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Ask, RedemptionView
from services.gateway.catalogue.looking import Seen, offer_view, onlooker, seen_by
from services.gateway.catalogue.pages import price_words, state_words
from services.gateway.catalogue.views import OfferView
from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.members.lookup import one_member
from services.gateway.members.pages import member_path
from services.gateway.mine.pages import Shown, answers_of, key_of, redeem_form, usable_part
from services.gateway.mine.texts import MINE
from services.gateway.redemptions.routes import client_of
from services.gateway.site.console_door import Visitor, let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.forms import fields_of
from services.gateway.site.markup import listed
from services.gateway.store import Member

router = APIRouter(include_in_schema=False)
PLACE, SPEND = "/members", "points:spend"
_APP = Asking(channel="app")
_MOST, _FIELDS = 8_192, 20
Reference = Annotated[str, Path(max_length=64)]


class _Chosen(NamedTuple):
    """A member's reward: how it is offered, what may be chosen of it, and the name of the next request for it."""

    member: Member
    offer: OfferView
    options: Sequence[str]
    key: str


@router.get(f"{PLACE}/{{member_id}}/rewards/{{reference}}")
async def show_reward(
    request: Request, language: Language, member_id: MemberId, reference: Reference, programme: ProgrammeSlug = None
) -> Response:
    """Show what a reward costs the member, with the form that redeems it."""
    visitor = await let_in(request, PLACE, language, SPEND)
    if isinstance(visitor, Response):
        return visitor
    return await _shown(request, visitor, language, (member_id, programme, reference))


@router.post(f"{PLACE}/{{member_id}}/rewards/{{reference}}")
async def redeem(
    request: Request, language: Language, member_id: MemberId, reference: Reference, programme: ProgrammeSlug = None
) -> Response:
    """Redeem a reward for the member, once however often the form is sent, and show how it is used."""
    visitor = await let_in(request, PLACE, language, SPEND)
    if isinstance(visitor, Response):
        return visitor
    fields = await fields_of(request, _MOST, _FIELDS)
    which = (member_id, programme, reference)
    chosen = await _chosen(request, visitor, language, which)
    key_id = visitor.key.key_id
    key = sha256(f"console {key_id} {fields.get('key', '')}".encode()).digest()
    asked = OrderAsk(reward=reference, quantity=1, channel="app", answers=answers_of(chosen.offer.asks, fields))
    ask = Ask(
        "redeem", visitor.key.tenant_id, key_id, key=key, fingerprint=key, programme_id=chosen.member.programme_id,
        member_id=chosen.member.member_id, order=asked, language=language,
    )  # fmt: skip
    try:
        answer = await client_of(request).ask(ask)
    except ProblemError as error:
        return await _shown(request, visitor, language, which, error.detail or error.kind.title)
    order = RedemptionView.model_validate_json(bytes(answer.body)).order
    assert order is not None
    shown = Shown("", "", 0, language)
    used = "".join(usable_part(shown, each) for each in order.usable)
    told = escape(f"{chosen.offer.title}: {state_words(order.state, language)}")
    return _page(request, visitor, language, chosen, f'<p role="status" class="good">{told}</p>{used}')


async def in_reach(request: Request, tenant_id: int, member: Member, language: str) -> str:
    """What a member can have now, each with a way to redeem it for them, as HTML; nothing where there is nothing."""
    parts = parts_of(request)
    async with parts.store.reading(tenant_id) as reading:
        who = await onlooker(reading, member, parts.clock.now())
        seen = await seen_by(reading, who, _APP, parts.clock.now())
    lines = [
        f'<a href="{escape(_path(member, each.kept.reward.reference, language))}">'
        f"{escape(each.kept.reward.words(language).title)}</a>"
        for each in sorted(seen, key=lambda each: each.kept.reward.reference)
        if each.offer.in_reach
    ]
    return f"<p>{escape(MINE.say(language, 'console.redeem'))}</p>{listed(lines)}" if lines else ""


async def _chosen(request: Request, visitor: Visitor, language: str, which: tuple[UUID, str | None, str]) -> _Chosen:
    parts, now = parts_of(request), parts_of(request).clock.now()
    member_id, programme, reference = which
    async with parts.store.reading(visitor.key.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        who = await onlooker(reading, member, now)
        found = _one(await seen_by(reading, who, _APP, now), reference)
        name = (*who.scope, member.member_id)
        last = await catalogue.load_orders_of(reading.connection, name, None, 1)
    options = getattr(found.kept.reward.what, "variants", ())
    key = key_of(str(member.member_id), reference, last[0][1].order_id if last else None, now)
    return _Chosen(member, offer_view(found, who, language), options, key)


def _one(seen: Sequence[Seen], reference: str) -> Seen:
    found = next((each for each in seen if each.kept.reward.reference == reference), None)
    if found is None:
        raise ProblemError("not-found")
    return found


async def _shown(
    request: Request, visitor: Visitor, language: str, which: tuple[UUID, str | None, str], refused: str | None = None
) -> Response:
    chosen = await _chosen(request, visitor, language, which)
    offer, say = chosen.offer, MINE.say
    told = ""
    if refused is not None:
        told = f'<p role="alert" class="bad">{escape(say(language, "refused"))} {escape(refused)}</p>'
    cost = f"<p>{escape(say(language, 'cost', cost=price_words(offer.price, language)))}</p>"
    why = listed(escape(each.text) for each in offer.reasons) if offer.reasons else ""
    form = ""
    if offer.in_reach:
        action = escape(_path(chosen.member, offer.reference, language))
        form = redeem_form(offer, action, chosen.key, {"variant": chosen.options}, language)
    body = f"{told}<p>{escape(offer.text or offer.summary)}</p>{cost}{why}{form}"
    return _page(request, visitor, language, chosen, body)


def _page(request: Request, visitor: Visitor, language: str, chosen: _Chosen, body: str) -> Response:
    member = chosen.member
    back = escape(member_path(member.member_id, member.programme, language))
    way = f'<p class="ways"><a href="{back}">{escape(MINE.say(language, "console.back"))}</a></p>'
    html = console_page(PLACE, chosen.offer.title, way + body, language)
    return remember(request, HTMLResponse(html, 200, NO_STORE), visitor.session)


def _path(member: Member, reference: str, language: str) -> str:
    place = f"{PLACE}/{member.member_id}/rewards/{quote(reference, safe='')}"
    return f"{place}?lang={language}&programme={quote(member.programme, safe='')}"
