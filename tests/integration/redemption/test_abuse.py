"""S-15: fifty accounts on one device that bring in one another, and points that are passed on to be spent at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from libs.referral.codes import make_code
from libs.runtime.batch import Applied
from tests.integration.earning.test_referrals import GIVE_CODE, LOTS, REFERRAL, STATES
from tests.integration.redemption.stores import SCOPE, START, Stores
from tests.support.database import ACME, Database
from tests.support.lives import asked
from tests.support.receipts import PROFILES, Record, event, member_id, purchase

ACCOUNTS = 50
RULES = {"referral": REFERRAL, "transfers": {"rest_hours": 1, "limits": [{"period": "day", "points": 40}]}}


@pytest.fixture
def stores(database: Database) -> Iterator[Stores]:
    opened = Stores(database, **RULES)
    yield opened
    opened.close()


def joins(number: int, brought_by: str | None) -> Record:
    """An account on the one device."""
    card = f"a{number}"
    data = {
        "member_id": str(member_id(card)),
        "identifiers": [{"kind": "card", "value": card}],
        "marks": [{"kind": "device", "value": "phone-1"}],
        "referral_code": brought_by,
    }
    kind = "org.pointstream.member.enrolled.v1"
    return event(PROFILES, kind, f"enrol-{card}", ACME.source, START, str(member_id(card)), data)


def heard(stores: Stores, applied: Applied) -> None:
    """Let earning hear what it told itself to look at."""
    for events in applied.events:
        for each in events:
            if each.topic == "loyalty.activities":
                heard(stores, stores.tell(Record(each.topic, each.key or b"", each.value)))


def test_a_ring_of_accounts_on_one_device_earns_nothing_by_itself(stores: Stores) -> None:
    codes = [make_code(number) for number in range(1, ACCOUNTS + 1)]
    for number, code in enumerate(codes):
        heard(stores, stores.tell(joins(number, codes[number - 1] if number else None)))
        stores.ask(GIVE_CODE, *SCOPE, member_id(f"a{number}"), code, START)
    ring = joins(0, codes[-1])
    heard(stores, stores.tell(ring._replace(value=again(ring))))
    for number in range(ACCOUNTS):
        heard(stores, stores.tell(purchase(f"R-{number}", 2_500, card=f"a{number}", time=START)))
    assert dict(stores.ask(STATES)) == {"held": ACCOUNTS}, "each waits for a person"
    assert [stores.ask(LOTS, member_id(f"a{n}"))[0][0] for n in range(ACCOUNTS)] == [25] * ACCOUNTS

    first = member_id("a0")
    for number in (1, 2):
        gift: dict[str, Any] = {"to_member_id": str(first), "wallet": "points", "points": 25}
        given = stores.tell(asked(f"G-{number}", "transfer", member_id(f"a{number}"), time=START, **gift))
        assert given.outcomes == {"transferred": 1}
    stores.clock.instant += timedelta(seconds=1)
    whose = {"programme_id": SCOPE[1], "member_id": first}
    assert stores.spend("redeem", "at-once", **whose, points=26).refused == "insufficient-points", "it rests"
    onward: dict[str, Any] = {"to_member_id": str(member_id("a3")), "wallet": "points", "points": 40}
    assert stores.tell(asked("G-3", "transfer", first, time=START, **onward)).outcomes == {"transferred": 1}
    assert stores.tell(asked("G-4", "transfer", first, time=START, **onward)).outcomes == {"refused": 1}
    stores.clock.instant += timedelta(minutes=59, seconds=58)
    assert stores.spend("redeem", "early", **whose, points=35).refused == "insufficient-points"
    assert (
        stores.spend("redeem", "own", member_id=member_id("a3"), programme_id=SCOPE[1], points=26).refused is not None
    )
    stores.clock.instant += timedelta(seconds=1)
    assert stores.spend("redeem", "rested", **whose, points=35).refused is None
    assert stores.flaws() == []


def again(record: Record) -> bytes:
    """The same under another name."""
    return record.value.replace(b'"enrol-a0"', b'"enrol-a0-again"')
