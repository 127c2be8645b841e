"""Households as the gateway reads them, with what a member may spend of one now."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from libs.contracts.households import HouseholdView, MemberHouseholdView
from libs.households import postgres as households
from libs.households.telling import household
from libs.judging.programmes import Programmes
from libs.promotions.programme import Programme
from services.gateway.households.words import told
from services.gateway.store import Member, Reading


def document_of(programmes: Programmes, tenant_id: int, programme_id: int, now: datetime) -> Programme | None:
    """The document of a programme that is in force; None before its first version."""
    version = programmes.by_key()[tenant_id, programme_id].at(now)
    return None if version is None else version.compiled.source


async def one(reading: Reading, household_id: UUID, programmes: Programmes, now: datetime) -> HouseholdView | None:
    """Return a household of the tenant."""
    found = await households.load(reading.connection, reading.tenant_id, household_id)
    if found is None:
        return None
    document = document_of(programmes, reading.tenant_id, found.programme_id, now)
    slug = programmes.by_key()[reading.tenant_id, found.programme_id].programme
    return household(found.roster, slug, None if document is None else document.household)


async def of_member(
    reading: Reading, member: Member, document: Programme | None, now: datetime, language: str
) -> MemberHouseholdView:
    """Return the household of a member with what the member may spend, also in words."""
    name = (reading.tenant_id, member.programme_id, member.member_id)
    view = await households.of_member(reading.connection, name, member.programme, document, now)
    return view.model_copy(update={"words": tuple(told(view, language))})
