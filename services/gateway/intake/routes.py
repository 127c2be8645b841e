"""The operations by which events come in: receipts and what is said about them, activities, members."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from libs.contracts.rejection import Rejection
from services.gateway.door.access import Caller, EventsWriter, MembersWriter
from services.gateway.door.openapi import refusals
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.intake.bodies import MOST_BATCH, MOST_EVENT, read_json
from services.gateway.intake.description import ALWAYS, MOST_ITEMS, batch_body, event_body
from services.gateway.intake.desk import Item, desk_of
from services.gateway.intake.offers import Kinds, Offer, offer
from services.gateway.intake.store import Answer
from services.gateway.intake.views import Accepted, BatchAccepted, BatchItem
from services.gateway.members.shown import receipt_path

router = APIRouter(prefix="/v1")

_TRACEPARENT = re.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_MOST_ERRORS = 100
_STEP = 100
"""Events of a batch that are read before others are served."""
_PURCHASE = "purchase.completed.v1"
_RETURN = "purchase.returned.v1"
_CORRECTION = "purchase.corrected.v1"
_VOID = "purchase.voided.v1"
_BATCH = (_PURCHASE, _RETURN, _CORRECTION, _VOID)
_KINDS = {
    name: Kinds.of(name)
    for name in (
        _PURCHASE,
        _RETURN,
        _CORRECTION,
        _VOID,
        "activity.recorded.v1",
        "member.enrolled.v1",
        "member.updated.v1",
    )
}
_BATCH_KINDS = Kinds.of(*_BATCH)
_REFUSALS = refusals(*ALWAYS, "source-unknown")


@router.post(
    "/purchases",
    operation_id="postPurchase",
    summary="A receipt",
    tags=["events"],
    status_code=202,
    response_model=Accepted,
    responses=_REFUSALS,
    openapi_extra=event_body(_PURCHASE),
)
async def post_purchase(request: Request, caller: EventsWriter) -> Response:
    """Take in a receipt. It is answered when the broker has it, and decided in a moment."""
    return await take_event(request, caller, _KINDS[_PURCHASE])


@router.post(
    "/purchases:batch",
    operation_id="postPurchases",
    summary="Up to 1,000 receipts, returns, corrections and voids",
    tags=["events"],
    status_code=202,
    response_model=BatchAccepted,
    response_model_exclude_none=True,
    responses=_REFUSALS,
    openapi_extra=batch_body(*_BATCH),
)
async def post_purchases(request: Request, caller: EventsWriter) -> Response:
    """Take in a batch. Each event is answered by itself: one that is refused does not hold up the others.

    When the broker can't be reached, the whole batch is answered 503: repeat it, what had arrived is then `known`. When
    every event is refused, the answer is the problem of all of them.
    """
    desk = desk_of(request)
    document = await read_json(request, MOST_BATCH)
    if not isinstance(document, list) or not 1 <= len(document) <= MOST_ITEMS:
        detail = f"expected an array of 1 to {MOST_ITEMS} events"
        code = "body-too-large" if isinstance(document, list) and document else "event-invalid"
        raise ProblemError(code, errors=[FieldError(pointer="/body", detail=detail)])
    trace = _traceparent(request)

    async def prepare() -> Sequence[Item]:
        return items

    items: list[Item] = []
    for index, each in enumerate(document):
        items.append(Item(offer(each, _BATCH_KINDS, desk.names, trace), f"/{index}"))
        if index % _STEP == _STEP - 1:
            await asyncio.sleep(0)
    return await desk.serve(request, caller, document, prepare, lambda done: _told_batch(done, document))


@router.post(
    "/purchases:correct",
    operation_id="correctPurchase",
    summary="The right content of a receipt",
    tags=["events"],
    status_code=202,
    response_model=Accepted,
    responses=_REFUSALS,
    openapi_extra=event_body(_CORRECTION),
)
async def correct_purchase(request: Request, caller: EventsWriter) -> Response:
    """Replace the content of the receipt under the same number."""
    return await take_event(request, caller, _KINDS[_CORRECTION])


@router.post(
    "/purchases:void",
    operation_id="voidPurchase",
    summary="A receipt that never counted",
    tags=["events"],
    status_code=202,
    response_model=Accepted,
    responses=_REFUSALS,
    openapi_extra=event_body(_VOID),
)
async def void_purchase(request: Request, caller: EventsWriter) -> Response:
    """Void a receipt by its number; what it brought is taken back."""
    return await take_event(request, caller, _KINDS[_VOID])


@router.post(
    "/returns",
    operation_id="postReturn",
    summary="Goods or money that went back",
    tags=["events"],
    status_code=202,
    response_model=Accepted,
    responses=_REFUSALS,
    openapi_extra=event_body(_RETURN),
)
async def post_return(request: Request, caller: EventsWriter) -> Response:
    """Take in a return by line, quantity or amount; it may come before its purchase."""
    return await take_event(request, caller, _KINDS[_RETURN])


@router.post(
    "/activities",
    operation_id="postActivity",
    summary="Something else that a member did",
    tags=["events"],
    status_code=202,
    response_model=Accepted,
    responses=_REFUSALS,
    openapi_extra=event_body("activity.recorded.v1"),
)
async def post_activity(request: Request, caller: EventsWriter) -> Response:
    """Take in an activity: it may earn points, or make pending ones active."""
    return await take_event(request, caller, _KINDS["activity.recorded.v1"])


@router.post(
    "/members",
    operation_id="postMember",
    summary="Somebody joined",
    tags=["members"],
    status_code=202,
    response_model=Accepted,
    responses=_REFUSALS,
    openapi_extra=event_body("member.enrolled.v1"),
)
async def post_member(request: Request, caller: MembersWriter) -> Response:
    """Enrol a member under an id of yours, a UUIDv7. Points that wait for an identifier of theirs are credited."""
    return await take_event(request, caller, _KINDS["member.enrolled.v1"])


@router.post(
    "/members:update",
    operation_id="updateMember",
    summary="Other identifiers or another tier",
    tags=["members"],
    status_code=202,
    response_model=Accepted,
    responses=_REFUSALS,
    openapi_extra=event_body("member.updated.v1"),
)
async def update_member(request: Request, caller: MembersWriter) -> Response:
    """Add, remove or move identifiers of a member, or set the tier."""
    return await take_event(request, caller, _KINDS["member.updated.v1"])


async def take_event(request: Request, caller: Caller, kinds: Kinds) -> Response:
    """Serve a request whose body is one event.

    Raises:
        ProblemError: what is wrong with it.
    """
    desk = desk_of(request)
    document = await read_json(request, MOST_EVENT)

    async def prepare() -> Sequence[Item]:
        return [Item(offer(document, kinds, desk.names, _traceparent(request)))]

    return await desk.serve(request, caller, document, prepare, told)


def told(items: Sequence[Item]) -> Answer:
    """Tell what became of the one event of a request.

    Raises:
        ProblemError: it was refused after all.
    """
    (item,) = items
    if item.problem is not None or isinstance(item.offered, Rejection):
        raise item.problem or ProblemError("event-invalid")
    event = item.offered.event
    receipt, member = _hrefs(item.offered)
    view = Accepted(
        status="known" if item.known else "accepted", source=event.source, id=event.id, receipt=receipt, member=member
    )
    return Answer(202, view.model_dump_json().encode(), receipt or member)


def _told_batch(items: Sequence[Item], document: Sequence[Any]) -> Answer:
    refused = sum(item.status == "refused" for item in items)
    if refused == len(items):
        problems = [item.problem for item in items if item.problem is not None]
        errors = [error for problem in problems for error in problem.errors]
        code = problems[0].code if len({problem.code for problem in problems}) == 1 else "event-invalid"
        raise ProblemError(code, errors=errors[:_MOST_ERRORS])
    known = sum(item.status == "known" for item in items)
    rows = [_row(index, item, each) for index, (item, each) in enumerate(zip(items, document, strict=True))]
    view = BatchAccepted(accepted=len(items) - known - refused, known=known, refused=refused, data=tuple(rows))
    return Answer(202, view.model_dump_json(exclude_none=True).encode())


def _row(index: int, item: Item, document: Any) -> BatchItem:
    if item.problem is not None:
        said = document if isinstance(document, dict) else {}
        return BatchItem(
            index=index,
            status="refused",
            source=_text(said.get("source")),
            id=_text(said.get("id")),
            code=item.problem.code,
            errors=tuple(item.problem.errors),
        )
    assert isinstance(item.offered, Offer)
    event = item.offered.event
    status = "known" if item.known else "accepted"
    return BatchItem(index=index, status=status, source=event.source, id=event.id, receipt=_hrefs(item.offered)[0])


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= 256 else None


def _hrefs(offered: Offer) -> tuple[str | None, str | None]:
    """Where the decision on an event is told, and the member that it names."""
    event = offered.event
    member = getattr(event.data, "member_id", None)
    of_member = None if member is None else f"/v1/members/{quote(str(member))}"
    profile = offered.record.topic == "loyalty.profiles"
    return None if profile else receipt_path(event.source, event.id), of_member


def _traceparent(request: Request) -> str | None:
    given = request.headers.get("traceparent", "")
    return given if _TRACEPARENT.fullmatch(given) else None
