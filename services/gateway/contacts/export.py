"""All that is kept of a person, in one answer: for whoever asks what a company knows of them."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.gateway.contacts.desk import desk_of
from services.gateway.contacts.views import ConsentsView, ContactsView, consents_view, contacts_view
from services.gateway.door.access import PersonReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.invitations.desk import InvitationDesk
from services.gateway.invitations.views import InvitationsView
from services.gateway.members.lookup import one_member
from services.gateway.mine.opening import OpenedPageView, looks_at
from services.gateway.sharing.making import desk_of_shares, path_of
from services.gateway.sharing.store import load_of_member
from services.gateway.sharing.views import ShareView, share_view
from services.gateway.views import EXAMPLE_MEMBER, View

router = APIRouter(prefix="/v1", tags=["members"])


def _example(view: type[View]) -> JsonDict:
    extra = view.model_config["json_schema_extra"]
    assert isinstance(extra, dict)
    found = extra["example"]
    assert isinstance(found, dict)
    return found


class PersonExportView(View):
    """All that is kept of a person beside points and purchases."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "exported_at": "2024-03-02T10:00:00Z",
                "contacts": _example(ContactsView) | {"masked": False},
                "consents": _example(ConsentsView),
                "shares": [_example(ShareView)],
                "invitations": _example(InvitationsView),
                "looks": [_example(OpenedPageView)],
            }
        }
    )

    member_id: str
    exported_at: datetime = Field(description="As of when.")
    contacts: ContactsView = Field(description="Names and addresses, in full.")
    consents: ConsentsView = Field(description="What was agreed to and refused, with the proof of each word.")
    shares: tuple[ShareView, ...] = Field(description="What the member shows to friends, up to 100.")
    invitations: InvitationsView = Field(description="How many friends were invited; friends are kept by no name.")
    looks: tuple[OpenedPageView, ...] = Field(description="Who of the company looked at the member's own page.")


@router.get(
    "/members/{member_id}/contacts:export",
    operation_id="exportMemberPerson",
    summary="All that is kept of a person",
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def export_person(
    request: Request, caller: PersonReader, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> PersonExportView:
    """Tell all of a member's personal data, in full, for the member who asks for it.

    Points lie in `GET /v1/members/{id}/history`, what was sent in `GET /v1/members/{id}/messages`. It takes a scope of
    its own, and the log says whose key was used for it.
    """
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        name = (caller.tenant_id, member.programme_id, member.member_id)
        shares = await load_of_member(reading.connection, name)
    desk, invitations = desk_of(request), request.app.state.invitations
    assert isinstance(invitations, InvitationDesk)
    lives = desk_of_shares(request).lives
    return PersonExportView(
        member_id=str(member_id),
        exported_at=caller.parts.clock.now(),
        contacts=contacts_view(str(member_id), *await desk.known(name), masked=False),
        consents=consents_view(str(member_id), await desk.consents(name), await desk.asked(name)),
        shares=tuple(
            [share_view(each, path_of(request, *name[:2], each.share_id), language, lives) for each in shares]
        ),
        invitations=InvitationsView(**(await invitations.stand(caller, member))._asdict()),
        looks=tuple(await looks_at(request, name)),
    )
