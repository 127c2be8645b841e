"""What the member's own page shows: points, steps, rewards with a form each, what was had. Pure, without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from libs.codes.pattern import canonical
from libs.codes.pictures import picture
from libs.contracts.orders import OrderView, UsableView
from libs.language import wording
from services.gateway.catalogue.pages import price_words, state_words
from services.gateway.catalogue.signs import look
from services.gateway.catalogue.texts import PAGES
from services.gateway.catalogue.views import OfferView
from services.gateway.feedback.form import rating_form
from services.gateway.mine.texts import MINE
from services.gateway.sharing.pages import sending
from services.gateway.sharing.store import Share
from services.gateway.sharing.texts import SHARING
from services.gateway.site.dress import PLAIN, Dress
from services.gateway.site.markup import listed, page

PLACE = "/m"


class Shown(NamedTuple):
    """Whose page is shown: the text of the link, the programme, the points that can be spent, in which language.

    `worth` is what these points pay at a till, in words; `levels` are the member's, `had` so many orders of theirs,
    `news` what else the shelf tells, as HTML.
    `shares` says that members may share points in households, `looks` that somebody else looks at the page.
    """

    token: str
    programme: str
    points: int
    language: str
    worn: Dress = PLAIN
    worth: str = ""
    levels: tuple[str, ...] = ()
    had: int = 0
    news: str = ""
    shares: bool = False
    looks: bool = False

    def say(self, key: str, /, **values: object) -> str:
        """Say a text, as HTML."""
        return escape(MINE.say(self.language, key, **values))

    def path(self, *rest: str) -> str:
        """An address below the link."""
        return escape(
            f"{PLACE}/{'/'.join([self.token, *(quote(each, safe='') for each in rest)])}?lang={self.language}"
        )


def shelf_page(
    shown: Shown,
    offers: Sequence[OfferView],
    orders: Sequence[OrderView],
    titles: Mapping[str, str],
    stars: Mapping[UUID, int] = MappingProxyType({}),
    told: str = "",
) -> str:
    """All rewards, those in reach first, with how it goes, tips, and what was had with the stars given for it."""
    number = wording.number(shown.points, shown.language)
    answer = f'<p role="status" class="good">{escape(told)}</p>' if told else ""
    head = (
        f'{answer}<p class="soft">{shown.say("programme", programme=shown.programme)}</p>'
        f"<p><b>{shown.say('balance', n=shown.points, number=number)}</b>{_worth(shown)}</p>{_level(shown)}"
        f"{_next(shown, offers)}{shown.news}{_household(shown)}"
        f"<h2>{shown.say('steps')}</h2><ol>"
        + "".join(f"<li>{shown.say(f'step.{name}')}</li>" for name in ("choose", "confirm", "use"))
        + "</ol>"
    )
    groups = "".join(
        f"<h2>{shown.say(heading)}</h2>" + (_cards(shown, some) if some else f"<p>{shown.say('none')}</p>")
        for heading, some in (
            ("reach", [each for each in offers if each.in_reach]),
            ("later", [each for each in offers if not each.in_reach]),
        )
    )
    had = (
        f"<h2>{shown.say('mine')}</h2>"
        + "".join(_order(shown, each, titles, stars.get(each.order_id)) for each in orders)
        if orders
        else ""
    )
    tips = f"<h2>{shown.say('tips')}</h2>" + listed(shown.say(f"tip.{name}") for name in ("wish", "soon", "codes"))
    return page(MINE.say(shown.language, "title"), head + groups + had + tips, language=shown.language, worn=shown.worn)


def _household(shown: Shown) -> str:
    return f'<p><a href="{shown.path("household")}">{shown.say("household")}</a></p>' if shown.shares else ""


def _worth(shown: Shown) -> str:
    return f" {shown.say('worth', money=shown.worth)}" if shown.worth else ""


def _level(shown: Shown) -> str:
    return f"<p>{shown.say('level', levels=', '.join(shown.levels))}</p>" if shown.levels else ""


def _next(shown: Shown, offers: Sequence[OfferView]) -> str:
    """How far it is to the reward that lacks nothing but the fewest points."""
    near = [each for each in offers if [reason.code for reason in each.reasons] == ["insufficient-points"]]
    one = min(near, key=lambda each: each.missing, default=None)
    if one is None or one.price is None:
        return ""
    told = shown.say(
        "next", n=one.missing, number=wording.number(one.missing, shown.language), title=one.title
    )  # fmt: skip
    whole = max(one.price.points, 1)
    bar = f'<progress max="{whole}" value="{max(whole - one.missing, 0)}" aria-label="{told}"></progress>'
    return f"<p>{told}<br>{bar}</p>"


def _cards(shown: Shown, offers: Sequence[OfferView]) -> str:
    return f'<div class="cards">{"".join(_card(shown, each) for each in offers)}</div>'


def _card(shown: Shown, offer: OfferView) -> str:
    why = listed(escape(each.text) for each in offer.reasons) if offer.reasons else ""
    link = f'<a href="{shown.path("rewards", offer.reference)}">{shown.say("see")}</a>'
    wished = f'<p class="soft">{shown.say("wished")}</p>' if offer.wished else ""
    because = f'<p class="soft">{escape(" ".join(offer.because))}</p>' if offer.because else ""
    return (
        f'<section class="reward"><h3>{escape(offer.title)}</h3>{look(offer)}<p>{escape(offer.summary)}</p>'
        f"<p>{escape(price_words(offer.price, shown.language))}</p>{why}{wished or because}<p>{link}</p></section>"
    )


def reward_page(
    shown: Shown, offer: OfferView, key: str, *, options: Mapping[str, Sequence[str]], refused: str | None = None,
    may_share: bool = True,
) -> str:  # fmt: skip
    """One reward with its terms, and a form that redeems it where it can be had; `options` are what may be chosen.

    `may_share` says that anybody may see it.
    """
    said = "" if refused is None else f'<p role="alert" class="bad">{shown.say("refused")} {escape(refused)}</p>'
    left = ""
    if offer.left is not None:
        left = f"<p>{shown.say('left', n=offer.left, number=wording.number(offer.left, shown.language))}</p>"
    why = listed(escape(each.text) for each in offer.reasons) if offer.reasons else ""
    form = ""
    if offer.in_reach:
        form = redeem_form(offer, shown.path("rewards", offer.reference), key, options, shown.language)
    wish = "unwish" if offer.wished else "wish"
    body = (
        f'{said}<div class="reward">{look(offer)}</div><p>{escape(offer.text or offer.summary)}</p>'
        f"<p>{shown.say('cost', cost=price_words(offer.price, shown.language))}</p>{left}{why}{form}"
        f'<form method="post" action="{shown.path("wishes", offer.reference)}">'
        f'<button type="submit" name="wish" value="{wish}">{shown.say(wish)}</button></form>'
        + (_sharing(shown, offer) if may_share else "")
        + (f"<h2>{shown.say('terms')}</h2><p>{escape(offer.terms)}</p>" if offer.terms else "")
        + _back(shown)
    )
    return page(offer.title, body, language=shown.language, worn=shown.worn)


def redeem_form(offer: OfferView, action: str, key: str, options: Mapping[str, Sequence[str]], language: str) -> str:
    """The form that redeems a reward; `action` is HTML already."""
    fields = "".join(
        _field(language, name, schema, options.get(name, ()))
        for name, schema in offer.asks.get("properties", {}).items()
    )
    return (
        f'<form method="post" action="{action}"><input type="hidden" name="key" value="{escape(key)}">{fields}'
        f'<button type="submit">{escape(MINE.say(language, "redeem"))}</button></form>'
    )


def _sharing(shown: Shown, offer: OfferView) -> str:
    button = f"<button>{escape(SHARING.say(shown.language, 'share'))}</button>"
    return f'<form method="post" action="{shown.path("shares", offer.reference)}">{button}</form>'


def done_page(shown: Shown, order: OrderView, title: str) -> str:
    """What was redeemed, and how it is used."""
    used = "".join(usable_part(shown, each) for each in order.usable)
    state = "" if used else f"<p>{escape(state_words(order.state, shown.language))}</p>"
    body = (
        f'<p role="status" class="good">{escape(title)}. {shown.say("thanks.why")}</p>'
        f"{_recognised(shown)}{used}{state}"
        f"{_rating(shown, order, None)}{_back(shown)}"
    )
    return page(MINE.say(shown.language, "thanks"), body, language=shown.language, worn=shown.worn)


def sending_page(shown: Shown, share: Share, address: str) -> str:
    """The link by which friends see a reward, and ways to send it."""
    body = f"<p>{escape(share.words(shown.language).text)}</p>{sending(share, address, shown.language)}{_back(shown)}"
    return page(share.words(shown.language).title, body, language=shown.language, worn=shown.worn)


def _recognised(shown: Shown) -> str:
    """A word for the member: as whom of us, and how many rewards it makes."""
    number = wording.number(shown.had + 1, shown.language)
    told = [shown.say("recognised.first") if not shown.had else shown.say("recognised.more", number=number)]
    if shown.levels:
        told.insert(0, shown.say("recognised.level", levels=", ".join(shown.levels)))
    return f"<p>{' '.join(told)}</p>"


def broken_page(language: str) -> str:
    """What stands where a link leads nowhere."""
    title, why = [MINE.say(language, key) for key in ("broken", "broken.why")]
    return page(title, f"<p>{escape(why)}</p>", language=language)


def answers_of(asks: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """What was answered of what a kind asks for; what was left empty was not. Lists are written with commas."""
    found: dict[str, Any] = {}
    for name, schema in asks.get("properties", {}).items():
        text = fields.get(name, "").strip()
        if text:
            listing = schema.get("type") == "array"
            found[name] = [each.strip() for each in text.split(",") if each.strip()] if listing else text
    return found


def _field(language: str, name: str, schema: Mapping[str, Any], options: Sequence[str]) -> str:
    day, field = "date" in str(schema), escape(name)
    told = escape(MINE.get(language, f"ask.{name}", str(schema.get("title") or name)))
    label = f'<label for="{field}">{told}</label>'
    if options:
        choices = "".join(f"<option>{escape(each)}</option>" for each in options)
        return f'<p>{label} <select id="{field}" name="{field}">{choices}</select></p>'
    kind = ' type="date"' if day else ' maxlength="500"'
    return f'<p>{label} <input id="{field}" name="{field}"{kind}></p>'


def _order(shown: Shown, order: OrderView, titles: Mapping[str, str], stars: int | None) -> str:
    points = PAGES.say(shown.language, "points", points=wording.number(order.points, shown.language))
    told = shown.say(
        "state",
        title=titles.get(order.reference, order.reference),
        state=state_words(order.state, shown.language),
        points=points,
    )
    used = "".join(usable_part(shown, each) for each in order.usable)
    return f"<section><p>{told}</p>{used}{_rating(shown, order, stars)}</section>"


def _rating(shown: Shown, order: OrderView, stars: int | None) -> str:
    if order.state in ("held", "released", "expired"):
        return ""
    return rating_form(shown.path("orders", str(order.order_id)), order.order_id, stars, shown.language)


def usable_part(shown: Shown, usable: UsableView) -> str:
    """How something that was redeemed is used: a code to be shown, a link, or words; nothing where there is none."""
    if not usable.value:
        return ""
    until = ""
    if usable.valid_until is not None:
        until = f'<p class="soft">{shown.say("until", day=wording.day(usable.valid_until, shown.language))}</p>'
    value = escape(usable.value)
    if usable.shape == "link":
        return f'<p><a href="{value}" rel="noreferrer">{value}</a></p>{until}'
    if usable.shape != "code":
        return f"<p><b>{value}</b></p>{until}"
    drawn = picture(canonical(usable.value), "qr", "svg").decode()
    return (
        f'<figure class="qr" aria-label="{shown.say("code")}">{drawn}'
        f"<figcaption><code>{value}</code></figcaption></figure>{until}"
    )


def _back(shown: Shown) -> str:
    return f'<p><a href="{shown.path()}">{shown.say("back")}</a></p>'


def key_of(page_token: str, reference: str, last: UUID | None, at: datetime) -> str:
    """The name of a request that a form makes: the same however often it is sent, another one after each order.

    `last` is the order that the member made last, whatever became of it since.
    """
    return f"{page_token[-22:]} {reference} {last} {at.date().isoformat()}"
