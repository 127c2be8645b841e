"""What the console's page of one reward shows: how it looks, its stock, the document to be changed, versions. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from urllib.parse import quote

import yaml

from libs.catalogue.postgres import Kept, StockRow
from libs.catalogue.reward import reward_document
from libs.language import wording
from services.gateway.catalogue.pages import PLACE, offer_card
from services.gateway.catalogue.texts import PAGES
from services.gateway.catalogue.views import OfferView
from services.gateway.site.markup import instant, preformatted, rows, table


def path_of(programme: str, reference: str) -> str:
    """Where a reward's page is."""
    return f"{PLACE}/rewards/{quote(programme, safe='')}/{quote(reference, safe='')}"


def written(kept: Kept) -> str:
    """The document as YAML."""
    return yaml.safe_dump(reward_document(kept.reward), allow_unicode=True, sort_keys=False, width=110)


def reward_body(
    programme: str, versions: Sequence[Kept], offer: OfferView, stock: Sequence[StockRow], zone: str, language: str, *,
    may_change: bool, told: str = "", draft: str = "",
) -> str:  # fmt: skip
    """All of a reward; `draft` is what somebody wrote that could not be kept."""
    say, kept = partial(_say, language), versions[0]
    action = f"{escape(path_of(programme, kept.reward.reference))}?lang={language}"
    answer = f'<p role="status">{escape(told)}</p>' if told else ""
    parts = [f'<p class="ways"><a href="{PLACE}?lang={language}">{say("to-catalogue")}</a></p>{answer}']
    parts.append(f'<div class="cards">{offer_card(offer, language)}</div>')
    if kept.reward.stock != "unlimited":
        parts.append(_stock(stock, kept, action, language, may_change=may_change))
    if may_change:
        parts.append(_state(kept, action, language))
    parts.append(_document(kept, draft, action, language, may_change=may_change))
    lines = rows(
        (wording.number(each.version, language), instant(each.recorded_at, zone, language), escape(each.author))
        for each in versions
    )
    heads = [say(each) for each in ("version", "written", "author")]
    return "".join(parts) + f"<h2>{say('versions')}</h2>" + table(PAGES.say(language, "versions"), heads, lines)


def _stock(stock: Sequence[StockRow], kept: Kept, action: str, language: str, *, may_change: bool) -> str:
    say, number = partial(_say, language), partial(wording.number, language=language)
    lines = rows((escape(each.store) or say("all-stores"), number(each.free), number(each.reserved)) for each in stock)
    heads = [say(each) for each in ("store", "free-pieces", "held")]
    shown = f"<h2>{say('stock')}</h2>{table(PAGES.say(language, 'stock'), heads, lines)}"
    if not may_change:
        return shown
    store = ""
    if kept.reward.stock == "by_store":
        store = (
            f'<p><label for="store">{say("store")}</label> <input id="store" name="store" maxlength="64" required></p>'
        )
    return (
        f'{shown}<form method="post" action="{action}" class="filters">{store}'
        f'<p><label for="free">{say("free-now")}</label> '
        f'<input id="free" name="free" type="number" min="0" max="1000000000" required></p>'
        f'<p><button name="do" value="stock">{say("set")}</button></p></form>'
    )


def _state(kept: Kept, action: str, language: str) -> str:
    do = "retire" if kept.reward.state == "live" else "offer"
    button = f'<button name="do" value="{do}">{_say(language, f"do.{do}")}</button>'
    return f'<form method="post" action="{action}"><p>{button}</p></form>'


def _document(kept: Kept, draft: str, action: str, language: str, *, may_change: bool) -> str:
    head, text = f"<h2>{_say(language, 'document')}</h2>", draft or written(kept)
    if not may_change:
        return head + preformatted(text)
    return (
        f'{head}<form method="post" action="{action}"><input type="hidden" name="version" value="{kept.version}">'
        f'<p><label for="document">{_say(language, "document.edit")}</label>'
        f'<textarea id="document" name="document" rows="22" spellcheck="false">\n{escape(text)}</textarea></p>'
        f'<p><button name="do" value="save">{_say(language, "do.save")}</button></p></form>'
    )


def _say(language: str, key: str, **values: object) -> str:
    return escape(PAGES.say(language, key, **values))
