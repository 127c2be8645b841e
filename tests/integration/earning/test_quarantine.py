"""A campaign whose expression runs out of what it may cost is switched off, and stays what people make of it."""

from __future__ import annotations

import asyncpg
from prometheus_client import CollectorRegistry

from libs.programmes.postgres import load_switches, turn_on
from services.earning.events import PURCHASES
from services.earning.metrics import EarningMetrics
from services.earning.quarantine import BY, FAILURES, Quarantine
from tests.integration.earning.test_people import At
from tests.support.database import ACME, Database, programme_document
from tests.support.on_database import EarningLane
from tests.support.programmes import put_programme
from tests.support.receipts import PROFILES, WHEN, enrolment, line, purchase

KEY = (1, 1)
EVIL = {
    "id": "evil",
    "name": "Everything with everything",
    "state": "live",
    "cel": "lines.exists(a, lines.exists(b, lines.exists(c, a.quantity + b.quantity + c.quantity > 9000)))",
    "effect": {"kind": "fixed", "points": 5},
}
FAULTY = EVIL | {"id": "faulty", "cel": "100 / (lines.size() - 300) > 1"}


def receipts(first: int, count: int) -> list[bytes]:
    lines = [line(f"sku-{number}", 1, number=number) for number in range(1, 301)]
    return [purchase(f"evil-{number}", lines).value for number in range(first, first + count)]


async def test_what_runs_out_again_and_again_is_switched_off_until_a_person_turns_it_on(database: Database) -> None:
    document = programme_document(ACME)
    campaigns = [*document["campaigns"], EVIL, FAULTY]  # type: ignore[misc]  # a list, as the document has it
    await put_programme(database, document | {"campaigns": campaigns})
    async with asyncpg.create_pool(database.dsn("earning"), min_size=0) as pool:
        await (await EarningLane(pool, At(), topic=PROFILES).claim()).apply([enrolment("1").value])
        lane = await EarningLane(pool, At(), topic=PURCHASES).claim()
        quarantine = Quarantine(pool, [lane.exhausted], At(), EarningMetrics(CollectorRegistry()))

        async def off() -> list[tuple[str, str]]:
            async with pool.acquire() as connection:
                return [(one.name, one.off_by) for one in await load_switches(connection, KEY)]

        await lane.apply(receipts(0, FAILURES - 1))
        await quarantine.run()
        assert await off() == []
        await lane.apply(receipts(FAILURES - 1, 1))
        await quarantine.run()
        assert await off() == [("campaign:evil", BY)], "an expression that only fails is no danger to others"
        await lane.claim()
        await lane.apply(receipts(FAILURES, FAILURES))
        await quarantine.run()
        assert not lane.exhausted, "it is asked no more"
        operator = await asyncpg.connect(database.dsn("operator"))
        await turn_on(operator, KEY, "campaign", "evil", WHEN, "anna", None)
        await operator.close()
        await lane.claim()
        await lane.apply(receipts(2 * FAILURES, FAILURES))
        await quarantine.run()
        assert await off() == [("campaign:evil", BY)]
