"""The operations on lapsed points that are to come back: ask, say beforehand what it comes to, agree, refuse, look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from libs.contracts.rejection import Rejection
from libs.judging.versions import RunningProgramme
from libs.runtime.keys import event_id
from libs.segments import reading as members
from libs.segments.lists import Entry, entry_named
from libs.sweeps import reinstating
from libs.sweeps.reinstating import Asking, CannotReinstate, Plan, Wish
from services.gateway.door.access import Caller, PointsAdjuster, PointsReader
from services.gateway.door.middleware import operation_of
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_before, write_before
from services.gateway.door.parameters import CursorText, Limit, MemberId, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.expiry.reinstatement_views import (
    ListReinstatement,
    MemberReinstatement,
    ReinstatementPlan,
    ReinstatementsPage,
    ReinstatementView,
    State,
    plan_view,
    reinstatement_view,
)
from services.gateway.expiry.sweep_store import SweepStore
from services.gateway.intake.bodies import fingerprint
from services.gateway.intake.description import KEY
from services.gateway.intake.idempotency import key_text
from services.gateway.members.lookup import one_member
from services.gateway.quotes.api import one_programme
from services.gateway.rules.bodies import body_of, read_body
from services.gateway.rules.desk import who

router = APIRouter(prefix="/v1", tags=["reinstatements"])
_MOST_FAULTS = 100
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_PLANNED = (*_BODY, "programme-needed", "reinstatement-impossible")
_KEYED = (*_PLANNED, "idempotency-key-missing", "idempotency-key-invalid", "idempotency-key-reused")
_DECIDED = ("decided-otherwise", "reinstatement-unknown", "request-invalid", "second-person-needed")
ReinstatementId = Annotated[
    UUID, Path(description="The request's id.", examples=["2f9c4a17-6d3e-5b80-9a41-7c5e8d1f0b62"])
]


@router.post(
    "/members/{member_id}:reinstate",
    operation_id="reinstateMember",
    summary="Give a member back what lapsed",
    status_code=202,
    response_model=ReinstatementView,
    responses=refusals(*_KEYED, "member-unknown"),
    openapi_extra=body_of(MemberReinstatement, KEY),
)
async def reinstate_member(
    request: Request, response: Response, caller: PointsAdjuster, member_id: MemberId, programme: ProgrammeSlug = None
) -> ReinstatementView:
    """Ask for lapsed points to come back into their lots, with a new date; above an amount it takes a second person."""
    body = await read_body(request, MemberReinstatement)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    running = (await caller.parts.programmes.of(caller.tenant_id)).by_key()[caller.tenant_id, member.programme_id]
    return await _ask(request, response, caller, running, body, [Wish(member_id, body.points)])


@router.post(
    "/reinstatements",
    operation_id="reinstateMembers",
    summary="Give a list of members back what lapsed",
    status_code=202,
    response_model=ReinstatementView,
    responses=refusals(*_KEYED),
    openapi_extra=body_of(ListReinstatement, KEY),
)
async def reinstate_members(
    request: Request, response: Response, caller: PointsAdjuster, programme: ProgrammeSlug = None
) -> ReinstatementView:
    """Ask it for many members at once. Who lost nothing that could come back is left out: the plan names them."""
    body = await read_body(request, ListReinstatement)
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    return await _ask(request, response, caller, running, body, await _wishes(request, caller, running, body))


@router.post(
    "/reinstatements:plan",
    operation_id="planReinstatement",
    summary="What giving back would come to",
    responses=refusals(*_PLANNED),
    openapi_extra=body_of(ListReinstatement),
)
async def plan_reinstatement(
    request: Request, caller: PointsAdjuster, programme: ProgrammeSlug = None
) -> ReinstatementPlan:
    """Tell who would get what back, and who nothing and why. Nothing is changed."""
    body = await read_body(request, ListReinstatement)
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    wishes = await _wishes(request, caller, running, body)
    async with _store(request).writing(caller.tenant_id) as connection:
        return plan_view(await _plan(connection, caller, running, _asking(caller, body, wishes)))


@router.get(
    "/reinstatements",
    operation_id="listReinstatements",
    summary="Requests to give back what lapsed",
    responses=refusals("cursor-invalid", "request-invalid"),
)
async def list_reinstatements(
    request: Request,
    response: Response,
    caller: PointsReader,
    limit: Limit = 50,
    cursor: CursorText = None,
    state: Annotated[State | None, Query(description="Only those in this state.", examples=["approved"])] = None,
) -> ReinstatementsPage:
    """List requests, the newest first."""
    listing = f"reinstatements {caller.tenant_id} {state}"
    before = read_before(caller.parts.cursors, cursor, listing)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        states = None if state is None else [state]
        found = await reinstating.load(
            reading.connection, caller.tenant_id, states=states, before=before, most=limit + 1
        )
    more, found = len(found) > limit, found[:limit]
    following = None
    if more:
        following = write_before(caller.parts.cursors, (found[-1].asked_at, found[-1].reinstatement_id), listing)
    link_next(request, response, following)
    return ReinstatementsPage(data=tuple(map(reinstatement_view, found)), next_cursor=following, has_more=more)


@router.get(
    "/reinstatements/{reinstatement_id}",
    operation_id="getReinstatement",
    summary="How a request stands, and what has come back",
    responses=refusals("reinstatement-unknown", "request-invalid"),
)
async def get_reinstatement(caller: PointsReader, reinstatement_id: ReinstatementId) -> ReinstatementView:
    """Tell the state of a request, and of its shares how many came back and how many could not."""
    return await _one(caller, reinstatement_id)


@router.post(
    "/reinstatements/{reinstatement_id}:{decision}",
    operation_id="decideReinstatement",
    summary="Agree to a request, or refuse it",
    responses=refusals(*_DECIDED),
)
async def decide_reinstatement(
    request: Request,
    caller: PointsAdjuster,
    reinstatement_id: ReinstatementId,
    decision: Annotated[Literal["approve", "refuse"], Path(description="Which of the two.", examples=["approve"])],
) -> ReinstatementView:
    """Decide on a request that somebody else made; who asked can not."""
    await decide(request, caller, reinstatement_id, approve=decision == "approve")
    return await _one(caller, reinstatement_id)


async def decide(request: Request, caller: Caller, name: UUID, *, approve: bool) -> None:
    """Agree to a request, or refuse it.

    Raises:
        ProblemError: it is unknown, decided already, or the caller's own.
    """
    async with _store(request).writing(caller.tenant_id) as connection:
        now = caller.parts.clock.now()
        done = await reinstating.decide(connection, caller.tenant_id, name, approve=approve, by=named(caller), now=now)
    if done != "done":
        raise ProblemError(
            {"unknown": "reinstatement-unknown", "own": "second-person-needed"}.get(done, "decided-otherwise")
        )


def named(caller: Caller) -> str:
    """Who asks, as requests name it: the API key by its name and its id."""
    return who(caller)[:64]


async def _ask(
    request: Request,
    response: Response,
    caller: Caller,
    running: RunningProgramme,
    body: MemberReinstatement | ListReinstatement,
    wishes: Sequence[Wish],
) -> ReinstatementView:
    cause = f"{caller.key.key_id}\x1f{operation_of(request.scope)}"
    name = UUID(event_id(str(caller.tenant_id), cause, "reinstatement", key_text(request), 0))
    digest = fingerprint(request, body.model_dump(mode="json"))
    asking = _asking(caller, body, wishes)
    try:
        async with _store(request).writing(caller.tenant_id) as connection:
            if not await reinstating.is_known(connection, running.key, name, digest):
                planned = await _plan(connection, caller, running, asking)
                now = caller.parts.clock.now()
                await reinstating.ask(connection, running.key, (name, digest), asking, planned, now)
    except CannotReinstate as cannot:
        raise _problem(cannot) from None
    response.headers["Location"] = f"/v1/reinstatements/{name}"
    return await _one(caller, name)


def _asking(caller: Caller, body: MemberReinstatement | ListReinstatement, wishes: Sequence[Wish]) -> Asking:
    return Asking(wishes, body.wallet, body.boundary, body.expires_at, body.reason, body.note, named(caller))


async def _plan(connection: reinstating.Connection, caller: Caller, running: RunningProgramme, asking: Asking) -> Plan:
    now = caller.parts.clock.now()
    version = running.at(now)
    if version is None:
        fault = FieldError(pointer="/query/programme", detail="no version of it is in force yet")
        raise ProblemError("programme-needed", errors=[fault])
    document = version.compiled.source
    if asking.wallet is not None and asking.wallet not in version.calendars:
        fault = FieldError(pointer="/body/wallet", detail="the programme has no wallet of this name")
        raise ProblemError("request-invalid", errors=[fault])
    try:
        return await reinstating.plan(
            connection, running.key, document.reinstatement, document.wallets[0].name, asking, now
        )
    except CannotReinstate as cannot:
        raise _problem(cannot) from None


def _problem(cannot: CannotReinstate) -> ProblemError:
    if cannot.why == "name-taken":
        return ProblemError("idempotency-key-reused")
    return ProblemError("reinstatement-impossible", f"{str(cannot)[:1].upper()}{str(cannot)[1:]} ({cannot.why}).")


async def _wishes(request: Request, caller: Caller, running: RunningProgramme, body: ListReinstatement) -> list[Wish]:
    entries = [entry_named(each.member, caller.parts.names) for each in body.members]
    faults = [
        FieldError(pointer=f"/body/members/{at}/member", detail=f"expected {entry.detail}")
        for at, entry in enumerate(entries)
        if isinstance(entry, Rejection)
    ]
    found: list[UUID | None] = []
    if not faults:
        async with _store(request).writing(caller.tenant_id) as connection:
            known = [entry for entry in entries if isinstance(entry, Entry)]
            found = await members.find(connection, running.key, known)
        faults = [
            FieldError(pointer=f"/body/members/{at}/member", detail="no such member of the programme")
            for at, member_id in enumerate(found)
            if member_id is None
        ]
    if faults:
        raise ProblemError("request-invalid", errors=faults[:_MOST_FAULTS])
    wished = zip(found, body.members, strict=True)
    return [Wish(member_id, each.points) for member_id, each in wished if member_id is not None]


async def _one(caller: Caller, name: UUID) -> ReinstatementView:
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await reinstating.load_one(reading.connection, caller.tenant_id, name)
    if found is None:
        raise ProblemError("reinstatement-unknown")
    return reinstatement_view(found)


def _store(request: Request) -> SweepStore:
    store: SweepStore = request.app.state.sweeps
    return store
