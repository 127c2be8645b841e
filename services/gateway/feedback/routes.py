"""The operations on what members think of what they had."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from libs.catalogue import postgres as catalogue
from libs.runtime.seal import Seal
from services.gateway.catalogue.rewards_api import Reference
from services.gateway.door.access import Caller, PointsSpender, RewardsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.feedback import store
from services.gateway.feedback.figures import Liking
from services.gateway.feedback.saying import say
from services.gateway.feedback.views import (
    LikingsView,
    LikingView,
    OrderRatingView,
    RatingBody,
    RewardRatingsView,
    figures_of,
    rating_view,
)
from services.gateway.rules.bodies import body_of, read_body
from services.gateway.rules.desk import desk_of

router = APIRouter(prefix="/v1", tags=["rewards"])
OrderId = Annotated[UUID, Path(description="The order.", examples=["0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50"])]
_BODY = ("body-not-json", "body-too-large", "body-too-slow", "media-type-unsupported", "request-invalid")
_WORDS = "rewards:write"
_LAST = 50


@router.put(
    "/orders/{order_id}/rating",
    operation_id="putOrderRating",
    summary="Rate an order",
    responses=refusals(*_BODY, "order-unknown", "rating-too-early", "member-erased", "publishing-away"),
    openapi_extra=body_of(RatingBody),
)
async def put_order_rating(request: Request, caller: PointsSpender, order_id: OrderId) -> OrderRatingView:
    """Keep a member's word on an order, in place of the last one.

    The activity `reward-rated` is told once for an order, so that campaigns may thank for it; stars and words are not
    in it.
    """
    body = await read_body(request, RatingBody)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await catalogue.load_order(reading.connection, caller.tenant_id, order_id)
    if found is None:
        raise ProblemError("order-unknown")
    said = await say(request, *found, body.stars, body.words)
    return rating_view(said, with_words=True)


@router.get(
    "/orders/{order_id}/rating",
    operation_id="getOrderRating",
    summary="How an order was rated",
    responses=refusals("order-unknown", "rating-unknown", "request-invalid"),
)
async def get_order_rating(request: Request, caller: RewardsReader, order_id: OrderId) -> OrderRatingView:
    """Tell what the member said of an order."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await catalogue.load_order(reading.connection, caller.tenant_id, order_id)
        if found is None:
            raise ProblemError("order-unknown")
        said = await store.load_rating(reading.connection, found[0], order_id, _seal(request))
    if said is None:
        raise ProblemError("rating-unknown")
    return rating_view(said, with_words=_with_words(caller))


@router.get(
    "/rewards/{reference}/ratings",
    operation_id="listRewardRatings",
    summary="How a reward is liked",
    responses=refusals("reward-unknown", "programme-unknown", "programme-needed", "request-invalid"),
)
async def list_reward_ratings(
    request: Request, caller: RewardsReader, reference: Reference, programme: ProgrammeSlug = None
) -> RewardRatingsView:
    """Tell how many gave how many stars to a reward, and the last words on it."""
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        scope = opened.where.key
        if await catalogue.load_reward(opened.connection, scope, reference) is None:
            raise ProblemError("reward-unknown")
        found = await store.load_figures(opened.connection, scope, reference)
        last = await store.load_last(opened.connection, scope, reference, _LAST, _seal(request))
    figures = LikingView(**figures_of(reference, found.get(reference, Liking())))
    return RewardRatingsView(
        **dict(figures), data=tuple(rating_view(each, with_words=_with_words(caller)) for each in last)
    )


@router.get(
    "/ratings",
    operation_id="listRatings",
    summary="How all rewards are liked",
    responses=refusals("programme-unknown", "programme-needed", "request-invalid"),
)
async def list_ratings(request: Request, caller: RewardsReader, programme: ProgrammeSlug = None) -> LikingsView:
    """Tell how every reward is liked that anybody rated, the best liked first."""
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        found = await store.load_figures(opened.connection, opened.where.key)
    ordered = sorted(found.items(), key=lambda each: (-(each[1].mean or 0), -each[1].count, each[0]))
    return LikingsView(data=tuple(LikingView(**figures_of(*each)) for each in ordered))


def _seal(request: Request) -> Seal:
    seal: Seal = request.app.state.seal
    return seal


def _with_words(caller: Caller) -> bool:
    return caller.key.allows(_WORDS)
