"""Members and their balances at instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from libs.contracts.identifiers import IdentifierNames
from tests.integration.gateway.conftest import NOW, SEAL_KEY, SetClock
from tests.integration.gateway.scribe import JULY, MemberScribe, Scribe
from tests.support.database import ACME, GLOBEX

JANUARY = datetime(2024, 1, 10, tzinfo=UTC)
FEBRUARY = datetime(2024, 2, 10, tzinfo=UTC)


async def wallet(
    client: httpx.AsyncClient, member: MemberScribe, at: datetime | None = None, known_at: datetime | None = None
) -> dict[str, Any]:
    given = {"at": at, "known_at": known_at}
    params = {name: instant.isoformat() for name, instant in given.items() if instant is not None}
    answer = await client.get(f"/v1/members/{member.member_id}", params=params)
    assert answer.status_code == 200, answer.text
    (only,) = answer.json()["wallets"]
    return dict(only)


async def test_a_member_is_shown_whole_and_masked(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member(tier="gold")
    await member.identify("card:98123456")
    await member.identify("nfc:12")
    await member.identify(IdentifierNames.from_seal_key(SEAL_KEY).of("phone", "+39061234567"))
    await member.credit(120, JANUARY)
    answer = await client.get(f"/v1/members/{member.member_id}")
    assert answer.json() == {
        "member_id": str(member.member_id),
        "programme": "main",
        "tier": "gold",
        "enrolled_at": "2024-01-08T09:12:00Z",
        "member_seq": 1,
        "as_of": "2024-03-02T10:00:00Z",
        "known_at": None,
        "identifiers": [
            {"kind": "card", "masked": "••••3456"},
            {"kind": "nfc", "masked": "••••2"},
            {"kind": "phone", "masked": "••••"},
        ],
        "wallets": [
            {
                "wallet": "points",
                "scale": 0,
                "available": 120,
                "spendable": 120,
                "pending": 0,
                "held": 0,
                "debt": 0,
                "debt_since": None,
                "lent": 0,
                "lent_repays_percent": None,
                "lent_due_at": None,
                "activations": [],
                "next_expiry": {
                    "at": "2024-06-30T22:00:00Z",
                    "last_day": "2024-06-30",
                    "zone": "Europe/Rome",
                    "points": 120,
                },
                "spared": [],
            }
        ],
        "tiers": [],
        "segments": [],
    }


async def test_a_new_member_has_every_wallet_at_zero(client: httpx.AsyncClient, scribe: Scribe) -> None:
    told = await wallet(client, await scribe.member())
    assert told["available"] == 0
    assert told["next_expiry"] is None


async def test_points_are_gone_at_the_very_boundary_without_any_sweep(
    client: httpx.AsyncClient, scribe: Scribe
) -> None:
    member = await scribe.member()
    await member.credit(100, JANUARY)
    await member.credit(7, FEBRUARY, expires_at=None)
    assert (await wallet(client, member, JULY - timedelta(microseconds=1)))["available"] == 107
    told = await wallet(client, member, JULY)
    assert told["available"] == 7
    assert told["next_expiry"] is None


async def test_the_past_of_points_that_were_active_when_they_came_from_another_member(
    client: httpx.AsyncClient, scribe: Scribe
) -> None:
    member = await scribe.member()
    waited = JANUARY + timedelta(days=14)
    await member.credit(50, JANUARY, active_from=waited, recorded_at=FEBRUARY, opened_by="transfer")
    assert (await wallet(client, member, FEBRUARY - timedelta(seconds=1)))["available"] == 0
    told = await wallet(client, member, FEBRUARY)
    assert (told["available"], told["pending"]) == (50, 0)


async def test_pending_points_become_available_by_their_date(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    await member.credit(50, FEBRUARY, active_from=NOW + timedelta(days=3))
    assert (await wallet(client, member))["pending"] == 50
    assert (await wallet(client, member))["available"] == 0
    assert (await wallet(client, member, NOW + timedelta(days=3)))["available"] == 50


async def test_points_of_a_till_whose_clock_runs_ahead_are_pending_not_lost(
    client: httpx.AsyncClient, scribe: Scribe
) -> None:
    member = await scribe.member()
    await member.credit(50, NOW + timedelta(minutes=3))
    for at in (None, NOW + timedelta(minutes=1)):
        told = await wallet(client, member, at)
        assert (told["available"], told["pending"]) == (0, 50)


async def test_a_past_instant_leaves_out_what_happened_since(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    first = await member.credit(100, JANUARY)
    second = await member.credit(40, FEBRUARY)
    await member.move("redeem", ("active", "redeemed"), FEBRUARY + timedelta(days=1), [(first, 100), (second, 5)])
    await member.move("hold", ("active", "held"), FEBRUARY + timedelta(days=2), [(second, 10)])
    told = await wallet(client, member)
    assert (told["available"], told["held"]) == (25, 10)
    told = await wallet(client, member, FEBRUARY + timedelta(days=1, hours=1))
    assert (told["available"], told["held"]) == (35, 0)
    assert (await wallet(client, member, FEBRUARY + timedelta(hours=1)))["available"] == 140
    assert (await wallet(client, member, JANUARY + timedelta(hours=1)))["available"] == 100
    assert (await wallet(client, member, JANUARY - timedelta(hours=1)))["available"] == 0


async def test_debt_is_shown_apart_and_blocks_spending(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    await member.credit(30, FEBRUARY)
    await member.move("reverse", ("debt", "reversed"), FEBRUARY, [], amount=20)
    told = await wallet(client, member)
    assert (told["available"], told["spendable"], told["debt"]) == (30, 0, 20)
    assert told["debt_since"] == "2024-02-10T00:00:00Z"
    told = await wallet(client, member, FEBRUARY - timedelta(hours=1))
    assert (told["debt"], told["debt_since"]) == (0, None)


async def test_pending_points_tell_their_dates(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    soon, later = NOW + timedelta(days=3), NOW + timedelta(days=5)
    await member.credit(50, FEBRUARY, active_from=later)
    await member.credit(20, FEBRUARY, active_from=soon)
    await member.credit(7, FEBRUARY, active_from=later)
    assert (await wallet(client, member))["activations"] == [
        {"at": "2024-03-05T10:00:00Z", "points": 20},
        {"at": "2024-03-07T10:00:00Z", "points": 57},
    ]
    told = await wallet(client, member, soon)
    assert (told["available"], told["pending"], len(told["activations"])) == (20, 57, 1)


async def test_an_activation_before_its_date_counts_from_then(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    lot = await member.credit(50, JANUARY, active_from=NOW + timedelta(days=30))
    await member.move("activate", ("pending", "active"), FEBRUARY, [(lot, 50)])
    for at, available, pending in ((None, 50, 0), (FEBRUARY, 50, 0), (FEBRUARY - timedelta(hours=1), 0, 50)):
        told = await wallet(client, member, at)
        assert (told["available"], told["pending"]) == (available, pending)


async def test_a_debt_is_repaid_by_what_becomes_active_recorded_or_not(
    client: httpx.AsyncClient, scribe: Scribe
) -> None:
    member = await scribe.member()
    await member.credit(50, JANUARY, active_from=NOW + timedelta(days=1))
    await member.move("reverse", ("debt", "reversed"), FEBRUARY, [], amount=20)
    told = await wallet(client, member, NOW + timedelta(days=2))
    assert (told["available"], told["debt"], told["spendable"]) == (30, 0, 30)
    told = await wallet(client, member)
    assert (told["available"], told["debt"], told["pending"]) == (0, 20, 50)


async def test_points_that_got_a_later_date_live_on(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    lot = await member.credit(50, JANUARY, expires_at=FEBRUARY)
    later = NOW + timedelta(days=10)
    await member.move("waive", ("active", "active"), FEBRUARY, [(lot, 50)], new_expiry=later)
    for at, available in ((None, 50), (later, 0), (FEBRUARY, 50), (FEBRUARY - timedelta(hours=1), 50)):
        assert (await wallet(client, member, at))["available"] == available


async def test_what_was_known_at_an_instant_leaves_out_what_was_learnt_later(
    client: httpx.AsyncClient, scribe: Scribe
) -> None:
    member = await scribe.member()
    learnt = FEBRUARY + timedelta(days=5)
    await member.credit(100, JANUARY)
    await member.credit(40, JANUARY, recorded_at=learnt)  # a till that was offline for a month
    await member.move(
        "reverse", ("active", "reversed"), FEBRUARY, [(1, 30)], recorded_at=learnt + timedelta(days=1), corrects=1
    )
    assert (await wallet(client, member, FEBRUARY))["available"] == 110
    assert (await wallet(client, member, FEBRUARY, FEBRUARY))["available"] == 100
    assert (await wallet(client, member, FEBRUARY, learnt))["available"] == 140
    assert (await wallet(client, member, JANUARY, learnt))["available"] == 140
    assert (await wallet(client, member, known_at=learnt))["available"] == 140
    assert (await wallet(client, member, NOW, learnt))["available"] == 140
    assert (await wallet(client, member, known_at=JANUARY - timedelta(days=1)))["available"] == 0
    answer = await client.get(f"/v1/members/{member.member_id}", params={"known_at": learnt.isoformat()})
    assert (answer.json()["as_of"], answer.json()["known_at"]) == ("2024-02-15T00:00:00Z", "2024-02-15T00:00:00Z")


async def test_the_clock_decides_what_now_is(client: httpx.AsyncClient, scribe: Scribe, clock: SetClock) -> None:
    member = await scribe.member()
    await member.credit(100, JANUARY)
    clock.instant = JULY
    assert (await wallet(client, member))["available"] == 0


async def test_a_member_is_found_by_an_exact_identifier_only(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    await member.identify("card:98123456")
    await member.identify(IdentifierNames.from_seal_key(SEAL_KEY).of("email", "ann@example.org"))
    expected = {"data": [{"programme": "main", "member_id": str(member.member_id)}]}
    for identifier in ("card:98123456", "email:ann@example.org"):
        assert (await client.get("/v1/members", params={"identifier": identifier})).json() == expected
    for identifier in ("card:9812345", "card:98123456 ", "nfc:98123456", "card:%"):
        assert (await client.get("/v1/members", params={"identifier": identifier})).json() == {"data": []}


async def test_somebody_elses_identifier_is_not_found(client: httpx.AsyncClient, scribe: Scribe) -> None:
    await (await scribe.member(GLOBEX)).identify("card:77")
    mine = await scribe.member(ACME)
    assert (await client.get("/v1/members", params={"identifier": "card:77"})).json() == {"data": []}
    await mine.identify("card:77")
    found = (await client.get("/v1/members", params={"identifier": "card:77"})).json()["data"]
    assert [one["member_id"] for one in found] == [str(mine.member_id)]


async def test_bad_instants_are_named(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    for text in ("yesterday", "2024-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "1700000000", "9999-12-31T23:59:59Z"):
        answer = await client.get(f"/v1/members/{member.member_id}", params={"at": text})
        assert answer.status_code == 422, text
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/query/at"]
