"""The operations on how a member is reached, and on what the member agreed to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from libs.contacts.addresses import AddressedChannel
from libs.contacts.events import told_of
from libs.contacts.told import Told
from libs.contacts.vault import MemberName
from libs.contracts.rejection import Rejection
from services.gateway.contacts.bodies import ConsentsBody, SuppressBody, TellingBody
from services.gateway.contacts.desk import Known, desk_of
from services.gateway.contacts.views import ConsentsView, ContactsView, consents_view, contacts_view
from services.gateway.door.access import Caller, MembersReader, MembersWriter, PersonReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import MemberId, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.rules.bodies import body_of, read_body
from services.gateway.rules.desk import who

router = APIRouter(prefix="/v1", tags=["members"])
_OF_MEMBER = ("member-unknown", "programme-needed", "request-invalid")
_TAKING = (*_OF_MEMBER, "body-not-json", "body-too-large", "body-too-slow", "media-type-unsupported")
_SOURCE_MOST = 128
Channel = Annotated[AddressedChannel, Path(description="The channel of the address.")]
AddressId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="The address's `id`.", examples=["9f" * 16])]


@router.get(
    "/members/{member_id}/contacts",
    operation_id="getMemberContacts",
    summary="How a member is reached, masked",
    responses=refusals(*_OF_MEMBER),
)
async def get_contacts(
    request: Request, caller: MembersReader, member_id: MemberId, programme: ProgrammeSlug = None
) -> ContactsView:
    """Tell name, language, zone and addresses of a member, of the personal ones as much as tells them apart."""
    name = await _name(caller, member_id, programme)
    return _view(name, await desk_of(request).known(name))


@router.get(
    "/members/{member_id}/contacts:reveal",
    operation_id="revealMemberContacts",
    summary="How a member is reached, in full",
    responses=refusals(*_OF_MEMBER),
)
async def reveal_contacts(
    request: Request, caller: PersonReader, member_id: MemberId, programme: ProgrammeSlug = None
) -> ContactsView:
    """Tell names and addresses in full. It takes a scope of its own, and the log says whose key was used for it."""
    name = await _name(caller, member_id, programme)
    return _view(name, await desk_of(request).known(name), masked=False)


@router.put(
    "/members/{member_id}/contacts",
    operation_id="putMemberContacts",
    summary="How a member is reached from now on",
    responses=refusals(*_TAKING, "member-erased"),
    openapi_extra=body_of(TellingBody),
)
async def put_contacts(
    request: Request, caller: MembersWriter, member_id: MemberId, programme: ProgrammeSlug = None
) -> ContactsView:
    """Keep this in place of all that was known: what is not named goes. An address that died stays, and stays dead."""
    body = await read_body(request, TellingBody)
    name = await _name(caller, member_id, programme)
    return _view(name, await desk_of(request).replace(name, _told(caller, body, None)))


@router.post(
    "/members/{member_id}/contacts",
    operation_id="tellMemberContacts",
    summary="What is new of how a member is reached",
    responses=refusals(*_TAKING, "member-erased"),
    openapi_extra=body_of(TellingBody),
)
async def tell_contacts(
    request: Request, caller: MembersWriter, member_id: MemberId, programme: ProgrammeSlug = None
) -> ContactsView:
    """Keep what is new, as a profile event does: what is not named stays, an empty text takes away.

    A mail address or a number takes the place of the former one; devices are added, and the one told last is written
    to, also where it was told before. Sent again it changes nothing more.
    """
    body = await read_body(request, TellingBody)
    name, desk = await _name(caller, member_id, programme), desk_of(request)
    known = await desk.known(name)
    return _view(name, await desk.tell(name, _told(caller, body, known.person.country)))


@router.post(
    "/members/{member_id}/contacts/{channel}/{address_id}:suppress",
    operation_id="suppressMemberContact",
    summary="Write to an address no more",
    responses=refusals(*_TAKING, "contact-unknown"),
    openapi_extra=body_of(SuppressBody),
)
async def suppress_contact(
    request: Request,
    caller: MembersWriter,
    member_id: MemberId,
    channel: Channel,
    address_id: AddressId,
    programme: ProgrammeSlug = None,
) -> ContactsView:
    """Give an address up, for a reason. Told again by whoever it may be, it stays so."""
    body = await read_body(request, SuppressBody)
    return await _suppress(request, caller, (member_id, programme), (channel, address_id), body.reason)


@router.post(
    "/members/{member_id}/contacts/{channel}/{address_id}:unsuppress",
    operation_id="unsuppressMemberContact",
    summary="Write to an address again",
    responses=refusals(*_OF_MEMBER, "contact-unknown"),
)
async def unsuppress_contact(
    request: Request,
    caller: MembersWriter,
    member_id: MemberId,
    channel: Channel,
    address_id: AddressId,
    programme: ProgrammeSlug = None,
) -> ContactsView:
    """Let an address be written to again that was given up, by a person or because nobody was there."""
    return await _suppress(request, caller, (member_id, programme), (channel, address_id), None)


@router.get(
    "/members/{member_id}/consents",
    operation_id="getMemberConsents",
    summary="What a member agreed to, with its proof",
    responses=refusals(*_OF_MEMBER),
)
async def get_consents(
    request: Request, caller: MembersReader, member_id: MemberId, programme: ProgrammeSlug = None
) -> ConsentsView:
    """Tell for every purpose and channel whether the member may be written to and why, and every word so far."""
    name = await _name(caller, member_id, programme)
    desk = desk_of(request)
    return consents_view(str(member_id), await desk.consents(name), await desk.asked(name))


@router.post(
    "/members/{member_id}/consents",
    operation_id="recordMemberConsents",
    summary="What a member agrees to, or refuses",
    responses=refusals(*_TAKING),
    openapi_extra=body_of(ConsentsBody),
)
async def record_consents(
    request: Request, caller: MembersWriter, member_id: MemberId, programme: ProgrammeSlug = None
) -> ConsentsView:
    """Record words of a member, which count at once. The one that was said last counts, whichever comes last."""
    body = await read_body(request, ConsentsBody)
    said = _checked(told_of(None, (), body.consents, who(caller)[:_SOURCE_MOST], caller.parts.clock.now()))
    name = await _name(caller, member_id, programme)
    desk = desk_of(request)
    return consents_view(str(member_id), await desk.record(name, said.consents), await desk.asked(name))


async def _suppress(
    request: Request,
    caller: Caller,
    whose: tuple[MemberId, str | None],
    which: tuple[AddressedChannel, str],
    reason: str | None,
) -> ContactsView:
    name = await _name(caller, *whose)
    channel, address = which
    known = await desk_of(request).suppress(name, channel, bytes.fromhex(address), reason)
    if known is None:
        raise ProblemError("contact-unknown")
    return _view(name, known)


def _told(caller: Caller, body: TellingBody, country: str | None) -> Told:
    return _checked(told_of(body.person, body.contacts, (), who(caller), caller.parts.clock.now(), country))


def _checked(told: Told | Rejection) -> Told:
    if isinstance(told, Rejection):
        pointer = told.field.replace("/data/", "/body/", 1)
        raise ProblemError("request-invalid", errors=[FieldError(pointer=pointer, detail=f"expected {told.detail}")])
    return told


async def _name(caller: Caller, member_id: MemberId, programme: str | None) -> MemberName:
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    return caller.tenant_id, member.programme_id, member.member_id


def _view(name: MemberName, known: Known | None, *, masked: bool = True) -> ContactsView:
    if known is None:
        raise ProblemError("member-erased")
    return contacts_view(str(name[2]), *known, masked=masked)
