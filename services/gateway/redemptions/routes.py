"""The operations by which points are spent. Redemption decides, under the caller's Idempotency-Key, and at once."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Answer, Ask, Operation, RedemptionQuote, RedemptionView
from services.gateway.door.access import Caller, PointsReader, PointsSpender
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Language, Limit, MemberId, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.intake.bodies import fingerprint
from services.gateway.intake.idempotency import REPLAYED, digest, key_text
from services.gateway.members.lookup import one_member
from services.gateway.redemptions import store
from services.gateway.redemptions.bodies import (
    CancelBody,
    CommitBody,
    NoBody,
    QuoteBody,
    RedeemBody,
    described,
    read_body,
)
from services.gateway.redemptions.client import RedemptionClient
from services.gateway.store import Member

router = APIRouter(prefix="/v1", tags=["redemptions"])

_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
ASKED = (*_BODY, "redemption-away")
KEYED = (*ASKED, "idempotency-key-missing", "idempotency-key-invalid", "idempotency-key-reused")
_OF_MEMBER = ("member-unknown", "member-merged", "programme-needed", "version-unknown", "wallet-unknown")
_OF_REWARD = (
    "reward-unknown",
    "reward-barred",
    "reward-limit",
    "reward-sold-out",
    "reward-plan-unknown",
    "reward-points-outside",
    "answer-needed",
)
OF_ORDER = ("order-ended", "cancel-too-late", "quantity-exceeded", "points-not-divisible")
_OF_BILL = ("payment-not-offered", "currency-mismatch", "member-blocked")
_OF_HOUSEHOLD = ("household-not-offered", "household-none")
_OF_PAYING = ("payment-below-minimum", "payment-step")
_OF_RETURN = ("not-a-payment", "returned-exceeded")
_OF_HOLD = ("redemption-unknown", "hold-expired", "hold-ended")
RedemptionId = Annotated[
    UUID, Path(description="The redemption's id.", examples=["0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50"])
]
_MEMBER = "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"


class RedemptionsPage(BaseModel):
    """A page of redemptions, newest first."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "example": {
                "data": [RedemptionView.model_json_schema()["example"]],
                "next_cursor": None,
                "has_more": False,
            }
        },
    )

    data: tuple[RedemptionView, ...] = Field(description="The redemptions.")
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page.")
    has_more: bool = Field(description="Whether there is one.")


@router.post(
    "/redemptions:quote",
    operation_id="quoteRedemption",
    summary="What a redemption would take",
    response_model=RedemptionQuote,
    responses=refusals(*ASKED, *_OF_MEMBER, *_OF_BILL, *_OF_HOUSEHOLD, "reward-unknown"),
    openapi_extra=described(QuoteBody, {"member_id": _MEMBER, "points": 150}, keyed=False),
)
async def quote_redemption(
    request: Request, caller: PointsReader, language: Language, programme: ProgrammeSlug = None
) -> Response:
    """Tell whether a member can spend so many points, and which lots they would come from. Nothing is held.

    Of a reward: what it costs this member, and everything that bars it.
    """
    body, _ = await read_body(request, QuoteBody)
    member = await _member(caller, body, programme)
    ask = Ask(
        "quote",
        caller.tenant_id,
        caller.key.key_id,
        programme_id=member.programme_id,
        member_id=member.member_id,
        points=body.points,
        wallet=body.wallet,
        bill_minor=body.bill_minor,
        currency=body.currency,
        partial=body.partial,
        household=body.household,
        order=body.order(),
        language=language,
    )
    return _response(await client_of(request).ask(ask), 200)


@router.post(
    "/redemptions",
    operation_id="redeem",
    summary="Spend points, or hold them",
    status_code=201,
    response_model=RedemptionView,
    responses=refusals(
        *KEYED,
        *_OF_MEMBER,
        *_OF_BILL,
        *_OF_PAYING,
        *_OF_REWARD,
        *_OF_HOUSEHOLD,
        "household-limit",
        "insufficient-points",
        "in-debt",
    ),
    openapi_extra=described(
        RedeemBody, {"member_id": _MEMBER, "points": 150, "hold": True, "reference": "till-7/4711"}
    ),
)
async def redeem(request: Request, caller: PointsSpender, programme: ProgrammeSlug = None) -> Response:
    """Redeem points or a reward at once, or with `hold` reserve them for 15 minutes. All of it, or nothing is done.

    A reward takes the points of its price, and a piece of its stock. What the member can use at once is in the answer.

    With `bill_minor` points pay a bill: as many as are needed, at most `points`, and with `partial` what there is. The
    answer's `bill` says how much of it is paid.
    """
    body, document = await read_body(request, RedeemBody)
    key = key_text(request)
    member = await _member(caller, body, programme)
    ask = Ask(
        "hold" if body.hold else "redeem",
        caller.tenant_id,
        caller.key.key_id,
        key=digest(key),
        fingerprint=fingerprint(request, document),
        programme_id=member.programme_id,
        member_id=member.member_id,
        points=body.points,
        wallet=body.wallet,
        reference=body.reference,
        bill_minor=body.bill_minor,
        currency=body.currency,
        partial=body.partial,
        household=body.household,
        order=body.order(),
    )
    return _response(await client_of(request).ask(ask), 201)


@router.post(
    "/redemptions/{redemption_id}/commit",
    operation_id="commitRedemption",
    summary="Redeem what is held",
    response_model=RedemptionView,
    responses=refusals(*KEYED, *_OF_HOLD, "points-exceeded"),
    openapi_extra=described(CommitBody, {"points": 120}),
)
async def commit_redemption(request: Request, caller: PointsSpender, redemption_id: RedemptionId) -> Response:
    """Redeem what is held, or a part of it: what is not needed is free again."""
    body, document = await read_body(request, CommitBody)
    return await follow(request, caller, "commit", redemption_id, document, points=body.points)


@router.post(
    "/redemptions/{redemption_id}/release",
    operation_id="releaseRedemption",
    summary="Free what is held",
    response_model=RedemptionView,
    responses=refusals(*KEYED, *_OF_HOLD),
    openapi_extra=described(NoBody, {}),
)
async def release_redemption(request: Request, caller: PointsSpender, redemption_id: RedemptionId) -> Response:
    """Give a hold up. What has passed its date meanwhile lapses, and the answer says how much."""
    _, document = await read_body(request, NoBody)
    return await follow(request, caller, "release", redemption_id, document)


@router.post(
    "/redemptions/{redemption_id}/extend",
    operation_id="extendRedemption",
    summary="Put the end of a hold off",
    response_model=RedemptionView,
    responses=refusals(*KEYED, *_OF_HOLD, "hold-extended"),
    openapi_extra=described(NoBody, {}),
)
async def extend_redemption(request: Request, caller: PointsSpender, redemption_id: RedemptionId) -> Response:
    """Hold the points for another 15 minutes from now; once."""
    _, document = await read_body(request, NoBody)
    return await follow(request, caller, "extend", redemption_id, document)


@router.post(
    "/redemptions/{redemption_id}/cancel",
    operation_id="cancelRedemption",
    summary="Give redeemed points back",
    response_model=RedemptionView,
    responses=refusals(
        *KEYED, "redemption-unknown", "member-merged", "not-redeemed", "points-exceeded", *_OF_RETURN, *OF_ORDER
    ),
    openapi_extra=described(CancelBody, {"points": 50, "by": "member"}),
)
async def cancel_redemption(request: Request, caller: PointsSpender, redemption_id: RedemptionId) -> Response:
    """Give points back into the lots that they came from, with the same dates; of a reward by the rules of its kind.

    `lapsed` says how many of them were past their date, and so lapsed again at once.
    """
    body, document = await read_body(request, CancelBody)
    if body.by != "member" and not caller.key.allows("points:adjust"):
        raise ProblemError("scope-missing", "To cancel as an operator or partner takes the scope points:adjust.")
    if body.points is not None and body.returned_minor is not None:
        fault = FieldError(pointer="/body/returned_minor", detail="null where points say how many come back")
        raise ProblemError("request-invalid", errors=[fault])
    order = None if body.quantity is None and body.note is None else OrderAsk(quantity=body.quantity, note=body.note)
    told = {"points": body.points, "returned_minor": body.returned_minor, "by": body.by, "order": order}
    return await follow(request, caller, "cancel", redemption_id, document, **told)


@router.get(
    "/redemptions/{redemption_id}",
    operation_id="getRedemption",
    summary="A redemption",
    responses=refusals("redemption-unknown", "request-invalid"),
)
async def get_redemption(caller: PointsReader, redemption_id: RedemptionId) -> RedemptionView:
    """Tell how a redemption stands, and which lots it took."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await store.one(reading, redemption_id)
    if found is None:
        raise ProblemError("redemption-unknown")
    return found


@router.get(
    "/members/{member_id}/redemptions",
    operation_id="listMemberRedemptions",
    summary="A member's redemptions, newest first",
    responses=refusals("member-unknown", "cursor-invalid", "request-invalid", "programme-needed"),
)
async def list_member_redemptions(
    request: Request,
    response: Response,
    caller: PointsReader,
    member_id: MemberId,
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> RedemptionsPage:
    """List what a member holds, has redeemed and was given back."""
    listing = f"redemptions {caller.tenant_id} {member_id} {programme or ''}"
    place = read_place(caller.parts.cursors, cursor, listing)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        found = await store.of_member(reading, member, place, limit + 1)
    more, found = len(found) > limit, found[:limit]
    last = Place(0, found[-1].asked_at, found[-1].redemption_id) if more else None
    following = None if last is None else caller.parts.cursors.write(last, listing)
    link_next(request, response, following)
    return RedemptionsPage(data=tuple(found), next_cursor=following, has_more=more)


async def _member(caller: Caller, body: QuoteBody, programme: str | None) -> Member:
    """Whose points a request is about; for one who was merged into another, that other.

    Raises:
        ProblemError: nobody of the tenant, or the programme has to be named.
    """
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        if body.member_id is not None:
            member = await one_member(reading, body.member_id, programme)
            if member.merged_into is None:
                return member
            return await one_member(reading, member.merged_into, member.programme)
        kind, _, value = (body.identifier or "").partition(":")
        found = await reading.by_identifier(caller.parts.names.of(kind, value), programme)
        if not found:
            raise ProblemError("member-unknown")
        if len(found) > 1:
            raise ProblemError("programme-needed")
        slug, member_id = found[0]
        return await one_member(reading, member_id, slug)


async def follow(
    request: Request, caller: Caller, operation: Operation, redemption_id: UUID, document: Any, **told: Any
) -> Response:
    """Serve what follows on a redemption."""
    ask = Ask(
        operation,
        caller.tenant_id,
        caller.key.key_id,
        key=digest(key_text(request)),
        fingerprint=fingerprint(request, document),
        redemption_id=redemption_id,
        **told,
    )
    return _response(await client_of(request).ask(ask), 200)


def client_of(request: Request) -> RedemptionClient:
    """The way to redemption."""
    client: RedemptionClient = request.app.state.redemptions
    return client


class _Made(msgspec.Struct, frozen=True):
    redemption_id: UUID


_made_by = msgspec.json.Decoder(_Made).decode


def _response(answer: Answer, status: int) -> Response:
    headers = {REPLAYED: "true"} if answer.replayed else {}
    body = bytes(answer.body)
    if status == 201:
        headers["Location"] = f"/v1/redemptions/{_made_by(body).redemption_id}"
    return Response(body, status_code=status, headers=headers, media_type="application/json")
