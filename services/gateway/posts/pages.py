"""The pages of posts: all of them with the form of a new one, and one as it looks and stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from urllib.parse import urlencode

from libs.language import wording
from libs.language.catalogue import LANGUAGES
from libs.posts.postgres import OnPage, Seen
from libs.posts.states import ALLOWED, ENDED, Action
from libs.posts.texts import POSTS, reason_in_words
from libs.posts.wanted import Told
from services.gateway.mass.form import Fields, first
from services.gateway.planning import forms
from services.gateway.posts.words import PAGES
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import instant, listed, rows, table

HERE = "/posts"
_SHOWN: Sequence[Action] = ("publish", "approve", "refuse", "retry", "cancel")


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a new post: for which programme in which zone, what stands in it, and what is wrong with that."""

    programme: str
    zone: str
    key: str
    fields: Fields = field(default_factory=dict)
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)


def overview(found: Sequence[Seen], form: Form | None, language: str) -> str:
    """All of them, the newest first; the form for whoever may write."""
    say = partial(PAGES.say, language)
    lines = rows(
        (
            f'<a href="{HERE}/{each.post_id}?lang={language}">{escape(each.name)}</a>',
            escape(each.programme),
            escape(POSTS.say(language, f"state.{each.state}")),
            escape(each.made_by),
            instant(each.made_at, "UTC", language),
        )
        for each in found
    )
    heads = [escape(say(name)) for name in ("called", "programme", "state", "by", "at")]
    listing = table(say("title"), heads, lines) if found else f"<p>{escape(say('none'))}</p>"
    new = "" if form is None else _form(form, language)
    return console_page(HERE, say("title"), f'<p class="soft">{escape(say("intro"))}</p>{listing}{new}', language)


def _form(form: Form, language: str) -> str:
    say = partial(PAGES.say, language)
    query = escape(urlencode({"programme": form.programme, "lang": language}))
    faults = ""
    if form.faults:
        items = listed(map(escape, form.faults.get("", ())))
        faults = f'<div role="alert"><p class="bad">{escape(say("faults"))}</p>{items}</div>'

    def wrong(name: str) -> Sequence[str]:
        return form.faults.get(name, ())

    order = sorted(LANGUAGES, key=lambda each: each != language)
    words = "".join(
        forms.area(
            f"text-{each}",
            say("text.of", language=wording.language_name(each, language)),
            first(form.fields, f"text-{each}"),
            4,
            faults=wrong(f"text-{each}"),
        )
        for each in order
    )
    upload = (
        f'<div class="field"><label for="picture-file">{escape(say("picture.new"))}</label>'
        '<input id="picture-file" type="file" accept="image/png,image/jpeg,image/gif,image/webp" data-into="picture">'
        "<output></output></div>"
    )
    return (
        f'<h2 id="new">{escape(say("new"))}</h2>{faults}'
        f'<form class="mailing" data-designer method="post" action="{HERE}?{query}#new">'
        + forms.hidden("key", form.key)
        + forms.text(
            "name", say("name"), first(form.fields, "name"), how='required maxlength="64"', faults=wrong("name")
        )
        + words
        + forms.text(
            "link",
            say("link"),
            first(form.fields, "link"),
            how='type="url" placeholder="https://"',
            faults=wrong("link"),
        )
        + upload
        + forms.text(
            "picture", say("picture"), first(form.fields, "picture"), how='maxlength="64"', faults=wrong("picture")
        )
        + forms.area("pages", say("pages"), first(form.fields, "pages"), 2, faults=wrong("pages"))
        + forms.text(
            "starts_at",
            say("starts_at", zone=form.zone),
            first(form.fields, "starts_at"),
            how='type="datetime-local"',
            faults=wrong("starts_at"),
        )
        + f'<p class="dos">{forms.button("draft", say("do.draft"))}</p></form>'
        '<script src="/designer.js" defer></script>'
    )


def one_page(seen: Seen, on: Sequence[OnPage], language: str, *, may_write: bool, whoami: str, said: str = "") -> str:
    """One as it looks; `whoami` is who looks, for whom nothing of their own is to be approved."""
    told = f'<p class="bad" role="alert">{escape(said)}</p>' if said else ""
    script = "" if seen.state in (*ENDED, "draft") else '<script src="/watch.js" defer></script>'
    body = (
        told
        + (_buttons(seen, language, whoami) if may_write else "")
        + f'<div id="watched" data-from="{HERE}/{seen.post_id}/part?lang={language}">{part(seen, on, language)}</div>'
        + _looks(seen, language)
        + _people(seen, language)
        + script
    )
    return console_page(HERE, seen.name, body, language)


def part(seen: Seen, on: Sequence[OnPage], language: str) -> str:
    """What changes while one looks."""
    say = partial(PAGES.say, language)
    state = escape(say("is", state=POSTS.say(language, f"state.{seen.state}")))
    later = ""
    if seen.starts_at is not None and seen.begins_at is None:
        text = escape(say("not_before", at="{at}"))
        later = f"<p>{text.replace('{at}', instant(seen.starts_at, 'UTC', language))}</p>"
    listing = ""
    if on:
        heads = [escape(say(name)) for name in ("page", "language", "state", "when", "there", "why")]
        listing = table(say("on"), heads, rows(_line(each, language) for each in on))
    return f'<div data-state="{seen.state}"><p role="status"><strong>{state}</strong></p>{later}{listing}</div>'


def _line(each: OnPage, language: str) -> tuple[str, ...]:
    why = reason_in_words(each.reason, language)
    return (
        f"<code>{escape(each.page)}</code>",
        escape(wording.language_name(each.language, language)),
        escape(POSTS.say(language, f"page.{each.state}")),
        instant(each.ended_at or each.due_at, "UTC", language),
        f"<code>{escape(each.provider_id)}</code>" if each.provider_id else "",
        escape(f"{why} ({each.detail})" if each.detail else why),
    )


def _buttons(seen: Seen, language: str, whoami: str) -> str:
    say = partial(PAGES.say, language)
    own = seen.state == "awaiting_approval" and seen.sent_by == whoami
    told = ""
    if seen.state == "awaiting_approval":
        told = f"<p>{escape(say('approval', by=seen.sent_by or ''))}</p>"
        told += f'<p class="soft">{escape(say("own"))}</p>' if own else ""
    buttons = "".join(
        forms.button(action, say(f"do.{action}"))
        for action in _SHOWN
        if seen.state in ALLOWED[action] and not (own and action in ("approve", "refuse"))
    )
    if not buttons:
        return told
    return (
        f'{told}<form method="post" action="{HERE}/{seen.post_id}?lang={language}"><p class="dos">{buttons}</p></form>'
    )


def _looks(seen: Seen, language: str) -> str:
    cards = "".join(_card(seen, each, language) for each in seen.wanted.words)
    return f'<h2>{escape(PAGES.say(language, "looks"))}</h2><div class="cards">{cards}</div>'


def _card(seen: Seen, said: Told, language: str) -> str:
    """A post as a reader of its language sees it: words, then the picture, then the link."""
    spoken = escape(PAGES.say(language, "says", language=wording.language_name(said.language, language)))
    lines = "<br>".join(map(escape, said.text.splitlines()))
    picture, link = seen.wanted.picture, seen.wanted.link
    shown = f'<p><img src="/media/{picture}" alt=""></p>' if picture is not None else ""
    leads = ""
    if link is not None:
        address = escape(link, quote=True)
        leads = f'<p><a href="{address}" target="_blank" rel="noopener">{address}</a></p>'
    return (
        f'<section class="reward"><p class="soft">{spoken}</p><div class="bubble" lang="{escape(said.language)}">'
        f"<p>{lines}</p>{shown}{leads}</div></section>"
    )


def _people(seen: Seen, language: str) -> str:
    who = [("made", seen.made_by, seen.made_at), ("sent.by", seen.sent_by, seen.sent_at)]
    who += [("decided.by", seen.decided_by, seen.decided_at)]
    return "".join(
        f'<p class="soft">{escape(PAGES.say(language, key, by=by, at="{at}")).replace("{at}", shown)}</p>'
        for key, by, at in who
        if by is not None and at is not None and (shown := instant(at, "UTC", language))
    )
