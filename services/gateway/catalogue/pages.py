"""What the pages of the catalogue show: a grid of rewards with pictures and reasons, and a board of orders. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from html import escape
from urllib.parse import quote, urlencode

from libs.catalogue.reward import PricePlan
from libs.contracts.orders import OrderView, PriceView
from libs.language import wording
from libs.promotions.rates import digits
from services.gateway.catalogue.signs import look
from services.gateway.catalogue.texts import PAGES, STATES
from services.gateway.catalogue.views import OfferView
from services.gateway.site.markup import instant, listed, prose, rows, table

PLACE, BOARD, LIKED, MIX = "/catalogue", "/catalogue/orders", "/catalogue/feedback", "/catalogue/mix"
PICTURES = (
    "default-src 'none'; img-src 'self' https:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""What the page of the catalogue may load: beside our own, pictures of rewards from where they lie."""


def grid_body(
    offers: Sequence[OfferView],
    categories: Mapping[str, int],
    member: str,
    category: str,
    language: str,
    told: str,
    programme: str = "",
) -> str:
    """The form that asks for whom, and a card for each reward; with a programme they lead to their pages."""
    say = partial(_say, language)
    options = "".join(
        f'<option value="{escape(name)}"{" selected" if name == category else ""}>{escape(name)} ({count})</option>'
        for name, count in categories.items()
    )
    answer = f'<p role="status">{escape(told)}</p>' if told else ""
    form = (
        f'<form method="get" action="{PLACE}" class="filters"><input type="hidden" name="lang" value="{language}">'
        f'<p><label for="member">{say("member")}</label> <input id="member" name="member_id" maxlength="36" '
        f'value="{escape(member)}" autocomplete="off"></p>'
        f'<p><label for="category">{say("category")}</label> <select id="category" name="category">'
        f'<option value="">{say("all")}</option>{options}</select></p><p><button>{say("show")}</button></p></form>'
    )
    cards = "".join(offer_card(each, language, programme) for each in offers)
    body = f'<div class="cards">{cards}</div>' if offers else f"<p>{prose(PAGES.say(language, 'none'))}</p>"
    links = "".join(
        f'<a href="{place}?lang={language}">{say(name)}</a>'
        for place, name in ((BOARD, "to-board"), (LIKED, "to-liked"), (MIX, "to-mix"))
    )
    return f'<p class="ways">{links}</p>{form}{answer}{body}'


def offer_card(offer: OfferView, language: str, programme: str = "") -> str:
    """A reward as a card; with a programme its title leads to its page."""
    say = partial(_say, language)
    facts = [escape(price_words(each, language)) for each in offer.prices]
    if offer.left is not None:
        facts.append(say("left", left=wording.number(offer.left, language)))
    if offer.in_reach is not None:
        css, word = ("good", "in-reach") if offer.in_reach else ("bad", "out")
        facts.append(f'<span class="{css}">{say(word)}</span>')
    if offer.wished:
        facts.append(say("wished"))
    why = listed(escape(each.text) for each in offer.reasons) if offer.reasons else ""
    because = f'<p class="soft">{escape(" ".join(offer.because))}</p>' if offer.because else ""
    title = escape(offer.title)
    if programme:
        place = f"{PLACE}/rewards/{quote(programme, safe='')}/{quote(offer.reference, safe='')}?lang={language}"
        title = f'<a href="{escape(place)}">{title}</a>'
    return (
        f'<section class="reward"><h2>{title}</h2>{look(offer)}'
        f"<p>{escape(offer.summary)}</p><p>{' · '.join(facts)}</p>{why}{because}"
        f'<p class="soft"><code>{escape(offer.reference)}</code> {escape(offer.category)}, {escape(offer.kind)}</p>'
        "</section>"
    )


def price_words(price: PriceView | PricePlan | None, language: str) -> str:
    """What something costs, in words; of what has no price nothing."""
    if price is None or not (price.points or price.money_minor):
        return PAGES.say(language, "free")
    told = PAGES.say(language, "points", points=wording.number(price.points, language))
    if price.money_minor and price.currency:
        money = wording.money(price.money_minor, digits(price.currency), price.currency, language)
        told += f" {PAGES.say(language, 'and', money=money)}"
    return told


def board_body(
    orders: Sequence[OrderView], titles: Mapping[str, str], zone: str, language: str, *, may_change: bool, told: str
) -> str:
    """How many orders are in each state, and a row for each with what happened and the steps that may follow."""
    say = partial(_say, language)
    link = f'<p class="ways"><a href="{PLACE}?lang={language}">{say("to-catalogue")}</a></p>'
    answer = f'<p role="status">{escape(told)}</p>' if told else ""
    if not orders:
        return f"{link}{answer}<p>{say('no-orders')}</p>"
    counts = Counter(each.state for each in orders)
    summary = listed(
        say("count", number=wording.number(count, language), state=state_words(state, language))
        for state, count in counts.most_common()
    )
    heads = [say(name) for name in ("reward", "pieces", "state", "since", "steps", "next")]
    lines = rows(_line(each, titles, zone, language, may_change=may_change) for each in orders)
    return f"{link}{answer}{summary}" + table(PAGES.say(language, "caption"), heads, lines)


def _line(
    order: OrderView, titles: Mapping[str, str], zone: str, language: str, *, may_change: bool
) -> Iterable[object]:
    name = titles.get(order.reference, order.reference)
    steps = listed(
        f"{escape(state_words(each.state, language))}, {instant(each.at, zone, language)}"
        + (f" ({escape(each.tracking)})" if each.tracking else "")
        for each in order.steps
    )
    return (
        f"<b>{escape(name)}</b><br><code>{order.order_id}</code>",
        escape(wording.number(order.quantity - order.cancelled, language)),
        escape(state_words(order.state, language)),
        instant(order.changed_at, zone, language),
        steps,
        _steps_form(order, language) if may_change and order.next else "",
    )


def _steps_form(order: OrderView, language: str) -> str:
    say, field = partial(_say, language), f"tracking-{order.order_id}"
    buttons = "".join(
        f'<button name="state" value="{state}">{escape(state_words(state, language))}</button> ' for state in order.next
    )
    action = f"{BOARD}?" + urlencode({"lang": language})
    return (
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="order_id" value="{order.order_id}">'
        f'<p><label for="{field}">{say("tracking")}</label> '
        f'<input id="{field}" name="tracking" maxlength="64"></p><p class="dos">{buttons}</p></form>'
    )


def state_words(state: str, language: str) -> str:
    """A state of an order in words."""
    return STATES.get(language, state, state)


def _say(language: str, key: str, **values: object) -> str:
    return escape(PAGES.say(language, key, **values))
