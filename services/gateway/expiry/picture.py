"""What lapses ahead, as the page of expiry shows it: a picture of bars, and the same in a table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from zoneinfo import ZoneInfo

from libs.judging.versions import RunningProgramme
from libs.language import wording
from libs.promotions.rates import digits
from libs.sweeps.outlook import Lapse, Outlook, Split, lapses, worth_of
from libs.sweeps.tables import last_day
from libs.sweeps.texts import SWEEPS
from services.gateway.site.markup import rows, table

_WIDTH, _LABEL, _ROW = 760, 190, 24
_ROOM = 440
_LEAST = 1.5
"""The least width of a bar that stands for something."""
_MOST = 12
_FEW = 4


def outlook_section(running: RunningProgramme, outlook: Outlook, name: str, language: str) -> str:
    """Return what a programme's last forecast says of the boundaries ahead, those with points alone; `name` is it."""
    version = running.at(outlook.as_of)
    if version is None:
        return ""
    source, zone = version.compiled.source, version.zone
    found = lapses(outlook, worth_of(source), ("tier", "campaign"))
    ahead = [each for each in found if each.whole.points and (each.lapses_at or outlook.as_of) > outlook.as_of]
    if not ahead:
        return ""
    pictures = [
        bars([each for each in ahead if each.wallet == wallet][:_MOST], wallet, zone, language)
        for wallet in dict.fromkeys(each.wallet for each in ahead)
    ]
    heads = [_say(language, f"page.{key}") for key in ("last_day", "wallets", "points", "worth", "tiers", "campaigns")]
    lines = rows(
        (
            escape(_day(each, zone, language)),
            escape(each.wallet),
            wording.number(each.whole.points, language),
            _money(each, source.currency, language),
            _parts(each, "tier", language),
            _parts(each, "campaign", language),
        )
        for each in ahead[: _MOST * 2]
    )
    moment = wording.zoned_moment(outlook.as_of, zone, language)
    return (
        "".join(pictures)
        + table(SWEEPS.say(language, "page.ahead"), heads, lines, of=name)
        + f'<p class="soft">{_say(language, "page.as_of", moment=moment)}</p>'
    )


def bars(found: Sequence[Lapse], wallet: str, zone: ZoneInfo, language: str) -> str:
    """Draw a bar for each boundary of a wallet, as long as many points lapse, each with its number."""
    most = max(each.whole.points for each in found)
    parts = []
    for at, each in enumerate(found):
        y, day = at * _ROW, escape(_day(each, zone, language))
        number = wording.number(each.whole.points, language)
        wide = max(each.whole.points / most * _ROOM, _LEAST)
        parts.append(f'<text x="{_LABEL - 10}" y="{y + 16}" text-anchor="end">{day}</text>')
        place = f'x="{_LABEL}" y="{y + 4}" width="{wide:.1f}" height="16" rx="1"'
        parts.append(f"<rect {place}><title>{day}: {number}</title></rect>")
        parts.append(f'<text x="{_LABEL + wide + 6:.1f}" y="{y + 16}">{number}</text>')
    title = _say(language, "page.picture", wallet=wallet)
    return (
        '<figure class="ahead scroll" tabindex="0">'
        f'<svg viewBox="0 0 {_WIDTH} {len(found) * _ROW + 4}" role="img" aria-label="{title}">'
        f"<title>{title}</title>{''.join(parts)}</svg></figure>"
    )


def _day(lapse: Lapse, zone: ZoneInfo, language: str) -> str:
    assert lapse.lapses_at is not None, "only what lapses is shown"
    return wording.day(last_day(lapse.lapses_at, zone), language)


def _money(lapse: Lapse, currency: str, language: str) -> str:
    minor = lapse.whole.worth_minor
    return "—" if minor is None else escape(wording.money(minor, digits(currency), currency, language))


def _parts(lapse: Lapse, split: Split, language: str) -> str:
    parts = sorted((part for part in lapse.parts if part.split == split), key=lambda part: -part.points)
    shown = [
        f"{escape(part.name or SWEEPS.say(language, 'page.none_of'))} {wording.number(part.points, language)}"
        for part in parts[:_FEW]
    ]
    return "<br>".join([*shown, *(["…"] if len(parts) > _FEW else [])])


def _say(language: str, key: str, **values: object) -> str:
    return escape(SWEEPS.say(language, key, **values))
