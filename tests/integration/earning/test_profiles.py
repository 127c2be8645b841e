"""What is known of members, on a real database: told, asked, and as it was when a receipt comes back."""

from __future__ import annotations

from typing import Any

from tests.integration.earning.test_history import DAY, bonus, document, paid
from tests.integration.earning.test_lives import outcomes, play
from tests.integration.earning.test_pending import at
from tests.support.invariants import verified
from tests.support.lives import returned
from tests.support.programmes import put_programme
from tests.support.receipts import PROFILES, WHEN, Record, enrolment, event, purchase
from tests.support.stack import Stack

PROFILE = "SELECT revision, present, birthday, attributes::text FROM vault.profile ORDER BY member_id, revision"


def told(name: str, enrolled: Record, **data: Any) -> Record:
    """More about whoever was enrolled so."""
    member_id = enrolled.key.decode()
    kind = "org.pointstream.member.updated.v1"
    return event(PROFILES, kind, name, "/acme/pos", WHEN + DAY, member_id, {"member_id": member_id} | data)


async def test_who_is_known_joins_no_more_however_often_a_shop_tells_of_it(stack: Stack) -> None:
    """Twice at once, and again on another day, as shops that tell of all their members every night do."""
    await put_programme(stack.database, document())
    await at(stack, WHEN + 10 * DAY)

    def again(name: str, day: int) -> Record:
        ada = enrolment("1").key.decode()
        data = {"member_id": ada, "identifiers": [{"kind": "card", "value": "1"}]}
        return event(PROFILES, "org.pointstream.member.enrolled.v1", name, "/acme/pos", WHEN + day * DAY, ada, data)

    await play(stack, again("first", 0), again("twin", 0))
    await play(stack, again("second", 3), enrolment("2"), again("third", 4))
    joined = [each for each in await stack.events("loyalty.members") if str(each["type"]).endswith("member.joined.v1")]
    assert sorted(str(each["subject"]) for each in joined) == sorted(
        enrolment(card).key.decode() for card in ("1", "2")
    )


async def test_attributes_are_asked_as_they_stand_and_a_return_sees_those_of_the_first_time(stack: Stack) -> None:
    rome = bonus("rome", 1_000, member={"attributes": [{"name": "city", "one_of": ["rome"]}]})
    new = bonus("new", 7, member={"enrolled": {"max_days": 3_650}})
    await put_programme(stack.database, document(rome, new))
    await at(stack, WHEN + 10 * DAY)
    ada = enrolment("1")
    await play(stack, ada, enrolment("2"))
    await play(stack, told("t-1", ada, birthday="02-29", attributes={"city": "rome", "dog": True}))
    await play(stack, purchase("R-1", 3_000, time=WHEN + DAY), purchase("R-9", 900, card="9", time=WHEN + DAY))
    assert [points for points, _ in await paid(stack)] == [1_037]
    await play(stack, told("t-2", ada, attributes={"city": "oslo", "dog": None}, add=[{"kind": "card", "value": "9"}]))
    assert [points for points, _ in await paid(stack)] == [1_037, 16], "claimed by whoever lives elsewhere by now"
    await play(stack, returned("T-1", "R-1", amount=1_000, time=WHEN + 2 * DAY))
    assert (await outcomes(stack))["T-1"] == ("reversed", None)
    (left,) = await stack.fetch("SELECT sum(remaining) AS points FROM ledger.lot")
    assert left["points"] == 1_027 + 16
    states = [tuple(row) for row in await stack.fetch(PROFILE)]
    assert states == [
        (1, False, 229, '{"dog": true, "city": "rome"}'),
        (2, True, 229, '{"city": "oslo"}'),
    ]
    await verified(stack)
