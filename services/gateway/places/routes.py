"""The operations on where a member is. A position is in a body, and never in an address that logs keep."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from fastapi import APIRouter, Request, Response

from libs.contacts.consent import CHANNELS, agrees, last_word
from libs.contacts.person import Person
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.promotions.switches import stopped
from libs.runtime.keys import event_id
from services.gateway.contacts.desk import desk_of as desk_of_contacts
from services.gateway.door.access import Caller, EventsWriter, MembersReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.intake.description import ALWAYS, KEY
from services.gateway.intake.desk import Item, desk_of
from services.gateway.intake.offers import OWN_SOURCES, Kinds, offer
from services.gateway.intake.store import Answer
from services.gateway.members.lookup import one_member
from services.gateway.places.near import Near, near
from services.gateway.places.offers import offers_by_store
from services.gateway.places.views import ArrivalsView, ArrivalView, Looking, NearStoresView, NearStoreView, Position
from services.gateway.quotes.api import one_programme
from services.gateway.rules.bodies import body_of, read_body

router = APIRouter(prefix="/v1", tags=["places"])
_OF_MEMBER = ("member-unknown", "programme-needed", "request-invalid", "position-not-agreed")
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported")
_ACTIVITY = Kinds.of("activity.recorded.v1")
_MOST, _FARTHEST = 50, 50_000


@router.post(
    "/members/{member_id}/stores:near",
    operation_id="findStoresNear",
    summary="Stores near a member, with their offers",
    response_model=NearStoresView,
    responses=refusals(*_OF_MEMBER, *_BODY),
    openapi_extra=body_of(Looking),
)
async def find_stores_near(
    request: Request, caller: MembersReader, member_id: MemberId, language: Language, programme: ProgrammeSlug = None
) -> NearStoresView:
    """List the stores near a position, with the campaigns that run there now and not everywhere.

    The member looks, so it takes no consent; who refused `location` on every channel that was asked about is not shown
    any. The position is kept nowhere.
    """
    body = await read_body(request, Looking)
    running, person = await _whose(request, caller, member_id, programme)
    if _refuses(person):
        raise ProblemError("position-not-agreed")
    version = running.at(caller.parts.clock.now())
    if version is None:
        return NearStoresView(data=())
    return await asyncio.to_thread(_listed, caller, running, version, body, language)


@router.post(
    "/members/{member_id}/positions",
    operation_id="tellPosition",
    summary="A member is somewhere",
    status_code=202,
    response_model=ArrivalsView,
    responses=refusals(*ALWAYS, *_OF_MEMBER),
    openapi_extra=body_of(Position, KEY),
)
async def tell_position(
    request: Request, caller: EventsWriter, member_id: MemberId, programme: ProgrammeSlug = None
) -> Response:
    """Say where a member is who agreed to offers by place: each store that has an `arrival` and is near is an activity.

    Campaigns and scenarios begin with it; the same store counts once a day. Of the position nothing is kept.
    """
    body = await read_body(request, Position)
    running, person = await _whose(request, caller, member_id, programme)
    if not agrees(person.consents, "location"):
        raise ProblemError("position-not-agreed")
    now = caller.parts.clock.now()
    version, desk = running.at(now), desk_of(request)
    stores = () if version is None else version.compiled.source.stores
    wanted = [each for each in stores if each.arrival is not None]
    arrived = [each for each in near(wanted, body.point, _FARTHEST, len(wanted)) if each.arrived]

    async def prepare() -> Sequence[Item]:
        day = now.date().isoformat()
        items = []
        for each in arrived:
            assert each.store.arrival is not None
            event = {
                "id": event_id(str(caller.tenant_id), f"{running.programme}/{each.store.id}", day, str(member_id), 0),
                "source": f"{OWN_SOURCES}/{running.tenant}/{running.programme}/places",
                "time": now.isoformat(),
                "data": {
                    "activity": each.store.arrival.activity,
                    "member_id": str(member_id),
                    "store": each.store.id,
                    "identifiers": [],
                },
            }
            items.append(Item(offer(event, _ACTIVITY, desk.names, own=True)))
        return items

    # By a digest of the position itself, kept with the key, one could try out which it was.
    near_to = sorted(each.store.id for each in arrived)
    return await desk.serve(request, caller, near_to, prepare, lambda items: _told(arrived))


async def _whose(
    request: Request, caller: Caller, member_id: MemberId, programme: str | None
) -> tuple[RunningProgramme, Person]:
    """The programme of a member, and who they are."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    known = await desk_of_contacts(request).known((caller.tenant_id, member.programme_id, member_id))
    every = await caller.parts.programmes.of(caller.tenant_id)
    running = every.by_key().get((caller.tenant_id, member.programme_id))
    return running or one_programme(every, programme, "/query/programme"), known.person


def _refuses(person: Person) -> bool:
    words = [word for channel in CHANNELS if (word := last_word(person.consents, "location", channel)) is not None]
    return bool(words) and not any(word.given for word in words)


def _listed(
    caller: Caller, running: RunningProgramme, version: ActiveVersion, body: Looking, language: str
) -> NearStoresView:
    found = near(version.compiled.source.stores, body.point, body.metres, _MOST)
    names, off = [each.store.id for each in found], stopped(running.switches, version.compiled)
    offers = offers_by_store(version.compiled, names, caller.parts.clock.now(), off, language)
    data = [
        NearStoreView.model_validate(
            {
                "store": each.store.id,
                "name": each.store.name,
                "metres": each.metres,
                "offers": [
                    {"campaign": campaign, "name": name, "words": words}
                    for campaign, name, words in offers[each.store.id]
                ],
            }
        )
        for each in found
    ]
    return NearStoresView(data=tuple(data))


def _told(arrived: Iterable[Near]) -> Answer:
    found = [
        ArrivalView(store=each.store.id, name=each.store.name, activity=each.store.arrival.activity)
        for each in arrived
        if each.store.arrival is not None
    ]
    return Answer(202, ArrivalsView(arrived=tuple(found)).model_dump_json().encode(), None)
