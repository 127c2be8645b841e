"""The page of what members think of rewards, for who is signed in: means as bars, figures, the last words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from libs.catalogue import postgres as catalogue
from libs.language import wording
from services.gateway.catalogue.pages import PLACE
from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language
from services.gateway.feedback import store
from services.gateway.feedback.figures import MOST, Liking
from services.gateway.feedback.form import drawn, stars_in_words
from services.gateway.feedback.store import Rating
from services.gateway.feedback.texts import FEEDBACK
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.members.pages import member_path
from services.gateway.running import in_force
from services.gateway.site.bars import Bar, bars
from services.gateway.site.console_door import let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import instant, rows, table

router = APIRouter(include_in_schema=False)
HERE = "/catalogue/feedback"
READ, WORDS = "rewards:read", "rewards:write"
_DRAWN, _LAST = 20, 50


@router.get(HERE)
async def feedback_page(request: Request, language: Language) -> Response:
    """Show how the rewards of every programme of the company are liked."""
    visitor = await let_in(request, PLACE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    parts, tenant = parts_of(request), visitor.key.tenant_id
    say, sections = partial(FEEDBACK.say, language), []
    for running, version in in_force(await parts.programmes.of(tenant), parts.clock.now()):
        async with parts.store.reading(tenant) as reading:
            found = await store.load_figures(reading.connection, running.key)
            last = await store.load_last(reading.connection, running.key, None, _LAST, request.app.state.seal)
            kept = await catalogue.load_rewards(reading.connection, running.key) if found else []
        if not found:
            continue
        titles = {each.reward.reference: each.reward.words(language).title for each in kept}
        name = running.name or running.programme
        body = figures_body(found, titles, name, language)
        if visitor.key.allows(WORDS):
            body += words_body(last, titles, running.programme, version.zone.key, language)
        sections.append(f"<h2>{escape(name)}</h2>{body}")
    way = f'<p class="ways"><a href="{PLACE}?lang={language}">{escape(say("to-catalogue"))}</a></p>'
    body = way + ("".join(sections) or f"<p>{escape(say('none'))}</p>")
    page = HTMLResponse(console_page(PLACE, say("title"), body, language), headers=NO_STORE)
    return remember(request, page, visitor.session)


def figures_body(found: Mapping[str, Liking], titles: Mapping[str, str], of: str, language: str) -> str:
    """The means as bars, and how often each number of stars was given."""
    say = partial(FEEDBACK.say, language)
    ordered = sorted(found.items(), key=lambda each: (-(each[1].mean or 0), -each[1].count, each[0]))
    drawing = [
        Bar(
            titles.get(reference, reference),
            float(liking.mean or 0),
            f"{_mean(liking, language)} ({wording.number(liking.count, language)})",
        )
        for reference, liking in ordered[:_DRAWN]
    ]
    lines = rows(
        (
            f"{escape(titles.get(reference, reference))} <code>{escape(reference)}</code>",
            escape(_mean(liking, language)),
            wording.number(liking.count, language),
            *(wording.number(times, language) for times in reversed(liking.times)),
        )
        for reference, liking in ordered
    )
    heads = [escape(say(each)) for each in ("reward", "mean", "ratings")]
    heads += [escape(stars_in_words(stars, language)) for stars in range(MOST, 0, -1)]
    return bars(say("picture"), drawing) + table(say("caption"), heads, lines, of=of)


def words_body(last: Sequence[Rating], titles: Mapping[str, str], programme: str, zone: str, language: str) -> str:
    """The last words, with whose they are."""
    said = [each for each in last if each.words]
    if not said:
        return ""
    lines = rows(
        (
            drawn(each.stars, language),
            escape(each.words),
            escape(titles.get(each.reference, each.reference)),
            f'<a href="{escape(member_path(each.member_id, programme, language))}">{each.member_id}</a>',
            instant(each.rated_at, zone, language),
        )
        for each in said
    )
    heads = [escape(FEEDBACK.say(language, each)) for each in ("mean", "words", "reward", "member", "when")]
    return f'<div class="prose">{table(FEEDBACK.say(language, "last"), heads, lines)}</div>'


def _mean(liking: Liking, language: str) -> str:
    mean = 0 if liking.mean is None else int(liking.mean * 100)
    return wording.number(mean, language, 2)
