"""What a member says on their own page about households: the link is the member's word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from libs.contracts.households import PATH, HouseholdAsk, MemberHouseholdView, Operation
from libs.judging.programmes import Programmes
from services.gateway.door.problems import ProblemError
from services.gateway.households import reading as households
from services.gateway.mine.links import OwnPage
from services.gateway.redemptions.client import RedemptionClient
from services.gateway.store import Member, Reading

_OPERATIONS: Mapping[str, Operation] = {"found": "found", "accept": "answer", "decline": "answer", "leave": "depart"}


async def seen(
    reading: Reading, programmes: Programmes, member: Member, now: datetime, language: str
) -> MemberHouseholdView:
    """What a member sees of their household."""
    document = households.document_of(programmes, reading.tenant_id, member.programme_id, now)
    return await households.of_member(reading, member, document, now, language)


async def say(client: RedemptionClient, page: OwnPage, fields: Mapping[str, str]) -> None:
    """Do what the form says: found, accept, decline or leave, once however often it is sent.

    Raises:
        ProblemError: it was refused, or is no such form.
    """
    done = fields.get("do", "")
    operation = _OPERATIONS.get(done)
    try:
        household_id = UUID(fields["household"]) if fields.get("household") else None
    except ValueError:
        raise ProblemError("request-invalid") from None
    if operation is None or (household_id is None) != (operation == "found"):
        raise ProblemError("request-invalid")
    key = sha256(f"{fields.get('key', '')} {done} {household_id}".encode()).digest()
    ask = HouseholdAsk(
        operation, page.tenant_id, f"page {page.member_id}", key=key, fingerprint=key,
        programme_id=page.programme_id, household_id=household_id, member_id=page.member_id, by_id=page.member_id,
        accept=done == "accept",
    )  # fmt: skip
    await client.ask_value(PATH, ask)


def key_of(token: str, view: MemberHouseholdView) -> str:
    """The name of a request that the forms make: another one after each change of the member's household."""
    household = None if view.household is None else view.household.household_id
    asking = " ".join(f"{each.household_id} {each.invited_at.isoformat()}" for each in view.invitations)
    return f"{token[-22:]} {household} {asking}"
