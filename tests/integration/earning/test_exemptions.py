"""Heads brought to what a version spares, as earning's role: by levels, by segments and by people, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.exemptions import people
from libs.exemptions.rules import LEAD
from libs.history.needs import needs_of
from libs.judging.versions import RunningProgramme, activate
from services.earning import exemption_store
from services.earning.exemption_store import Pass
from tests.support.database import ACME, Database, programme_document

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
ENDS = datetime(2026, 6, 30, 22, tzinfo=UTC)
"""The end of June in Rome."""
SCOPE = (1, 1)
MEMBER = """
WITH head AS (
    INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread) VALUES (1, 1, $1, 0, 0)
)
INSERT INTO members.member (tenant_id, programme_id, member_id, enrolled_at, recorded_at) VALUES (1, 1, $1, $2, $2)
"""
STANDS = """
INSERT INTO members.tier_standing (tenant_id, programme_id, member_id, tier_set, level, since, until, seen_on, given,
                                   changes)
VALUES (1, 1, $1, 'status', 'gold', $2, $3, '2026-01-05', false, 1)
"""
LISTED = """
INSERT INTO members.segment_member (tenant_id, programme_id, member_id, segment, entered_at, programme_version)
VALUES (1, 1, $1, 'vip', $2, 1)
"""
KEEPS = "SELECT member_id, keeps::text FROM ledger.member WHERE tenant_id = 1 ORDER BY member_id"
TIERS = [
    {
        "name": "status",
        "levels": [{"name": "basic"}, {"name": "gold", "needs": {"points": 100}, "keeps_points": True}],
        "window": {"kind": "rolling", "days": 30},
        "holds": {"kind": "period_end", "period": "quarter"},
    }
]


def running(*documents: Mapping[str, object]) -> RunningProgramme:
    versions = [
        activate(BEGAN + timedelta(days=30 * at), {**document, "version": at + 1})
        for at, document in enumerate(documents)
    ]
    needs = [needs_of(version.compiled.source) for version in versions]
    return RunningProgramme(*SCOPE, "acme", "main", versions, history=next((each for each in needs if each), None))


async def heads(connection: asyncpg.Connection) -> dict[int, Any]:
    """Who is spared by what, from when until when, by member."""
    found = {}
    for member_id, keeps in await connection.fetch(KEEPS):
        sources = {} if keeps is None else orjson.loads(keeps)
        found[member_id.int] = {
            source: [(span["name"], span["since"], span.get("until")) for span in spans]
            for source, spans in sources.items()
        }
    return found


async def test_heads_are_brought_to_a_version_page_by_page(database: Database) -> None:
    superuser, earning = await asyncpg.connect(database.dsn()), await asyncpg.connect(database.dsn("earning"))
    for number in range(1, 6):
        await superuser.execute(MEMBER, UUID(int=number), BEGAN)
    await superuser.execute(STANDS, UUID(int=1), BEGAN, ENDS)
    await superuser.execute(LISTED, UUID(int=3), BEGAN)
    async with superuser.transaction():
        until = NOW + timedelta(days=9)
        assert await people.spare(superuser, (*SCOPE, UUID(int=4)), "complaint", until, NOW, "eva")
        assert not await people.spare(superuser, (*SCOPE, UUID(int=4)), "complaint", until, NOW, "eva")

    spares = programme_document(ACME) | {"tier_sets": TIERS, "segments": [{"name": "vip", "list": True}]}
    wallet = {"name": "points", "expiry": {"kind": "natural", "period": "quarter"}, "spared": [{"segments": ["vip"]}]}
    programme = running(programme_document(ACME), spares | {"wallets": [wallet]})
    place = Pass(programme.exemptions.digest, 2, None, done=False)
    await exemption_store.begin(earning, SCOPE, place.rules, 2)
    pages = 0
    while not place.done:
        place, pages = await exemption_store.step(earning, programme, place, NOW, 2), pages + 1
    assert pages == 3
    assert (await exemption_store.load_passes(earning))[SCOPE] == place
    counts = "2026-02-01T12:00:00Z"
    assert BEGAN + timedelta(days=30) + LEAD < NOW
    assert await heads(superuser) == {
        1: {"tier:status": [("gold", counts, "2026-06-30T22:00:00Z")]},
        2: {},
        3: {"segment:vip": [("vip", counts, None)]},
        4: {"member": [("complaint", counts, "2026-02-10T12:00:00Z")]},
        5: {},
    }

    plain = running(programme_document(ACME), spares | {"wallets": [wallet]}, programme_document(ACME))
    later = NOW + timedelta(days=5)
    await exemption_store.begin(earning, SCOPE, plain.exemptions.digest, 3)
    place = await exemption_store.step(earning, plain, Pass(plain.exemptions.digest, 3, None, done=False), later, 99)
    assert place.done
    ends = "2026-03-02T00:15:00Z"
    found = await heads(superuser)
    assert found[1] == {"tier:status": [("gold", counts, ends)]}, "until the next version counts"
    assert found[3] == {"segment:vip": [("vip", counts, ends)]}
    async with superuser.transaction():
        assert await people.end(superuser, (*SCOPE, UUID(int=4)), later, "eva")
    assert (await heads(superuser))[4] == {"member": [("complaint", counts, "2026-02-06T12:00:00Z")]}
    await superuser.close()
    await earning.close()
