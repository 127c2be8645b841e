"""Who may fill in which questionnaire now, and what becomes of the answers: they are told as what is known of a member.

They are attributes from then on, and kept nowhere else. That a questionnaire was filled in is told as an activity,
under an id that follows from the member and its name: it counts once, however often somebody answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request

from libs.contacts.consent import agrees
from libs.contacts.postgres import load_consents
from libs.judging.versions import RunningProgramme
from libs.messages.content import Purpose
from libs.questionnaires import postgres as store
from libs.questionnaires.answers import AnswersInvalid, attributes
from libs.questionnaires.form import Questionnaire, undeclared
from libs.questionnaires.postgres import Kept
from libs.runtime.keys import event_id
from services.gateway.door.access import parts_of
from services.gateway.door.problems import FieldError, ProblemError, pointer
from services.gateway.intake.own import Told, tell
from services.gateway.questionnaires.texts import QUESTIONS
from services.gateway.rules.desk import desk_of
from services.gateway.store import Reading

_PURPOSE: Purpose = "profiling"


async def one(reading: Reading, running: RunningProgramme, name: str) -> Kept:
    """Return a questionnaire.

    Raises:
        ProblemError: there is none of this name.
    """
    for kept in await store.load(reading.connection, running.key, name):
        return kept
    raise ProblemError("questionnaire-unknown")


async def waiting(reading: Reading, running: RunningProgramme, member_id: UUID, now: datetime) -> list[Kept]:
    """Return the questionnaires that a member may fill in now; none to whoever did not agree to a profile."""
    kept = [each for each in await store.load(reading.connection, running.key) if _asked(each.asked, running, now)]
    if not kept or not await _agrees(reading, running, member_id):
        return []
    filled = await store.load_filled(reading.connection, running.key, member_id)
    return [each for each in kept if _may(each, filled, now)]


async def refuse(reading: Reading, running: RunningProgramme, member_id: UUID, kept: Kept, now: datetime) -> bool:
    """Return whether the member fills it in for the first time.

    Raises:
        ProblemError: the member may not fill it in now.
    """
    if not _asked(kept.asked, running, now):
        raise ProblemError("questionnaire-closed")
    if not await _agrees(reading, running, member_id):
        raise ProblemError("profiling-not-agreed")
    filled = await store.load_filled(reading.connection, running.key, member_id)
    if not _may(kept, filled, now):
        raise ProblemError("questionnaire-filled")
    return kept.name not in filled


async def fill(
    request: Request, running: RunningProgramme, member_id: UUID, name: str, given: Mapping[str, Any], language: str
) -> None:
    """Take a member's answers.

    Raises:
        ProblemError: they can't be taken, not now or not of this member; or the broker can't be reached.
    """
    parts = parts_of(request)
    now = parts.clock.now()
    async with parts.store.reading(running.tenant_id) as reading:
        kept = await one(reading, running, name)
        first = await refuse(reading, running, member_id, kept, now)
    try:
        found = attributes(kept.asked, given)
    except AnswersInvalid as invalid:
        raise ProblemError("answers-invalid", errors=_faults(invalid, language)) from None
    cause = f"{running.programme}/{name}"
    events = [Told.attributes(event_id(running.tenant, cause, now.isoformat(), str(member_id), 0), found)]
    if first:
        done = {"activity": kept.asked.activity, "data": {"questionnaire": name}}
        events.append(Told.activity(event_id(running.tenant, cause, "filled", str(member_id), 0), done))
    await tell(request, running, "questionnaires", member_id, events)
    async with desk_of(request).store.opened(running.tenant_id, running.programme) as opened:
        await store.note_filled(opened.connection, running.key, name, member_id, now)


def _asked(asked: Questionnaire, running: RunningProgramme, now: datetime) -> bool:
    version = running.at(now)
    return version is not None and asked.open_at(now) and not undeclared(asked, version.compiled.source.attributes)


def _may(kept: Kept, filled: Mapping[str, datetime], now: datetime) -> bool:
    return kept.name not in filled or kept.asked.asked_again(filled[kept.name], now)


async def _agrees(reading: Reading, running: RunningProgramme, member_id: UUID) -> bool:
    return agrees(await load_consents(reading.connection, (*running.key, member_id)), _PURPOSE)


def _faults(invalid: AnswersInvalid, language: str) -> list[FieldError]:
    return [
        FieldError(pointer=pointer(("body", "answers", name)), detail=QUESTIONS.say(language, f"wrong.{reason}"))
        for name, reason in invalid.faults.items()
    ]
