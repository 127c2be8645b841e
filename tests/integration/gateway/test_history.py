"""A member's history: complete, newest first, and stable while points are being booked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.runtime.keys import event_key
from services.gateway.door.cursors import Cursors, Place
from tests.integration.gateway.conftest import SEAL_KEY
from tests.integration.gateway.scribe import MemberScribe, Scribe, decision, receipt
from tests.support.database import ACME, GLOBEX

START = datetime(2024, 2, 1, 12, tzinfo=UTC)


async def page(client: httpx.AsyncClient, member: MemberScribe, **params: Any) -> httpx.Response:
    answer = await client.get(f"/v1/members/{member.member_id}/history", params=params)
    assert answer.status_code == 200, answer.text
    return answer


def name_of(entry: dict[str, Any]) -> str:
    if entry["type"] == "movement":
        return str(entry["seq"])
    return f"unpaid {entry['receipt']['id'] if entry['receipt'] else ''}".strip()


async def walk(client: httpx.AsyncClient, member: MemberScribe, limit: int) -> list[str]:
    names: list[str] = []
    answer = await page(client, member, limit=limit)
    while True:
        body = answer.json()
        names += [name_of(entry) for entry in body["data"]]
        assert body["has_more"] == (body["next_cursor"] is not None) == ("next" in answer.links)
        if not body["has_more"]:
            return names
        answer = await client.get(answer.links["next"]["url"])
        assert answer.status_code == 200


async def busy_member(scribe: Scribe) -> tuple[MemberScribe, list[str]]:
    """Somebody with credits, a redemption and receipts without points; and the names of it all, newest first."""
    member = await scribe.member()
    expected: list[str] = []
    for step in range(12):
        at = START + timedelta(minutes=step)
        key = event_key(ACME.source, f"R-{step}")
        if step % 3 == 0:
            await member.unpaid(key, at)
            await scribe.page([decision(ACME.source, f"R-{step}", receipt(40), at, member_id=member.member_id)])
            expected.insert(0, f"unpaid R-{step}")
        elif step == 7:
            expected.insert(0, str(await member.move("redeem", ("active", "redeemed"), at, [(1, 5)])))
        else:
            seq = await member.credit(10, at, cause=key)
            bought = receipt(1000)
            await scribe.page([decision(ACME.source, f"R-{step}", bought, at, member_id=member.member_id, lot=seq)])
            expected.insert(0, str(seq))
    return member, expected


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 200])
async def test_pages_of_any_size_give_everything_once(client: httpx.AsyncClient, scribe: Scribe, limit: int) -> None:
    member, expected = await busy_member(scribe)
    assert await walk(client, member, limit) == expected


async def test_several_receipts_without_points_after_one_movement(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    await member.credit(10, START)
    for step in range(6):
        # Keys fall while times rise, and two share an instant: the order is that of time, then of keys.
        await member.unpaid(UUID(int=100 - step), START + timedelta(minutes=step // 2))
    answer = await page(client, member)
    assert len(answer.json()["data"]) == 7
    for limit in (1, 2, 4):
        assert await walk(client, member, limit) == ["unpaid"] * 6 + ["1"]


async def test_reading_on_neither_skips_nor_repeats_while_points_are_booked(
    client: httpx.AsyncClient, scribe: Scribe
) -> None:
    member, expected = await busy_member(scribe)
    names: list[str] = []
    cursor: str | None = None
    for step in range(100):
        params = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
        body = (await page(client, member, **params)).json()
        names += [name_of(entry) for entry in body["data"]]
        cursor = body["next_cursor"]
        at = START + timedelta(hours=1, minutes=step)
        await member.unpaid(UUID(int=step), at)
        await member.credit(1, at)
        if cursor is None:
            break
    assert names == expected


async def test_a_credit_tells_its_receipt_and_its_lot(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    source, event_id = "/acme/pos/12/3", "R 1/a"
    seq = await member.credit(45, START, cause=event_key(source, event_id))
    bought = decision(source, event_id, receipt(4510), START, member_id=member.member_id, lot=seq)
    await scribe.page([decision(ACME.source, "other", receipt(100), START), bought])
    (entry,) = (await page(client, member)).json()["data"]
    assert entry == {
        "type": "movement",
        "seq": 1,
        "kind": "credit",
        "words": "Points were credited",
        "wallet": "points",
        "points": 45,
        "amount": 45,
        "from_account": "issued",
        "to_account": "active",
        "effective_at": "2024-02-01T12:00:00Z",
        "recorded_at": "2024-02-01T12:00:01Z",
        "corrects": None,
        "spared_by": None,
        "spared_as": None,
        "lots": [{"lot": 1, "points": 45, "expires_at": "2024-06-30T22:00:00Z"}],
        "receipt": {
            "kind": "purchase.completed",
            "source": source,
            "id": event_id,
            "number": "000123",
            "href": "/v1/receipts/acme/pos/12/3/R%201%2Fa",
        },
        "redemption": None,
    }
    followed = await client.get(entry["receipt"]["href"])
    assert followed.status_code == 200
    assert followed.json()["lots"][0]["lot"] == seq


async def test_movements_are_signed_by_what_they_do_to_the_member(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    lot = await member.credit(50, START)
    await member.move("hold", ("active", "held"), START, [(lot, 20)])
    await member.move("commit", ("held", "redeemed"), START, [(lot, 20)])
    await member.move("reverse", ("debt", "reversed"), START, [], amount=7)
    entries = (await page(client, member)).json()["data"]
    assert [(entry["kind"], entry["points"]) for entry in entries] == [
        ("reverse", -7),
        ("commit", -20),
        ("hold", 0),
        ("credit", 50),
    ]
    assert entries[1]["lots"] == [{"lot": 1, "points": 20, "expires_at": "2024-06-30T22:00:00Z"}]


async def test_every_kind_of_movement_is_told_in_words(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    lot = await member.credit(50, START, active_from=START + timedelta(days=30))
    await member.move("activate", ("pending", "active"), START, [(lot, 50)])
    await member.move("reverse", ("active", "reversed"), START, [(lot, 5)], corrects=lot)
    await member.move("reverse", ("debt", "reversed"), START, [], amount=7, corrects=lot)
    given = await member.credit(20, START, opened_by="adjust")
    await member.move("repay", ("active", "debt"), START, [(given, 7)])
    await member.move("adjust", ("active", "adjusted"), START, [(given, 3)])
    await member.move("expire", ("active", "expired"), START, [(lot, 45)])
    entries = (await page(client, member)).json()["data"]
    assert [(entry["kind"], entry["points"], entry["words"]) for entry in reversed(entries)] == [
        ("credit", 50, "Points were credited and become active later"),
        ("activate", 0, "Pending points became active"),
        ("reverse", -5, "Points were taken back because the purchase came back"),
        ("reverse", -7, "Points were taken back that were no longer there, and are owed"),
        ("adjust", 20, "Points were given by a person"),
        ("repay", 0, "A debt was paid with points"),
        ("adjust", -3, "Points were taken by a person"),
        ("expire", -45, "Points lapsed"),
    ]
    assert [entry["corrects"] for entry in entries if entry["kind"] == "reverse"] == [lot, lot]


async def test_a_history_ends_where_it_is_told_to(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    late = START + timedelta(days=2)
    await member.credit(1, START)
    await member.credit(2, START + timedelta(days=1))
    await member.credit(3, START, recorded_at=late)
    await member.unpaid(UUID(int=9), late)

    async def seqs(**params: datetime) -> list[str]:
        given = {name: instant.isoformat() for name, instant in params.items()}
        return [name_of(entry) for entry in (await page(client, member, **given)).json()["data"]]

    assert await seqs() == ["unpaid", "3", "2", "1"]
    assert await seqs(at=START) == ["3", "1"]
    assert await seqs(known_at=START + timedelta(days=1, hours=1)) == ["2", "1"]
    assert await seqs(at=START, known_at=START + timedelta(days=1)) == ["1"]
    assert await seqs(at=late, known_at=late) == ["unpaid", "3", "2", "1"]
    first = await page(client, member, limit=1, known_at=late.isoformat())
    assert name_of((await client.get(first.links["next"]["url"])).json()["data"][0]) == "3"
    cursor = first.json()["next_cursor"]
    answer = await client.get(f"/v1/members/{member.member_id}/history", params={"cursor": cursor})
    assert answer.json()["code"] == "cursor-invalid"


async def test_a_receipt_without_points_says_why(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    late = decision(
        ACME.source, "R-9", receipt(40), START, member_id=member.member_id, outcome="awaiting_operator",
        reason="period-closed",
    )  # fmt: skip
    await member.unpaid(late.key, START, "awaiting_operator")
    await scribe.page([late])
    (entry,) = (await page(client, member)).json()["data"]
    assert (entry["type"], entry["outcome"], entry["reason"], entry["points"], entry["after_seq"]) == (
        "unpaid_receipt", "awaiting_operator", "period-closed", 0, 0,
    )  # fmt: skip


async def test_an_entry_whose_page_is_gone_is_still_shown(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    await member.credit(5, START)
    (entry,) = (await page(client, member)).json()["data"]
    assert entry["receipt"] is None


async def test_only_cursors_of_this_very_list_are_taken(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member, _ = await busy_member(scribe)
    other = await scribe.member()
    cursor = (await page(client, member, limit=2)).json()["next_cursor"]
    forged = Cursors(b"another key").write(Place(3), f"history 1 1 {member.member_id}")
    foreign = Cursors.from_seal_key(SEAL_KEY).write(Place(3), f"history 2 1 {member.member_id}")
    changed = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for bad in ("", "x", "é", cursor[:-4], changed, forged, foreign):
        answer = await client.get(f"/v1/members/{member.member_id}/history", params={"cursor": bad})
        assert answer.status_code == 400, bad
        assert answer.json()["code"] == "cursor-invalid"
    answer = await client.get(f"/v1/members/{other.member_id}/history", params={"cursor": cursor})
    assert answer.json()["code"] == "cursor-invalid"


async def test_limits_are_held(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member(GLOBEX)
    for limit in ("0", "201", "x"):
        answer = await client.get(f"/v1/members/{member.member_id}/history", params={"limit": limit})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/query/limit"
