"""What a member shares, in words of every language, and the activity by which campaigns may thank for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from fastapi import Request

from libs.catalogue.limits import period_name
from libs.games.documents import words
from libs.games.postgres import load_awards
from libs.games.ranking import Place, Question, shared
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.language.catalogue import LANGUAGES
from libs.runtime.keys import event_id
from services.gateway.door.access import parts_of
from services.gateway.door.problems import ProblemError
from services.gateway.games.rankings import first_places, own_place, stretch
from services.gateway.intake.own import tell_activity
from services.gateway.rules.desk import desk_of
from services.gateway.sharing import store
from services.gateway.sharing.desk import SharingDesk, shown_reward
from services.gateway.sharing.links import Shared
from services.gateway.sharing.store import Share, What, Words
from services.gateway.sharing.texts import SHARING
from services.gateway.store import Member, Reading

ACTIVITY = "shared"
_DEEP = 100
"""A thing below this place has none to share."""


class Wish(NamedTuple):
    """What is to be shared: a reward or a badge by its reference, or a place in a ranking."""

    what: What
    reference: str | None = None
    ranking: Question | None = None
    key: str | None = None


class _Told(NamedTuple):
    reference: str
    texts: Mapping[str, Words]
    picture: str | None = None


async def share(request: Request, member: Member, tenant_id: int, wish: Wish) -> Share:
    """Keep what a member shares, and tell of it once, however often the same is shared.

    Raises:
        ProblemError: there is no such reward for anybody to see, nothing of it to share, or the broker is away.
    """
    parts = parts_of(request)
    running = (await parts.programmes.of(tenant_id)).by_key()[tenant_id, member.programme_id]
    now = parts.clock.now()
    async with parts.store.reading(tenant_id) as reading:
        told = await _told(reading, running, member, wish, now)
    cause = f"{member.member_id} {wish.what} {told.reference}"
    share_id = UUID(event_id(str(tenant_id), cause, ACTIVITY, str(member.member_id), 0))
    facts = {"what": wish.what, "reference": told.reference[:256]}
    data = {"activity": ACTIVITY, "data": facts}
    await tell_activity(request, running, "sharing", share_id, member.member_id, data)
    name = (tenant_id, member.programme_id, member.member_id)
    async with desk_of(request).store.opened(tenant_id, running.programme) as opened:
        made = Share(share_id, wish.what, told.reference, told.texts, told.picture, now)
        await store.add(opened.connection, name, made)
        kept = await store.find(opened.connection, name[:2], share_id, now - desk_of_shares(request).lives)
    assert kept is not None
    return kept


def path_of(request: Request, tenant_id: int, programme_id: int, share_id: UUID) -> str:
    """The path of the link to something shared."""
    return desk_of_shares(request).links.path(Shared(tenant_id, programme_id, share_id))


def desk_of_shares(request: Request) -> SharingDesk:
    """The desk of the running application."""
    desk: SharingDesk = request.app.state.sharing
    return desk


async def _told(reading: Reading, running: RunningProgramme, member: Member, wish: Wish, now: datetime) -> _Told:
    programme = running.name or running.programme
    if wish.what == "reward":
        return await _reward(reading, running, wish.reference or "", programme, now)
    if wish.what == "badge":
        return await _badge(reading, running, member, wish.reference or "", programme)
    version = running.at(now)
    assert wish.ranking is not None
    if version is None:
        raise ProblemError("nothing-to-share")
    return await _place(reading, version, member, wish.ranking, wish.key, programme, now)


async def _reward(reading: Reading, running: RunningProgramme, reference: str, programme: str, now: datetime) -> _Told:
    reward = await shown_reward(reading.connection, running.key, reference, now)
    if reward is None:
        raise ProblemError("reward-unknown")
    texts = {}
    for language in LANGUAGES:
        said = reward.words(language)
        summary = said.summary or said.title
        texts[language] = Words(said.title, SHARING.say(language, "reward", programme=programme, summary=summary))
    picture = next((each.link for each in reward.media if each.form == "picture"), None)
    return _Told(reference, texts, picture)


async def _badge(reading: Reading, running: RunningProgramme, member: Member, reference: str, programme: str) -> _Told:
    name = (*running.key, member.member_id)
    found = next((each for each in await load_awards(reading.connection, name) if each.name == reference), None)
    if found is None:
        raise ProblemError("nothing-to-share")
    texts, level = {}, found.progress.level
    for language in LANGUAGES:
        title = reference if found.badge is None else words(found.badge.texts, language, reference)
        key, more = "badge", {}
        if level is not None:
            key, more = "badge.level", {"level": words(level.texts, language, level.name)}
        texts[language] = Words(title, SHARING.say(language, key, programme=programme, title=title, **more))
    reached = f"{reference}/{level.name}" if level is not None else reference
    return _Told(reached, texts, None if found.badge is None else found.badge.picture)


async def _place(
    reading: Reading, version: ActiveVersion, member: Member, asked: Question, key: str | None, programme: str,
    now: datetime,
) -> _Told:  # fmt: skip
    days = stretch(asked, now.astimezone(version.zone).date())
    places, total = await first_places(reading, member.programme_id, asked, days, version.zone, _DEEP)
    found: Place | None
    if asked.of == "members":
        found = await own_place(reading, member.programme_id, asked, days, member.member_id)
    else:
        found = next((each for each in places if each.key == key), None)
    if found is None:
        raise ProblemError("nothing-to-share")
    people = total if asked.of == "members" else None
    texts = {
        language: Words(
            shared(found, people, asked.scored, asked.where, language),
            SHARING.say(language, "place", programme=programme),
        )
        for language in LANGUAGES
    }
    period = period_name(asked.period, days[0])
    parts = (asked.of, asked.scored, period, asked.where, key, str(found.rank))
    return _Told("/".join(each for each in parts if each), texts)
