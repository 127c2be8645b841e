"""The operations on questionnaires: kept by a company, filled in by its members, counted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from libs.judging.versions import RunningProgramme
from libs.promotions.parts import NAME_PATTERN
from libs.questionnaires import postgres as store
from libs.questionnaires.form import undeclared
from services.gateway.door.access import Caller, MembersReader, MembersWriter, RulesPublisher, RulesReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.questionnaires import filling
from services.gateway.questionnaires.views import (
    FilledView,
    FillingBody,
    KeepingBody,
    QuestionnaireFiguresView,
    QuestionnairesView,
    QuestionnaireView,
    WaitingsView,
    figures_view,
    kept_view,
    waiting_view,
)
from services.gateway.quotes.api import one_programme
from services.gateway.rules.bodies import body_of, document_pointer, read_body
from services.gateway.rules.desk import desk_of, who

router = APIRouter(prefix="/v1", tags=["questionnaires"])
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_PROGRAMME = ("programme-needed", "request-invalid")
Named = Annotated[str, Path(pattern=NAME_PATTERN, description="The questionnaire's name.", examples=["about-you"])]


@router.get(
    "/questionnaires",
    operation_id="listQuestionnaires",
    summary="The questionnaires of a programme",
    responses=refusals(*_PROGRAMME),
)
async def list_questionnaires(caller: RulesReader, programme: ProgrammeSlug = None) -> QuestionnairesView:
    """List them by name."""
    running = await _programme(caller, programme)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await store.load(reading.connection, running.key)
    return QuestionnairesView(data=tuple(map(kept_view, found)))


@router.get(
    "/questionnaires/{name}",
    operation_id="getQuestionnaire",
    summary="A questionnaire",
    responses=refusals(*_PROGRAMME, "questionnaire-unknown"),
)
async def get_questionnaire(caller: RulesReader, name: Named, programme: ProgrammeSlug = None) -> QuestionnaireView:
    """Tell a questionnaire as it was kept."""
    running = await _programme(caller, programme)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        return kept_view(await filling.one(reading, running, name))


@router.put(
    "/questionnaires/{name}",
    operation_id="putQuestionnaire",
    summary="Keep a questionnaire",
    responses=refusals(*_PROGRAMME, *_BODY, "version-unknown", "questionnaire-undeclared"),
    openapi_extra=body_of(KeepingBody),
)
async def put_questionnaire(
    request: Request, caller: RulesPublisher, name: Named, programme: ProgrammeSlug = None
) -> QuestionnaireView:
    """Keep a questionnaire, in place of the one of this name; its answers set attributes that the programme declares.

    To end it, set `ends_at`.
    """
    body = await read_body(request, KeepingBody)
    running, now = await _programme(caller, programme), caller.parts.clock.now()
    version = running.at(now)
    if version is None:
        raise ProblemError("version-unknown")
    faults = [
        FieldError(pointer=document_pointer("questionnaire", where), detail=why)
        for where, why in undeclared(body.questionnaire, version.compiled.source.attributes)
    ]
    if faults:
        raise ProblemError("questionnaire-undeclared", errors=faults)
    async with desk_of(request).store.opened(caller.tenant_id, running.programme) as opened:
        return kept_view(await store.keep(opened.connection, running.key, name, body.questionnaire, who(caller), now))


@router.get(
    "/questionnaires/{name}/figures",
    operation_id="getQuestionnaireFigures",
    summary="How a questionnaire was answered",
    responses=refusals(*_PROGRAMME, "questionnaire-unknown"),
)
async def get_questionnaire_figures(
    caller: RulesReader, name: Named, programme: ProgrammeSlug = None
) -> QuestionnaireFiguresView:
    """Count who filled it in, and in how many of their profiles each answer stands now; it names nobody."""
    running = await _programme(caller, programme)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        kept = await filling.one(reading, running, name)
        return figures_view(*await store.load_figures(reading.connection, running.key, kept))


@router.get(
    "/members/{member_id}/questionnaires",
    operation_id="listMemberQuestionnaires",
    summary="What a member may fill in now",
    responses=refusals("member-unknown", *_PROGRAMME),
)
async def list_member_questionnaires(
    caller: MembersReader, member_id: MemberId, language: Language, programme: ProgrammeSlug = None
) -> WaitingsView:
    """List the questionnaires that wait for a member; none for whoever did not agree to `profiling`."""
    programmes = await caller.parts.programmes.of(caller.tenant_id)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        running = programmes.by_key()[caller.tenant_id, member.programme_id]
        found = await filling.waiting(reading, running, member_id, caller.parts.clock.now())
    return WaitingsView(data=tuple(waiting_view(each, language) for each in found))


@router.post(
    "/members/{member_id}/questionnaires/{name}",
    operation_id="fillInQuestionnaire",
    summary="A member fills in a questionnaire",
    responses=refusals(
        "member-unknown", *_PROGRAMME, *_BODY, "questionnaire-unknown", "questionnaire-closed", "questionnaire-filled",
        "profiling-not-agreed", "answers-invalid", "publishing-away",
    ),
    openapi_extra=body_of(FillingBody),
)  # fmt: skip
async def fill_in_questionnaire(
    request: Request,
    caller: MembersWriter,
    member_id: MemberId,
    name: Named,
    language: Language,
    programme: ProgrammeSlug = None,
) -> FilledView:
    """Take a member's answers as attributes of their profile, which segments and campaigns ask for.

    The first time it is an activity too, by its `activity`, for which campaigns may pay. What was answered is in
    neither that nor any log.
    """
    body = await read_body(request, FillingBody)
    programmes = await caller.parts.programmes.of(caller.tenant_id)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    running = programmes.by_key()[caller.tenant_id, member.programme_id]
    await filling.fill(request, running, member_id, name, body.answers, language)
    return FilledView(filled=True)


async def _programme(caller: Caller, programme: str | None) -> RunningProgramme:
    return one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
