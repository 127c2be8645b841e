"""The pages that anybody may see of a programme that says so: its rules and its calculator. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from urllib.parse import urlencode

from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.language import wording
from libs.language.catalogue import LANGUAGES
from libs.promotions.compile import CompiledProgramme
from libs.promotions.describe import SECTIONS, Rule, Rules, Words, describe_rules
from libs.promotions.switches import refers, stopped
from libs.promotions.wording import RULES
from services.gateway.calculator.forms import PERIODS, Filled
from services.gateway.calculator.year import CampaignYear, Habits, WalletYear, Year, activities_of, tiers_of
from services.gateway.expiry.common_day import common_days
from services.gateway.public.words import PAGES, assumptions
from services.gateway.site.dress import PLAIN, Dress
from services.gateway.site.markup import listed, page, rows, table, time_left

_SOON = timedelta(days=31)
"""What ends within this time says how much of it is left."""
_NAMES = {"en": "English", "de": "Deutsch"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A programme that anybody may see, in a language: the version in force as it runs at an instant."""

    programme: RunningProgramme
    version: ActiveVersion
    at: datetime
    language: str
    worn: Dress = PLAIN

    @property
    def compiled(self) -> CompiledProgramme:
        """Its campaigns, ready to judge."""
        return self.version.compiled

    def path(self, what: str) -> str:
        """Where one of its pages is."""
        return f"/{what}/{self.programme.tenant}/{self.programme.programme}"

    def say(self, key: str, /, **values: object) -> str:
        """Say a text of the pages, as HTML."""
        return escape(PAGES.say(self.language, key, **values))


def rules_page(shown: Shown) -> str:
    """How points are earned."""
    off = stopped(shown.programme.switches, shown.compiled)
    on = refers(shown.programme.switches)
    told = describe_rules(shown.compiled, shown.at, shown.language, killed=off, refers=on)
    today = wording.day(shown.at.astimezone(shown.compiled.zone).date(), shown.language)
    body = (
        f'<p class="soft">{escape(shown.programme.name)} · {shown.say("rules.as_of", day=today)}</p>'
        + _sections(shown, told)
        + _referral(shown, told)
        + _wallets(shown, told)
        + f'<p><a href="{_link(shown, "questions")}">{shown.say("rules.questions")}</a></p>'
        + f'<p><a href="{_link(shown, "calculator")}">{shown.say("rules.calculate")}</a></p>'
        + languages(shown, "rules", {})
    )
    return page(
        PAGES.say(shown.language, "rules.title"), body, language=shown.language, counts_down=True, worn=shown.worn
    )


def calculator_page(shown: Shown, filled: Filled, year: Year | None, habits: Habits | None) -> str:
    """The form, and what it came to: nothing where it was filled in wrongly."""
    result = "" if year is None or habits is None else _result(shown, year, habits)
    body = (
        f'<p class="soft">{escape(shown.programme.name)}</p>'
        f'<div class="cards calculator"><section>{_form(shown, filled)}</section>'
        f'<section id="result">{result}</section></div>'
        f'<p><a href="{_link(shown, "rules")}">{shown.say("calculator.rules")}</a></p>'
        + languages(shown, "calculator", filled.given)
    )
    return page(PAGES.say(shown.language, "calculator.title"), body, language=shown.language, worn=shown.worn)


def _sections(shown: Shown, told: Rules) -> str:
    if not told.rules:
        return f"<p>{shown.say('rules.none')}</p>"
    sections = []
    for section in SECTIONS:
        items = [_rule(shown, rule) for rule in told.rules if rule.section == section]
        if items:
            sections.append(f"<h2>{escape(RULES.say(shown.language, f'section.{section}'))}</h2>{_rules(items)}")
    return "".join(sections) + "".join(f'<p class="soft">{escape(group)}</p>' for group in told.groups)


def _rule(shown: Shown, rule: Rule) -> str:
    left = ""
    if rule.ends_at is not None and rule.ends_at - shown.at < _SOON:
        left = f"<br>{shown.say('rules.left')} {time_left(rule.ends_at, shown.at, shown.language)}"
    return f"<b>{escape(rule.name)}</b><br>{escape(rule.sentence)}{left}"


def _referral(shown: Shown, told: Rules) -> str:
    if not told.referral:
        return ""
    head = escape(RULES.say(shown.language, "section.referral"))
    return f"<h2>{head}</h2><p>{escape(' '.join(told.referral))}</p>"


def _rules(items: Iterable[str]) -> str:
    return '<ul class="rules">' + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def _wallets(shown: Shown, told: Rules) -> str:
    several = len(told.wallets) > 1
    days = {
        wallet.name: common_days(shown.version, wallet, shown.at, shown.language)
        for wallet in shown.compiled.source.wallets
    }
    parts = [
        (f"<h3>{escape(wallet.wallet)}</h3>" if several else "")
        + f"<p>{escape(' '.join([*wallet.sentences, *days[wallet.wallet]]))}</p>"
        for wallet in told.wallets
    ]
    return f'<h2>{shown.say("rules.wallets")}</h2>{"".join(parts)}<p class="soft">{escape(told.rounding)}</p>'


def _link(shown: Shown, what: str) -> str:
    return escape(f"{shown.path(what)}?{urlencode({'lang': shown.language})}")


def languages(shown: Shown, what: str, given: Mapping[str, str], *, of: str = "") -> str:
    """Return links to the same page in the other languages; `of` is what the page is of, below its place."""
    place = f"{shown.path(what)}/{of}" if of else shown.path(what)
    links = []
    for language in LANGUAGES:
        name = _NAMES[language]
        if language == shown.language:
            links.append(f'<b aria-current="true" lang="{language}">{name}</b>')
        else:
            href = escape(f"{place}?{urlencode({**given, 'lang': language})}")
            links.append(f'<a href="{href}" lang="{language}" hreflang="{language}">{name}</a>')
    return f'<nav class="languages" aria-label="{shown.say("languages")}">{" · ".join(links)}</nav>'


def _form(shown: Shown, filled: Filled) -> str:
    source = shown.compiled.source
    unit = shown.say("basket.unit", currency=source.currency)
    fields = [
        '<div class="together">'
        + _field(shown, filled, "purchases", shown.say("purchases"), 'inputmode="numeric"')
        + _select(
            "per", shown.say("per"), [(one, PAGES.say(shown.language, one)) for one in PERIODS], filled.value("per")
        )
        + "</div>",
        _field(
            shown, filled, "basket", f'{shown.say("basket")} <span class="soft">{unit}</span>', 'inputmode="decimal"'
        ),
    ]
    activities = activities_of(shown.version)
    if activities:
        inner = "".join(
            _field(shown, filled, f"activity.{name}", shown.say("activity", name=name), 'inputmode="numeric"')
            for name in activities
        )
        fields.append(f"<fieldset><legend>{shown.say('activities')}</legend>{inner}</fieldset>")
    tiers = tiers_of(source)
    if tiers:
        options = [("", PAGES.say(shown.language, "tier.none")), *[(tier, tier) for tier in tiers]]
        fields.append(_select("tier", shown.say("tier"), options, filled.value("tier")))
    return (
        f"<h2>{shown.say('habits')}</h2>"
        f'<form method="get" action="{shown.path("calculator")}#result">'
        f'<input type="hidden" name="lang" value="{shown.language}">{"".join(fields)}'
        f"<button>{shown.say('go')}</button></form>"
    )


def _field(shown: Shown, filled: Filled, name: str, label: str, how: str) -> str:
    fault, told, marks = filled.faults.get(name), "", ""
    if fault is not None:
        key, values = fault
        told = f'<p class="bad" id="{escape(name)}-fault">▲ {shown.say(key, **values)}</p>'
        marks = f' aria-invalid="true" aria-describedby="{escape(name)}-fault"'
    return (
        f'<div class="field"><label for="{escape(name)}">{label}</label><input id="{escape(name)}" '
        f'name="{escape(name)}" value="{escape(filled.value(name))}" {how} autocomplete="off" maxlength="12"{marks}>'
        f"{told}</div>"
    )


def _select(name: str, label: str, options: Iterable[tuple[str, str]], chosen: str) -> str:
    inner = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in options
    )
    field = f'<label for="{name}">{label}</label><select id="{name}" name="{name}">{inner}</select>'
    return f'<div class="field">{field}</div>'


def _result(shown: Shown, year: Year, habits: Habits) -> str:
    words = Words(shown.compiled, shown.language)
    earned = [wallet for wallet in year.wallets if wallet.points]
    if not earned:
        told = f"<p>{shown.say('nothing')}</p>"
    else:
        told = "".join(f"<p>{_figure(shown, words, wallet)}</p>" for wallet in earned)
        told += _lapses(shown, words, earned) + _by_offer(shown, words, year.campaigns)
    granted = [escape(text) for text in assumptions(habits.purchases, shown.language)]
    return (
        f"<h2>{shown.say('result')}</h2>{told}"
        f"<details><summary>{shown.say('assumptions')}</summary>{listed(granted)}</details>"
    )


def _figure(shown: Shown, words: Words, wallet: WalletYear) -> str:
    figure = f'<strong class="figure">{escape(words.points(wallet.points, wallet.wallet))}</strong>'
    if wallet.worth_minor is None:
        return figure
    return f"{figure} {shown.say('worth', money=words.money(wallet.worth_minor))}"


def _lapses(shown: Shown, words: Words, wallets: Sequence[WalletYear]) -> str:
    lines = [
        (
            shown.say("lapse.never") if lapse.last_day is None else escape(wording.day(lapse.last_day, shown.language)),
            escape(words.points(lapse.points, wallet.wallet)),
        )
        for wallet in wallets
        for lapse in wallet.lapses
    ]
    heads = (shown.say("lapse.day"), shown.say("lapse.points"))
    return table(PAGES.say(shown.language, "lapse"), heads, rows(lines))


def _by_offer(shown: Shown, words: Words, campaigns: Sequence[CampaignYear]) -> str:
    lines = [(escape(one.name), escape(words.points(one.points, one.wallet))) for one in campaigns]
    heads = (shown.say("by.offer"), shown.say("by.points"))
    return table(PAGES.say(shown.language, "by"), heads, rows(lines))
