"""The page of one message to many: whom it reaches, how far it is, what became of it, and what may be done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape

from libs.deliveries.texts import DELIVERIES
from libs.language import wording
from libs.mass.counts import Count, outlook, results, under_way
from libs.mass.postgres import Seen
from libs.mass.states import ALLOWED, ENDED, Action
from libs.mass.texts import MASS, reason_of
from services.gateway.mass.desk import Whole
from services.gateway.mass.pages import HERE
from services.gateway.mass.words import PAGES
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import instant, prose, rows, table

_SHOWN: Sequence[Action] = ("send", "approve", "refuse", "pause", "resume", "cancel")
_COLUMNS = ("sent", "opened", "clicked", "bounced", "failed", "suppressed", "under_way")


def one_page(whole: Whole, language: str, *, may_write: bool, whoami: str, said: str = "") -> str:
    """The page of one; `whoami` is who looks, for whom nothing of their own is to be approved."""
    seen = whole.seen
    told = f'<p class="bad" role="alert">{escape(said)}</p>' if said else ""
    buttons = _buttons(seen, language, whoami) if may_write else ""
    script = "" if seen.state in ENDED else '<script src="/watch.js" defer></script>'
    body = (
        told
        + buttons
        + f'<div id="watched" data-from="{HERE}/{seen.mass_id}/part?lang={language}">{part(whole, language)}</div>'
        + _message(seen, language)
        + script
    )
    return console_page(HERE, seen.name, body, language)


def part(whole: Whole, language: str) -> str:
    """What changes while one looks."""
    seen, say = whole.seen, partial(PAGES.say, language)
    state = escape(say("is", state=MASS.say(language, f"state.{seen.state}")))
    return (
        f'<div data-state="{seen.state}"><p role="status"><strong>{state}</strong></p>'
        + _progress(whole, language)
        + _outlook(whole, language)
        + _results(whole, language)
        + "</div>"
    )


def _progress(whole: Whole, language: str) -> str:
    seen, say = whole.seen, partial(PAGES.say, language)
    if seen.state == "counting":
        return f"<p>{escape(say('counting', n=wording.number(seen.counted, language)))}</p>"
    if seen.begins_at is None or not seen.members:
        return ""
    done = max(seen.laid - under_way(whole.became), 0)
    text = say("progress", done=wording.number(done, language), all=wording.number(seen.members, language))
    return (
        f'<p><progress aria-label="{escape(text)}" max="{max(seen.members, seen.laid)}" value="{done}"></progress> '
        f"{escape(text)}</p>"
    )


def _outlook(whole: Whole, language: str) -> str:
    if whole.seen.counted_at is None:
        return ""
    say, found = partial(PAGES.say, language), outlook(whole.counts)
    figures = "".join(
        f'<p><span class="figure">{wording.number(count, language)}</span><br>{escape(say(name))}</p>'
        for name, count in zip(("now", "later", "never"), found, strict=True)
    )
    variants = len({each.variant for each in whole.counts}) > 1
    lines = rows(_counted(each, language, variants=variants) for each in whole.counts)
    names = ("variant", "when", "channel", "members", "why") if variants else ("when", "channel", "members", "why")
    heads = [escape(say(name)) for name in names]
    of = escape(say("of", n=wording.number(found.members, language)))
    return (
        f'<h2>{escape(say("outlook"))}</h2><div class="sums">{figures}<p class="soft">{of}</p></div>'
        f'<div class="counts">{table(say("outlook"), heads, lines)}</div>'
    )


def _counted(each: Count, language: str, *, variants: bool) -> tuple[str, ...]:
    told = (
        escape(MASS.say(language, f"verdict.{each.verdict}")),
        escape(DELIVERIES.get(language, f"channel.{each.channel}", each.channel)),
        wording.number(each.members, language),
        escape(reason_of(each, language)),
    )
    return (escape(each.variant), *told) if variants else told


def _results(whole: Whole, language: str) -> str:
    found = results(whole.became)
    if not found:
        return ""
    say = partial(PAGES.say, language)
    lines = rows(
        (escape(each.variant), *(wording.number(getattr(each, name), language) for name in _COLUMNS)) for each in found
    )
    heads = [escape(say(name)) for name in ("variant", *_COLUMNS)]
    return f"<h2>{escape(say('sofar'))}</h2>" + table(say("sofar"), heads, lines)


def _buttons(seen: Seen, language: str, whoami: str) -> str:
    say = partial(PAGES.say, language)
    own = seen.state == "awaiting_approval" and seen.sent_by == whoami
    told = ""
    if seen.state == "awaiting_approval":
        above = wording.number(seen.approval_above or 0, language)
        told = f"<p>{escape(say('approval', above=above, by=seen.sent_by or ''))}</p>"
        told += f'<p class="soft">{escape(say("own"))}</p>' if own else ""
    buttons = ""
    for action in _SHOWN:
        if seen.state not in ALLOWED[action] or (own and action in ("approve", "refuse")):
            continue
        members = wording.number(seen.members or 0, language)
        label = say("do.send", n=members) if action == "send" else say(f"do.{action}")
        buttons += f'<button name="do" value="{action}">{escape(label)}</button>'
    if seen.state == "counted":
        buttons += f'<button name="do" value="count">{escape(say("do.again"))}</button>'
    if not buttons:
        return told
    return (
        f'{told}<form method="post" action="{HERE}/{seen.mass_id}?lang={language}"><p class="dos">{buttons}</p></form>'
    )


def _message(seen: Seen, language: str) -> str:
    say = partial(PAGES.say, language)
    forms = []
    for form in seen.wanted.forms():
        for said in form.words:
            title = f"<h3>{escape(said.title)}</h3>" if said.title else ""
            forms.append(f'<section lang="{escape(said.language)}">{title}<p>{prose(said.text)}</p></section>')
    who = [("made", seen.made_by, seen.made_at), ("sent.by", seen.sent_by, seen.sent_at)]
    who += [("decided.by", seen.decided_by, seen.decided_at)]
    lines = "".join(
        f"<p>{escape(say(key, by=by, at='{at}')).replace('{at}', instant(at, 'UTC', language))}</p>"
        for key, by, at in who
        if by is not None and at is not None
    )
    channels = ", ".join(DELIVERIES.get(language, f"channel.{each}", each) for each in seen.wanted.channels)
    words = f'<div class="cards">{"".join(forms)}</div>'
    return (
        f'<h2>{escape(say("message"))}</h2><p class="soft">{escape(channels)}</p>{words}<div class="soft">{lines}</div>'
    )
