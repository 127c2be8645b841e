"""A member's journal, as a request reads it."""

from __future__ import annotations

from libs.ledger.model import Movement
from libs.sweeps.journals import journals
from services.gateway.store import Member, Reading


async def journal(reading: Reading, member: Member) -> list[Movement]:
    """Return all movements of a member, in the order of their numbers; two queries, however many there are."""
    found = await journals(reading.connection, (reading.tenant_id, member.programme_id), [member.member_id])
    return found[member.member_id]
