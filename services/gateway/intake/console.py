"""The operations by which people act: adjustments, claims, and decisions that the rules leave to an operator.

The gateway makes the event itself, under a source of the platform's own. Its id comes from the Idempotency-Key, so that
a repeat is the same event, for ever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Request, Response

from libs.contracts.registry import EVENTS
from libs.contracts.rejection import Rejection
from libs.runtime.keys import event_id
from services.gateway.door.access import Caller, EventsWriter, PointsAdjuster
from services.gateway.door.middleware import operation_of
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import MemberId, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError, pointer
from services.gateway.intake.bodies import MOST_EVENT, read_json
from services.gateway.intake.description import ALWAYS, form_body
from services.gateway.intake.desk import Item, desk_of
from services.gateway.intake.idempotency import key_text
from services.gateway.intake.offers import OWN_SOURCES, TYPE_PREFIX, Kinds, offer
from services.gateway.intake.routes import told
from services.gateway.intake.store import ProgrammeName, Session
from services.gateway.intake.views import (
    EXAMPLE_ADJUSTMENT,
    EXAMPLE_CLAIM,
    EXAMPLE_EXTENSION,
    EXAMPLE_MERGE,
    EXAMPLE_REDATING,
    EXAMPLE_REFERRAL,
    EXAMPLE_RESOLUTION,
    EXAMPLE_TRANSFER,
    EXAMPLE_UNMERGE,
    Accepted,
)

router = APIRouter(prefix="/v1")

_WHOLE = 64
Find = Callable[[Session], Awaitable[ProgrammeName]]


class Form(NamedTuple):
    """A body that becomes the data of an event: the type, and the fields of it that callers do not send."""

    name: str
    ours: tuple[str, ...]
    kinds: Kinds

    def fields(self) -> set[str]:
        """The fields that callers may send."""
        return set(EVENTS[TYPE_PREFIX + self.name].model.model_fields) - set(self.ours)


def _form(name: str, *ours: str) -> Form:
    return Form(name, ours, Kinds.of(name))


_ADJUSTMENT = _form("adjustment.requested.v1", "member_id", "requested_by")
_REDATING = _form("redating.requested.v1", "member_id", "requested_by")
_CLAIM = _form("purchase.claimed.v1", "member_id")
_RESOLUTION = _form("purchase.resolved.v1", "decided_by")
_EXTENSION = _form("extension.requested.v1", "member_id", "requested_by")
_TRANSFER = _form("transfer.requested.v1", "member_id", "requested_by")
_MERGE = _form("merge.requested.v1", "member_id", "requested_by")
_UNMERGE = _form("unmerge.requested.v1", "member_id", "requested_by")
_REFERRAL = _form("referral.resolved.v1", "decided_by")


@router.post(
    "/members/{member_id}/adjustments",
    operation_id="adjustPoints",
    summary="Give or take points, with a reason",
    tags=["members"],
    status_code=202,
    response_model=Accepted,
    responses=refusals(*ALWAYS, "member-unknown", "programme-needed", "request-invalid"),
    openapi_extra=form_body(_ADJUSTMENT.name, _ADJUSTMENT.ours, EXAMPLE_ADJUSTMENT),
)
async def adjust_points(
    request: Request, caller: PointsAdjuster, member_id: MemberId, programme: ProgrammeSlug = None
) -> Response:
    """Ask for an adjustment: plus gives, minus takes what is there. What became of it is told at `receipt`."""
    filled = {"member_id": str(member_id), "requested_by": _who(caller)}
    return await _serve(request, caller, _ADJUSTMENT, filled, _of_member(member_id, programme))


@router.post(
    "/members/{member_id}/extensions",
    operation_id="extendPoints",
    summary="Let a member's points lapse later",
    tags=["members"],
    status_code=202,
    response_model=Accepted,
    responses=refusals(*ALWAYS, "member-unknown", "programme-needed", "request-invalid"),
    openapi_extra=form_body(_EXTENSION.name, _EXTENSION.ours, EXAMPLE_EXTENSION),
)
async def extend_points(
    request: Request, caller: PointsAdjuster, member_id: MemberId, programme: ProgrammeSlug = None
) -> Response:
    """Ask for an extension, by boundaries or to the end of the period so many days on.

    Without `all_lots` it is of the points that lapse first. No date is put forward. `GET …/extensions` tells before
    what it would do; what became of it is told at `receipt`.
    """
    filled = {"member_id": str(member_id), "requested_by": _who(caller)}
    return await _serve(request, caller, _EXTENSION, filled, _of_member(member_id, programme))


@router.post(
    "/members/{member_id}/transfers",
    operation_id="transferPoints",
    summary="Give a member's points to another member",
    tags=["members"],
    status_code=202,
    response_model=Accepted,
    responses=refusals(*ALWAYS, "member-unknown", "programme-needed", "request-invalid"),
    openapi_extra=form_body(_TRANSFER.name, _TRANSFER.ours, EXAMPLE_TRANSFER),
)
async def transfer_points(
    request: Request, caller: PointsAdjuster, member_id: MemberId, programme: ProgrammeSlug = None
) -> Response:
    """Ask for a transfer: all of the points or none, soonest to lapse first; they keep their dates.

    It is refused while the giver owes anything in this wallet. What became of it is told at `receipt`.
    """
    filled = {"member_id": str(member_id), "requested_by": _who(caller)}
    return await _serve(request, caller, _TRANSFER, filled, _of_member(member_id, programme))


@router.post(
    "/members/{member_id}/redatings",
    operation_id="redatePoints",
    summary="Let a member's old points lapse by the policy of another version",
    tags=["members"],
    status_code=202,
    response_model=Accepted,
    responses=refusals(*ALWAYS, "member-unknown", "programme-needed", "request-invalid"),
    openapi_extra=form_body(_REDATING.name, _REDATING.ours, EXAMPLE_REDATING),
)
async def redate_points(
    request: Request, caller: PointsAdjuster, member_id: MemberId, programme: ProgrammeSlug = None
) -> Response:
    """Ask for other dates: free points that one version made get those that another one's policies give.

    No date becomes earlier than the first boundary behind `notice_until`; without it they may lapse at the next one.
    What has the date already is not touched. `pointstream expiry migrate` does it for all members, with a dry run.
    """
    filled = {"member_id": str(member_id), "requested_by": _who(caller)}
    return await _serve(request, caller, _REDATING, filled, _of_member(member_id, programme))


@router.post(
    "/members/{member_id}:merge",
    operation_id="mergeMember",
    summary="Merge a member into another, for both are one person",
    tags=["members"],
    status_code=202,
    response_model=Accepted,
    responses=refusals(*ALWAYS, "member-unknown", "programme-needed", "request-invalid"),
    openapi_extra=form_body(_MERGE.name, _MERGE.ours, EXAMPLE_MERGE),
)
async def merge_member(
    request: Request, caller: PointsAdjuster, member_id: MemberId, programme: ProgrammeSlug = None
) -> Response:
    """Ask for a merge: points, debts and identifiers go to the other, and this id leads there from then on.

    It is refused while any point is held. It can be undone for 30 days. What became of it is told at `receipt`.
    """
    filled = {"member_id": str(member_id), "requested_by": _who(caller)}
    return await _serve(request, caller, _MERGE, filled, _of_member(member_id, programme))


@router.post(
    "/members/{member_id}:unmerge",
    operation_id="unmergeMember",
    summary="Undo the merge of a member",
    tags=["members"],
    status_code=202,
    response_model=Accepted,
    responses=refusals(*ALWAYS, "member-unknown", "programme-needed", "request-invalid"),
    openapi_extra=form_body(_UNMERGE.name, _UNMERGE.ours, EXAMPLE_UNMERGE),
)
async def unmerge_member(
    request: Request, caller: PointsAdjuster, member_id: MemberId, programme: ProgrammeSlug = None
) -> Response:
    """Ask for a merge of the last 30 days to be undone: each side has its own lots again, as far as they are there."""
    filled = {"member_id": str(member_id), "requested_by": _who(caller)}
    return await _serve(request, caller, _UNMERGE, filled, _of_member(member_id, programme))


@router.post(
    "/members/{member_id}/claims",
    operation_id="claimReceipt",
    summary="Claim a receipt by its number",
    tags=["members"],
    status_code=202,
    response_model=Accepted,
    responses=refusals(*ALWAYS, "member-unknown", "programme-needed", "request-invalid"),
    openapi_extra=form_body(_CLAIM.name, _CLAIM.ours, EXAMPLE_CLAIM),
)
async def claim_receipt(
    request: Request, caller: EventsWriter, member_id: MemberId, programme: ProgrammeSlug = None
) -> Response:
    """Say that a receipt which names nobody is this member's; the total, when given, has to match it."""
    filled = {"member_id": str(member_id)}
    return await _serve(request, caller, _CLAIM, filled, _of_member(member_id, programme))


@router.post(
    "/receipts:resolve",
    operation_id="resolveReceipt",
    summary="Decide what the rules could not",
    tags=["receipts"],
    status_code=202,
    response_model=Accepted,
    responses=refusals(*ALWAYS, "programme-needed", "request-invalid"),
    openapi_extra=form_body(_RESOLUTION.name, _RESOLUTION.ours, EXAMPLE_RESOLUTION),
)
async def resolve_receipt(request: Request, caller: PointsAdjuster, programme: ProgrammeSlug = None) -> Response:
    """Decide on a receipt that waits for an operator, or about points that could not be taken back."""
    return await _serve(request, caller, _RESOLUTION, {"decided_by": _who(caller)}, _of_tenant(programme))


@router.post(
    "/referrals:resolve",
    operation_id="resolveReferral",
    summary="Release or refuse a referral",
    tags=["members"],
    status_code=202,
    response_model=Accepted,
    responses=refusals(*ALWAYS, "programme-needed", "request-invalid"),
    openapi_extra=form_body(_REFERRAL.name, _REFERRAL.ours, EXAMPLE_REFERRAL),
)
async def resolve_referral(request: Request, caller: PointsAdjuster, programme: ProgrammeSlug = None) -> Response:
    """Let a referral that is held count, or refuse one; what it brought is then taken back. The reason is kept."""
    return await _serve(request, caller, _REFERRAL, {"decided_by": _who(caller)}, _of_tenant(programme))


async def _serve(request: Request, caller: Caller, form: Form, filled: Mapping[str, Any], find: Find) -> Response:
    desk = desk_of(request)
    document = await read_json(request, MOST_EVENT)
    data = _filled(document, form, filled)
    cause = f"{caller.key.key_id}\x1f{operation_of(request.scope)}"
    name = event_id(str(caller.tenant_id), cause, form.name, key_text(request), 0)

    async def prepare() -> Sequence[Item]:
        async with desk.store.session(caller.tenant_id) as session:
            found = await find(session)
        event = {
            "id": name,
            "source": f"{OWN_SOURCES}/{found.tenant}/{found.programme}/console",
            "time": desk.clock.now().isoformat(),
            "data": data,
        }
        offered = offer(event, form.kinds, desk.names, own=True)
        if isinstance(offered, Rejection):
            offered = Rejection(offered.code, offered.field.removeprefix("/data"), offered.detail)
        return [Item(offered)]

    return await desk.serve(request, caller, document, prepare, told)


def _filled(document: Any, form: Form, filled: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of the event.

    Raises:
        ProblemError: the body is no object, or has a field that callers do not send.
    """
    if not isinstance(document, dict):
        raise ProblemError("event-invalid", errors=[FieldError(pointer="/body", detail="expected a JSON object")])
    if strangers := sorted(set(document) - form.fields()):
        faults = [
            FieldError(pointer=pointer(("body", each)), detail="expected no field of this name") for each in strangers
        ]
        raise ProblemError("event-invalid", errors=faults[:_WHOLE])
    return {**document, **filled}


def _who(caller: Caller) -> str:
    """Who asks, as the events name it: the key by its name and its id."""
    return f"{caller.key.name[:40]} ({caller.key.key_id})"[:_WHOLE]


def _of_member(member_id: UUID, programme: str | None) -> Find:
    async def find(session: Session) -> ProgrammeName:
        return _one(await session.programmes_of_member(member_id, programme), ProblemError("member-unknown"))

    return find


def _of_tenant(programme: str | None) -> Find:
    unknown = ProblemError(
        "request-invalid", errors=[FieldError(pointer="/query/programme", detail="no such programme")]
    )

    async def find(session: Session) -> ProgrammeName:
        return _one(await session.programmes(programme), unknown)

    return find


def _one(found: Sequence[ProgrammeName], nobody: ProblemError) -> ProgrammeName:
    if not found:
        raise nobody
    if len(found) > 1:
        raise ProblemError(
            "programme-needed", errors=[FieldError(pointer="/query/programme", detail="name one programme")]
        )
    return found[0]
