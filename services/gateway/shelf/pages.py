"""The catalogue for anybody as pages: rewards with pictures, one with how to get it, and a screen for shops. Pure.

On a screen in a shop nobody clicks: every reward has a QR code there, and the page keeps itself fresh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import NamedTuple
from urllib.parse import quote, urlencode

from libs.catalogue.reward import PricePlan, Reward
from libs.codes.pictures import picture
from libs.contracts.orders import PriceView
from libs.language import wording
from libs.promotions.rates import digits
from services.gateway.catalogue.pages import price_words
from services.gateway.catalogue.signs import look
from services.gateway.catalogue.views import OfferView
from services.gateway.feedback.figures import Liking
from services.gateway.public.pages import Shown, languages
from services.gateway.shelf.texts import SHELF
from services.gateway.site.markup import listed, page
from services.gateway.site.open_graph import open_graph

FRESH = "/fresh.js"
"""Where the script is that keeps a screen in a shop fresh."""
PLACE = "rewards"


class Shelf(NamedTuple):
    """What is looked at: the programme, which category, in which store, on a screen of a shop or by a visitor."""

    shown: Shown
    base: str
    category: str = ""
    store: str = ""
    kiosk: bool = False

    def say(self, key: str, /, **values: object) -> str:
        """Say a text, as HTML."""
        return escape(SHELF.say(self.shown.language, key, **values))

    def given(self, **more: str) -> dict[str, str]:
        """What an address says beside its path, with what is empty left out."""
        told = {"category": self.category, "store": self.store, "kiosk": "true" if self.kiosk else ""} | more
        return {name: value for name, value in told.items() if value}

    def path(self, reference: str = "", **more: str) -> str:
        """Where a reward is, or the catalogue."""
        place = f"{self.shown.path(PLACE)}/{quote(reference, safe='')}" if reference else self.shown.path(PLACE)
        return f"{place}?{urlencode({**more, 'lang': self.shown.language})}"


class Standing(NamedTuple):
    """What others think: which place each reward has among the most wanted, and how it is liked."""

    wanted: Mapping[str, int] = {}
    liked: Mapping[str, Liking] = {}


def shelf_page(shelf: Shelf, offers: Sequence[OfferView], categories: Mapping[str, int], standing: Standing) -> str:
    """All rewards of a category, or of all, a card each; on a screen of a shop with a QR code each."""
    shown = shelf.shown
    least = min((price.points for price in map(_price, offers) if price is not None and price.points), default=None)
    told = [f'<p class="soft">{escape(shown.programme.name)}</p>']
    start = "" if least is None else shelf.say("from", points=wording.number(least, shown.language))
    told.append(f"<p>{start} {_worth(shelf)}</p>")
    if not shelf.kiosk:
        told.append(_categories(shelf, categories))
    cards = "".join(_card(shelf, offer, standing) for offer in offers)
    told.append(f'<div class="shelf">{cards}</div>' if offers else f"<p>{shelf.say('none')}</p>")
    extra = ""
    if shelf.kiosk:
        told.append(f"<p>{shelf.say('scan')}</p>")
        extra = f'<script src="{FRESH}" defer></script>'
    else:
        told.append(f'<p><a href="{_rules(shelf)}">{shelf.say("rules")}</a></p>')
        told.append(languages(shown, PLACE, shelf.given()))
    title = SHELF.say(shown.language, "title")
    css = "kiosk" if shelf.kiosk else ""
    return page(title, f'<div class="{css}">{"".join(told)}</div>' if css else "".join(told), language=shown.language,
                wide=True, worn=shown.worn.also(extra))  # fmt: skip


def reward_page(shelf: Shelf, offer: OfferView, reward: Reward, standing: Standing) -> str:
    """One reward: pictures, what it costs whom, how to get it, its terms, and a QR code that brings it along."""
    language = shelf.shown.language
    prices = listed(_plan(plan, language) for plan in reward.prices)
    how = listed(shelf.say(f"how.{name}") for name in ("app", "till", "points"))
    body = (
        f'<p class="soft">{escape(shelf.shown.programme.name)}</p><div class="reward">{look(offer)}</div>'
        f"<p>{escape(offer.text or offer.summary)}</p>{_facts(shelf, offer, standing)}"
        f"<h2>{shelf.say('prices')}</h2>{prices}<p>{_worth(shelf)}</p>"
        f"<h2>{shelf.say('how')}</h2>{how}{_qr(shelf, offer)}"
        + (f"<h2>{shelf.say('terms')}</h2><p>{escape(offer.terms)}</p>" if offer.terms else "")
        + f'<p class="ways"><a href="{escape(shelf.path(**shelf.given()))}">{shelf.say("back")}</a>'
        f'<a href="{_rules(shelf)}">{shelf.say("rules")}</a></p>'
        + languages(shelf.shown, PLACE, {}, of=quote(offer.reference, safe=""))
    )
    return page(offer.title, body, language=language, worn=shelf.shown.worn.also(opened_graph(shelf, offer)))


def opened_graph(shelf: Shelf, offer: OfferView) -> str:
    """What a messenger shows of a link to a reward."""
    image = next((each.link for each in offer.media if each.form == "picture"), None)
    text, address = offer.summary or offer.text or offer.title, shelf.base + shelf.path(offer.reference)
    return open_graph(offer.title, text, address, image, shelf.shown.programme.name)


def _categories(shelf: Shelf, categories: Mapping[str, int]) -> str:
    links = []
    for name in ("", *categories):
        told = escape(name) if name else shelf.say("all")
        if name == shelf.category:
            links.append(f'<b aria-current="true">{told}</b>')
        else:
            given = {key: value for key, value in shelf.given(category=name).items() if value}
            links.append(f'<a href="{escape(shelf.path(**given))}">{told}</a>')
    return f'<nav class="ways" aria-label="{shelf.say("categories")}">{" ".join(links)}</nav>'


def _card(shelf: Shelf, offer: OfferView, standing: Standing) -> str:
    href = escape(shelf.path(offer.reference))
    title = escape(offer.title) if shelf.kiosk else f'<a href="{href}">{escape(offer.title)}</a>'
    return (
        f'<section class="reward"><h2>{title}</h2>{look(offer)}<p>{escape(offer.summary)}</p>'
        f'<p class="figure">{escape(price_words(_price(offer), shelf.shown.language))}</p>'
        f"{_facts(shelf, offer, standing)}{_qr(shelf, offer) if shelf.kiosk else ''}</section>"
    )


def _price(offer: OfferView) -> PriceView | None:
    """The cheapest price there is for anybody."""
    return offer.price or (offer.prices[0] if offer.prices else None)


def _facts(shelf: Shelf, offer: OfferView, standing: Standing) -> str:
    language, told = shelf.shown.language, []
    if offer.reference in standing.wanted:
        told.append(f"<b>{shelf.say('wanted', rank=wording.number(standing.wanted[offer.reference], language))}</b>")
    liking = standing.liked.get(offer.reference, Liking())
    if liking.mean is not None:
        mean, number = wording.number(liking.mean, language), wording.number(liking.count, language)
        told.append(shelf.say("liked", n=liking.count, mean=mean, number=number))
    if offer.left is not None:
        number = wording.number(offer.left, language)
        told.append(shelf.say("left", n=offer.left, number=number) if offer.left else shelf.say("gone"))
    return f"<p>{'<br>'.join(told)}</p>" if told else ""


def _plan(plan: PricePlan, language: str) -> str:
    told = price_words(plan, language)
    for key, values in (("level", plan.tiers), ("channel", plan.channels)):
        if values:
            named = wording.one_of([each.rpartition("/")[2] for each in values], language)
            told += " " + SHELF.say(language, f"plan.{key}", **{f"{key}s": named})
    if plan.window.to is not None:
        told += " " + SHELF.say(language, "plan.until", day=wording.day(plan.window.to.date(), language))
    return escape(told)


def _worth(shelf: Shelf) -> str:
    """What points pay of a bill, where the programme lets them."""
    source, language = shelf.shown.compiled.source, shelf.shown.language
    rate = None if source.payment is None else source.payment.rate(None, shelf.shown.at)
    if rate is None:
        return ""
    money = wording.money(rate.minor, digits(source.currency), source.currency, language)
    return shelf.say("worth", points=wording.number(rate.points, language), money=money)


def _qr(shelf: Shelf, offer: OfferView) -> str:
    drawn = _drawn(shelf.base + shelf.path(offer.reference))
    return f'<figure class="qr" role="img" aria-label="{shelf.say("scan.one")}">{drawn}</figure>'


@lru_cache(maxsize=512)
def _drawn(address: str) -> str:
    """A QR code; a screen shows the same ones every minute."""
    return picture(address, "qr", "svg").decode()


def _rules(shelf: Shelf) -> str:
    return escape(f"{shelf.shown.path('rules')}?{urlencode({'lang': shelf.shown.language})}")
