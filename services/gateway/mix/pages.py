"""What the page of the mix shows: figures, kinds as bars, proposals in words, and all rewards in a table. Pure."""

from __future__ import annotations

from functools import partial
from html import escape

from libs.language import wording
from libs.promotions.rates import digits
from services.gateway.catalogue.pages import PLACE
from services.gateway.mix.texts import MIX
from services.gateway.mix.views import MixRow, MixView
from services.gateway.site.bars import Bar, bars
from services.gateway.site.markup import listed, rows, table

HERE = "/catalogue/mix"
_NONE = "\u2013"


def form(days: int, language: str) -> str:
    """The form that asks for other days."""
    say = partial(_say, language)
    return (
        f'<p class="ways"><a href="{PLACE}?lang={language}">{say("to-catalogue")}</a></p>'
        f'<form method="get" action="{HERE}" class="filters"><input type="hidden" name="lang" value="{language}">'
        f'<p><label for="days">{say("days")}</label> '
        f'<input id="days" name="days" type="number" min="1" max="730" value="{days}"></p>'
        f"<p><button>{say('show')}</button></p></form>"
    )


def mix_body(mix: MixView, name: str, currency: str, language: str) -> str:
    """All of a programme's mix."""
    say, number = partial(_say, language), partial(wording.number, language=language)
    if not mix.data:
        return f"<h2>{escape(name)}</h2><p>{say('none')}</p>"
    figures = [
        say("members", members=number(mix.members)),
        say("ordering", percent=number(mix.ordering_percent)),
        say("reached", percent=number(mix.reached_percent)),
        say("middle", points=number(mix.middle_points)),
    ]
    drawn = bars(MIX.say(language, "kinds"), [Bar(kind, pieces, number(pieces)) for kind, pieces in mix.kinds.items()])
    better = listed(escape(each.text) for each in mix.proposals) if mix.proposals else f"<p>{say('no-proposals')}</p>"
    heads = [say(each) for each in (
        "reward", "kind", "price", "pieces", "who", "points", "cost", "reach", "wished", "liked"
    )]  # fmt: skip
    lines = rows(_line(each, currency, language) for each in mix.data)
    return (
        f"<h2>{escape(name)}</h2>{listed(figures)}<h3>{say('proposals')}</h3>{better}<h3>{say('kinds')}</h3>{drawn}"
        + table(MIX.say(language, "caption"), heads, lines, of=name)
    )


def _line(each: MixRow, currency: str, language: str) -> tuple[str, ...]:
    number = partial(wording.number, language=language)
    who = [
        f"{escape(level) or _say(language, 'no-level')} {number(pieces)}"
        for level, pieces in sorted(each.by_level.items(), key=lambda one: -one[1])
    ]
    cost = _NONE if each.cost_minor is None else wording.money(each.cost_minor, digits(currency), currency, language)
    liked = _NONE
    if each.mean_hundredths is not None:
        liked = f"{number(each.mean_hundredths, scale=2)} ({number(each.ratings)})"
    return (
        f"{escape(each.title)}<br><code>{escape(each.reference)}</code>", escape(each.kind), number(each.price),
        number(each.pieces), "<br>".join(who) or _NONE, number(each.points), escape(cost),
        f"{number(each.reach_percent)} %", number(each.wished), liked,
    )  # fmt: skip


def _say(language: str, key: str, **values: object) -> str:
    return escape(MIX.say(language, key, **values))
