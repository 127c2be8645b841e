"""The part of the page of mailings that says who of the company gets a programme's figures, with a small form. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape

from libs.deliveries.periods import EVERY
from libs.deliveries.result_mails import Subscribed
from libs.language import wording
from libs.language.catalogue import LANGUAGES
from services.gateway.mass.words import PAGES
from services.gateway.planning import forms
from services.gateway.site.markup import instant, rows, table

RESULTS = "/mass/results"


def results_part(
    found: Sequence[Subscribed], programmes: Sequence[str], language: str, *, may_write: bool, said: str = ""
) -> str:
    """Who gets figures, and a form to add somebody."""
    say = partial(PAGES.say, language)
    told = f'<p class="bad" role="alert">{escape(said)}</p>' if said else ""
    lines = rows(_line(each, language, may_write=may_write) for each in found)
    heads = [escape(say(name)) for name in ("results.to", "programme", "results.every", "results.next", "by")]
    heads += [escape(say("results.remove"))] if may_write else []
    listing = table(say("results"), heads, lines) if found else f'<p class="soft">{escape(say("results.none"))}</p>'
    form = _form(programmes, language) if may_write and programmes else ""
    return f'<h2 id="results">{escape(say("results"))}</h2>{told}{listing}{form}'


def _line(each: Subscribed, language: str, *, may_write: bool) -> tuple[str, ...]:
    say = partial(PAGES.say, language)
    told = (
        f"<code>{escape(each.address)}</code>",
        escape(each.programme),
        escape(say(f"results.every.{each.every}")),
        instant(each.next_at, "UTC", language),
        escape(each.made_by),
    )
    if not may_write:
        return told
    label, text = escape(f"{say('results.remove')}: {each.address}", quote=True), escape(say("results.remove"))
    button = f'<button name="remove" value="{each.result_mail_id}" aria-label="{label}">{text}</button>'
    return (*told, f'<form method="post" action="{RESULTS}?lang={language}">{button}</form>')


def _form(programmes: Sequence[str], language: str) -> str:
    say = partial(PAGES.say, language)
    spoken = [(each, wording.language_name(each, language)) for each in LANGUAGES]
    every = [(each, say(f"results.every.{each}")) for each in EVERY]
    button = f'<div class="field"><button name="add" value="1">{escape(say("results.add"))}</button></div>'
    return (
        f'<details><summary>{escape(say("results.add"))}</summary><form class="fields" method="post" '
        f'action="{RESULTS}?lang={language}">'
        + forms.text("address", say("results.to"), "", how='type="email" required maxlength="254"')
        + forms.select("programme", say("programme"), [(name, name) for name in programmes], programmes[0])
        + forms.select("every", say("results.every"), every, "week")
        + forms.text("hour", say("results.hour"), "7", how='type="number" min="0" max="23" required')
        + forms.select("language", say("results.language"), spoken, language)
        + f"{button}</form></details>"
    )
