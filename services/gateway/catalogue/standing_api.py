"""Standing orders: rewards that are redeemed by themselves once the points are there; redemption orders them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field

from libs.catalogue import postgres as catalogue
from libs.catalogue.facts import Asking
from libs.catalogue.standing import StandingOrder, Wish, asks_nothing, outlook
from libs.catalogue.telling import reason_view
from services.gateway.catalogue.looking import Onlooker, Seen, onlooker, seen_by
from services.gateway.catalogue.rewards_api import Reference, who_looks
from services.gateway.catalogue.views import StandingOrdersView, StandingOrderView
from services.gateway.door.access import PointsSpender, RewardsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.redemptions.bodies import described, read_body
from services.gateway.rules.desk import desk_of

router = APIRouter(prefix="/v1", tags=["rewards"])
_OF_MEMBER = ("member-unknown", "programme-needed", "request-invalid")
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported")
_ANYWHERE = Asking()
_MOST_POINTS = 10**15
DryRun = Annotated[bool, Query(description="Tell what it would be; nothing is changed.")]


class StandingOrderBody(BaseModel):
    """When a reward is to be ordered by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_points: int = Field(strict=True, ge=1, le=_MOST_POINTS, description="Once so many points may be spent.")
    repeats: bool = Field(default=False, strict=True, description="Each time they are there, or once.")


@router.get(
    "/members/{member_id}/standing-orders",
    operation_id="listStandingOrders",
    summary="Rewards that are redeemed by themselves for a member",
    responses=refusals(*_OF_MEMBER),
)
async def list_standing_orders(
    caller: RewardsReader, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> StandingOrdersView:
    """List a member's standing orders: what each has ordered, what bars it, and what it would do now."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        who = await who_looks(caller, reading, member_id, programme)
        kept = await catalogue.load_standing_orders(reading.connection, (*who.scope, member_id))
        seen = await seen_by(reading, who, _ANYWHERE, caller.parts.clock.now(), hidden=True)
    by_name = {each.kept.reward.reference: each for each in seen}
    views = [_view(each, by_name.get(each.reference), who, language) for each in kept]
    return StandingOrdersView(member_id=member_id, data=tuple(views))


@router.put(
    "/members/{member_id}/standing-orders/{reference}",
    operation_id="putStandingOrder",
    summary="Redeem a reward by itself once the points are there",
    responses=refusals(*_BODY, *_OF_MEMBER, "reward-unknown", "programme-unknown", "answer-needed", "member-merged"),
    openapi_extra=described(StandingOrderBody, {"at_points": 500, "repeats": True}, keyed=False),
)
async def put_standing_order(
    request: Request,
    caller: PointsSpender,
    language: Language,
    member_id: MemberId,
    reference: Reference,
    dry_run: DryRun = False,
    programme: ProgrammeSlug = None,
) -> StandingOrderView:
    """Switch a standing order on, or change one; with `dry_run` only tell what it would do now.

    Redemption orders the reward within seconds of the points being there, exactly once for each time. What bars it then
    (sold out, not offered any more, …) is told by `reward.withheld` and here, and it is tried again.
    """
    body, _ = await read_body(request, StandingOrderBody)
    now, wish = caller.parts.clock.now(), Wish(body.at_points, body.repeats)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        if member.merged_into is not None:
            raise ProblemError("member-merged")
        who = await onlooker(reading, member, now)
        everything = await seen_by(reading, who, _ANYWHERE, now, hidden=True)
        name = (*who.scope, member_id)
        kept = await catalogue.load_standing_orders(reading.connection, name)
    seen = next((each for each in everything if each.kept.reward.reference == reference), None)
    if seen is None:
        raise ProblemError("reward-unknown")
    if not asks_nothing(seen.kept.reward):
        raise ProblemError("answer-needed", "An order of it asks for something that only the member can say.")
    if not dry_run:
        async with desk_of(request).store.opened(caller.tenant_id, member.programme) as opened:
            await catalogue.put_standing_order(opened.connection, name, reference, wish, now, caller.key.key_id)
    new = StandingOrder(reference, *wish, True, now, caller.key.key_id)
    before = next((each for each in kept if each.reference == reference), new)
    after = replace(new, done=before.done, order_id=before.order_id, done_at=before.done_at)
    return _view(after, seen, who, language)


@router.delete(
    "/members/{member_id}/standing-orders/{reference}",
    operation_id="stopStandingOrder",
    summary="Redeem a reward by itself no more",
    status_code=204,
    responses=refusals("standing-order-unknown", "programme-unknown", *_OF_MEMBER),
)
async def stop_standing_order(
    request: Request, caller: PointsSpender, member_id: MemberId, reference: Reference, programme: ProgrammeSlug = None
) -> Response:
    """Switch a standing order off; what it has ordered stays, and is still listed."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    async with desk_of(request).store.opened(caller.tenant_id, member.programme) as opened:
        name, now = (*opened.where.key, member_id), caller.parts.clock.now()
        stopped = await catalogue.stop_standing_order(opened.connection, name, reference, now, caller.key.key_id)
    if not stopped:
        raise ProblemError("standing-order-unknown")
    return Response(status_code=204)


def _view(order: StandingOrder, seen: Seen | None, who: Onlooker, language: str) -> StandingOrderView:
    """A standing order as it is shown; a reward that is not in the catalogue any more bars it."""
    told = None if seen is None else outlook(order.wish, seen.offer, who.facts)
    return StandingOrderView(
        reference=order.reference,
        title=order.reference if seen is None else seen.kept.reward.words(language).title,
        at_points=order.at_points,
        repeats=order.repeats,
        on=order.is_on,
        asked_at=order.asked_at,
        done=order.done,
        order_id=order.order_id,
        done_at=order.done_at,
        barred=order.barred,
        barred_at=order.barred_at,
        now="barred" if told is None else told.now,
        missing=0 if told is None else told.missing,
        reasons=() if told is None else tuple(reason_view(each, language) for each in told.reasons),
    )
