"""The catalogue as members see it: filtered for who asks, with the reasons and the points that are missing; wishes."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from libs.catalogue import postgres as catalogue
from libs.catalogue.facts import Asking
from services.gateway.catalogue.looking import Onlooker, Seen, anybody, categories_of, offer_view, onlooker, seen_by
from services.gateway.catalogue.views import OffersPage, OfferView, WishesView
from services.gateway.door.access import Caller, PointsSpender, RewardsReader
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Language, Limit, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.quotes.api import one_programme
from services.gateway.rules.desk import desk_of
from services.gateway.store import ProgrammeFacts, Reading

router = APIRouter(prefix="/v1", tags=["rewards"])
Reference = Annotated[str, Path(description="The reward.", min_length=1, max_length=64, examples=["mug"])]
Sort = Literal["recommended", "points", "name"]
_OF_MEMBER = ("member-unknown", "programme-needed", "request-invalid")


async def _asking(
    store: Annotated[str | None, Query(max_length=64, description="In this store.")] = None,
    channel: Annotated[str | None, Query(max_length=64, description="Through this channel.")] = None,
    partner: Annotated[str | None, Query(max_length=64, description="At this partner.")] = None,
    country: Annotated[str | None, Query(pattern="^[A-Z]{2}$", description="In this country.")] = None,
) -> Asking:
    return Asking(channel, store, partner, country)


From = Annotated[Asking, Depends(_asking)]
OfMember = Annotated[
    UUID | None, Query(alias="member_id", description="For this member; else for nobody in particular.")
]


@router.get(
    "/rewards",
    operation_id="listRewards",
    summary="The catalogue, as a member sees it",
    responses=refusals("cursor-invalid", *_OF_MEMBER),
)
async def list_rewards(
    request: Request,
    response: Response,
    caller: RewardsReader,
    language: Language,
    asking: From,
    member_id: OfMember = None,
    category: Annotated[str | None, Query(max_length=64, description="Of this category.")] = None,
    kind: Annotated[str | None, Query(max_length=32, description="Of this kind.")] = None,
    in_reach: Annotated[bool | None, Query(description="Only what the member can have now, or only the rest.")] = None,
    sort: Annotated[Sort, Query(description="In which order.")] = "recommended",
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> OffersPage:
    """List what is shown now: what it costs this member, whether it is in reach, and if not everything that bars it."""
    now = caller.parts.clock.now()
    listing = f"rewards {caller.tenant_id} {programme or ''} {member_id} {category} {kind} {in_reach} {sort} {asking}"
    place = read_place(caller.parts.cursors, cursor, listing)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        who = await who_looks(caller, reading, member_id, programme)
        everything = await seen_by(reading, who, asking, now)
    found = sorted(
        (
            each
            for each in everything
            if category in (None, each.kept.reward.category)
            and kind in (None, each.kept.reward.what.kind)
            and in_reach in (None, each.offer.in_reach)
        ),
        key=lambda each: _order(each, sort),
    )
    if place is not None:
        found = [each for each in found if _order(each, sort) > (place.seq, str(place.text))]
    more, found = len(found) > limit, found[:limit]
    last = _order(found[-1], sort) if more else None
    following = None if last is None else caller.parts.cursors.write(Place(last[0], text=last[1]), listing)
    link_next(request, response, following)
    return OffersPage(
        data=tuple(offer_view(each, who, language) for each in found),
        categories=categories_of(everything),
        next_cursor=following,
        has_more=more,
    )


@router.get(
    "/rewards/{reference}",
    operation_id="getReward",
    summary="One reward, as a member sees it",
    responses=refusals("reward-unknown", *_OF_MEMBER),
)
async def get_reward(
    caller: RewardsReader,
    language: Language,
    asking: From,
    reference: Reference,
    member_id: OfMember = None,
    programme: ProgrammeSlug = None,
) -> OfferView:
    """Tell one reward, also before or after it is shown, with its terms."""
    now = caller.parts.clock.now()
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        who = await who_looks(caller, reading, member_id, programme)
        everything = await seen_by(reading, who, asking, now, hidden=True)
    found = next((each for each in everything if each.kept.reward.reference == reference), None)
    if found is None:
        raise ProblemError("reward-unknown")
    return offer_view(found, who, language)


@router.get(
    "/members/{member_id}/wishes",
    operation_id="listMemberWishes",
    summary="What a member wishes for",
    responses=refusals(*_OF_MEMBER),
)
async def list_member_wishes(
    caller: RewardsReader, language: Language, asking: From, member_id: MemberId, programme: ProgrammeSlug = None
) -> WishesView:
    """List the rewards on a member's wish list, as they are offered now."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        who = await who_looks(caller, reading, member_id, programme)
        seen = await seen_by(reading, who, asking, caller.parts.clock.now(), hidden=True)
    wished = [each for each in seen if each.kept.reward.reference in who.wishes]
    wished.sort(key=lambda each: (who.wishes[each.kept.reward.reference], each.kept.reward.reference))
    return WishesView(member_id=str(member_id), data=tuple(offer_view(each, who, language) for each in wished))


@router.put(
    "/members/{member_id}/wishes/{reference}",
    operation_id="addMemberWish",
    summary="Wish for a reward",
    status_code=204,
    responses=refusals("reward-unknown", "programme-unknown", *_OF_MEMBER),
)
async def add_member_wish(
    request: Request, caller: PointsSpender, member_id: MemberId, reference: Reference, programme: ProgrammeSlug = None
) -> Response:
    """Put a reward on a member's wish list. `reward.reached` is told once the points for it are there."""
    await _wish(request, caller, member_id, reference, programme, wished=True)
    return Response(status_code=204)


@router.delete(
    "/members/{member_id}/wishes/{reference}",
    operation_id="dropMemberWish",
    summary="Wish for a reward no more",
    status_code=204,
    responses=refusals("reward-unknown", "programme-unknown", *_OF_MEMBER),
)
async def drop_member_wish(
    request: Request, caller: PointsSpender, member_id: MemberId, reference: Reference, programme: ProgrammeSlug = None
) -> Response:
    """Take a reward off a member's wish list."""
    await _wish(request, caller, member_id, reference, programme, wished=False)
    return Response(status_code=204)


async def who_looks(caller: Caller, reading: Reading, member_id: UUID | None, programme: str | None) -> Onlooker:
    """Whoever looks at the catalogue: a member, who may have been merged into another, or nobody in particular.

    Raises:
        ProblemError: nobody has the id, or the programme has to be named.
    """
    if member_id is None:
        running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
        version = running.at(caller.parts.clock.now())
        zone = "UTC" if version is None else version.zone.key
        return anybody(ProgrammeFacts(running.programme_id, running.programme, zone), caller.tenant_id)
    member = await one_member(reading, member_id, programme)
    if member.merged_into is not None:
        member = await one_member(reading, member.merged_into, member.programme)
    return await onlooker(reading, member, caller.parts.clock.now())


def _order(seen: Seen, sort: Sort) -> tuple[int, str]:
    reference = seen.kept.reward.reference
    match sort:
        case "recommended":
            return -seen.proposal.score, reference
        case "points":
            return seen.kept.reward.prices[0].points if seen.offer.price is None else seen.offer.price.points, reference
        case "name":
            return 0, reference


async def _wish(
    request: Request, caller: Caller, member_id: UUID, reference: str, programme: str | None, *, wished: bool
) -> None:
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    now = caller.parts.clock.now()
    async with desk_of(request).store.opened(caller.tenant_id, member.programme) as opened:
        name = (*opened.where.key, member.member_id)
        if await catalogue.load_reward(opened.connection, name[:2], reference) is None:
            raise ProblemError("reward-unknown")
        if wished:
            await catalogue.add_wish(opened.connection, name, reference, now)
        else:
            await catalogue.drop_wish(opened.connection, name, reference)
