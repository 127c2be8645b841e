"""The same in the console: on a member's page, and the rules of a programme on the page of expiry. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from libs.judging.versions import ActiveVersion
from libs.promotions.describe import Words
from services.gateway.lapsing.advice import Told
from services.gateway.lapsing.texts import LAPSING
from services.gateway.site.markup import listed


def member_section(told: Iterable[Told], language: str) -> str:
    """What a member is told of each wallet; nothing where no points lapse."""
    found = list(told)
    if not found:
        return ""
    body = "".join(
        f"<h3>{escape(each.wallet)}</h3><p>{escape(' '.join(each.words))}</p>"
        + (listed(map(escape, each.keep)) if each.keep else "")
        for each in found
    )
    return f"<h2>{escape(LAPSING.say(language, 'title'))}</h2>{body}"


def rules_section(version: ActiveVersion, language: str) -> str:
    """The rules of every wallet: when its points lapse, and whose do not."""
    words = Words(version.compiled, language)
    items = [
        f"<b>{escape(wallet.name)}</b>: {escape(' '.join(words.wallet(wallet).sentences))}"
        for wallet in version.compiled.source.wallets
    ]
    return f"<h3>{escape(LAPSING.say(language, 'rules'))}</h3>{listed(items)}"
