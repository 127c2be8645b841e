"""What a member did before, for quotes under a programme that asks for it: one transaction more, for those alone."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from libs.history.counted import business_day
from libs.history.postgres import AskedDays, load
from libs.judging.versions import RunningProgramme
from libs.promotions.facts import MemberFacts
from services.gateway.store import Store


async def with_history(store: Store, programme: RunningProgramme, facts: MemberFacts, at: datetime) -> MemberFacts:
    """Return a member's facts with the days that the programme looks at, as of now; as they are where it looks at none.

    Raises:
        Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
    """
    version = programme.at(at)
    if programme.history is None or not programme.history.windows or version is None:
        return facts
    since = programme.history.since(business_day(at, version.zone))
    async with store.reading(programme.tenant_id) as reading:
        found = await load(reading.connection, [AskedDays(*programme.key, facts.member_id, since)])
    return replace(facts, history=found[*programme.key, facts.member_id].history())
