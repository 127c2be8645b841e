"""Points are spent through the door, by redemption as a process: held, redeemed, given back, never twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from cli.verify import check
from libs.contracts.redemption import PATH, Answer, Ask, door_token, read_answer, write
from libs.runtime.api_keys import SCOPES
from services.gateway.intake.idempotency import digest
from services.gateway.settings import GatewaySettings, RedemptionPart
from tests.integration.gateway.conftest import SEAL_KEY, MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import MemberScribe, Scribe
from tests.integration.gateway.till import fresh_key
from tests.support.database import ACME, GLOBEX, programme_document
from tests.support.programmes import put_programme
from tests.support.stack import Stack, Worker, until


@pytest.fixture
async def redemption(stack: Stack) -> Worker:
    """The service; the programme asks whether members have redeemed before."""
    untouched = {
        "id": "untouched",
        "name": "For newcomers",
        "state": "live",
        "when": {"member": {"history": [{"count": "redemptions", "max": 0}]}},
        "effect": {"kind": "fixed", "points": 5},
    }
    await put_programme(stack.database, programme_document(ACME) | {"campaigns": [untouched]})
    return await stack.start_ready("redemption")


@pytest.fixture
async def shop(settings: GatewaySettings, redemption: Worker, make_key: MakeKey) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a key of acme that may do everything, at a door that knows the service."""
    part = RedemptionPart(url=f"http://127.0.0.1:{redemption.port}", answers_within=timedelta(seconds=20))
    text, _ = await make_key()
    async with running(settings.model_copy(update={"redemption": part}), SetClock(datetime.now(UTC))) as client:
        client.headers.update(bearer(text))
        yield client


async def post(shop: httpx.AsyncClient, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await shop.post(f"/v1/redemptions{path}", json=body, headers=fresh_key() | headers)


async def made(shop: httpx.AsyncClient, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await post(shop, path, body, **headers)
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.json()
    return told


def lots(told: dict[str, Any]) -> list[tuple[int, int, int]]:
    return [(lot["lot"], lot["points"], lot["restored"]) for lot in told["lots"]]


async def rich(scribe: Scribe, *points: int, **options: Any) -> MemberScribe:
    """Somebody with lots of so many points, which lapse one after the other from tomorrow on."""
    member = await scribe.member(**options)
    now = datetime.now(UTC)
    for number, amount in enumerate(points, 1):
        await member.credit(amount, now - timedelta(days=9), expires_at=now + timedelta(days=number))
    return member


async def spendable(shop: httpx.AsyncClient, member: MemberScribe) -> int:
    told = (await shop.get(f"/v1/members/{member.member_id}")).json()
    return int(told["wallets"][0]["spendable"])


async def counted(stack: Stack) -> list[tuple[str, str]]:
    """What the histories of members hold."""
    rows = await stack.fetch("SELECT member_id::text, parts::text FROM earning.member_day")
    return [tuple(row) for row in rows]


async def sound(stack: Stack) -> None:
    """What `pointstream verify` checks, but for the events behind credits: the scribe writes none."""
    violated = {result.name: result.samples for result in await check(stack.database.dsn()) if result.violations}
    assert violated.keys() <= {"one-credit-per-event"}, violated


async def test_a_redemption_from_its_quote_to_its_end(
    shop: httpx.AsyncClient, scribe: Scribe, stack: Stack, make_key: MakeKey, redemption: Worker
) -> None:
    member = await rich(scribe, 50, 100, 30)
    await member.identify("card:98123456")
    whose = {"member_id": str(member.member_id)}
    answer = await shop.post("/v1/redemptions:quote", json={"identifier": "card:98123456", "points": 120})
    quote = answer.json()
    assert (quote["possible"], quote["spendable"], lots(quote)) == (True, 180, [(1, 50, 0), (2, 70, 0)])
    told = (await shop.post("/v1/redemptions:quote", json=whose | {"points": 181})).json()
    assert (told["possible"], told["reason"], told["lots"]) == (False, "insufficient-points", [])

    key = fresh_key()
    asked = whose | {"points": 120, "hold": True, "reference": "till-7"}
    held = await made(shop, "", asked, **key)
    assert (held["state"], held["reference"], lots(held)) == ("held", "till-7", lots(quote))
    assert await spendable(shop, member) == 60
    again = await post(shop, "", asked, **key)
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (201, held, "true")
    other = await post(shop, "", asked | {"points": 1}, **key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    path = f"/{held['redemption_id']}"
    put_off = await made(shop, f"{path}/extend", {})
    assert put_off["hold_until"] > held["hold_until"]
    assert (await post(shop, f"{path}/extend", {})).json()["code"] == "hold-extended"
    assert (await post(shop, f"{path}/commit", {"points": 121})).json()["code"] == "points-exceeded"

    redeemed = await made(shop, f"{path}/commit", {"points": 80})
    assert (redeemed["state"], redeemed["points"], lots(redeemed)) == ("redeemed", 80, [(1, 50, 0), (2, 30, 0)])
    assert await spendable(shop, member) == 100
    assert await counted(stack) == [(str(member.member_id), '{"redemptions": 1}')]
    await sound(stack)
    assert (await post(shop, f"{path}/release", {})).json()["code"] == "hold-ended"
    once = fresh_key()
    back = await made(shop, f"{path}/cancel", {"points": 40}, **once)
    assert (back["state"], back["restored"], lots(back)) == ("redeemed", 40, [(1, 50, 10), (2, 30, 30)])
    assert await made(shop, f"{path}/cancel", {"points": 40}, **once) == back, "given back once"
    assert (await post(shop, f"{path}/cancel", {"points": 41})).json()["code"] == "points-exceeded"
    ended = await made(shop, f"{path}/cancel", {"by": "operator"})
    assert (ended["state"], ended["lapsed"], await spendable(shop, member)) == ("cancelled", 0, 180)
    assert await counted(stack) == []

    shown = (await shop.get(f"/v1/redemptions{path}")).json()
    assert shown == ended | {"lapsed": None}
    listed = (await shop.get(f"/v1/members/{member.member_id}/redemptions?limit=1")).json()
    assert (listed["data"], listed["has_more"]) == ([shown], False)
    history = (await shop.get(f"/v1/members/{member.member_id}/history")).json()["data"]
    assert [each["kind"] for each in history][:6] == ["restore", "restore", "release", "commit", "hold", "credit"]

    async def published() -> bool:
        return len(await stack.events("loyalty.points")) >= 5

    await until(published, "every movement is told")
    events = [orjson.loads(record.value) for record in await stack.read("loyalty.points")]
    assert [event["memberseq"] for event in events] == [4, 5, 6, 7, 8]
    assert [event["type"].split(".")[3] for event in events] == ["held", "redeemed", "released", "restored", "restored"]
    assert {event["data"]["redemption_id"] for event in events} == {held["redemption_id"]}
    await sound(stack)
    await only_the_key_of_the_company_spends_its_points(shop, scribe, make_key, stack, redemption)


async def test_points_are_spent_once_whatever_runs_at_the_same_time(
    shop: httpx.AsyncClient, scribe: Scribe, stack: Stack, redemption: Worker
) -> None:
    """R-8, with holds that nobody ends: when their time is over, their points are free again."""
    member, owing = await rich(scribe, 30, 30, 30), await rich(scribe, 500)
    asked = {"member_id": str(member.member_id), "points": 5}
    answers = await asyncio.gather(*(post(shop, "", asked | {"hold": bool(n % 2)}) for n in range(40)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * 18 + [409] * 22
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"insufficient-points"}
    assert len({each.json()["redemption_id"] for each in answers if each.status_code == 201}) == 18
    held = [each.json() for each in answers if each.status_code == 201 and each.json()["state"] == "held"]

    same = fresh_key()
    whose = {"member_id": str(owing.member_id), "points": 7}
    repeats = await asyncio.gather(*(post(shop, "", whose, **same) for _ in range(10)))
    assert len({each.text for each in repeats}) == 1, "ten times the same request is one"
    assert await spendable(shop, owing) == 493

    await stack.fetch("UPDATE redemption.redemption SET hold_until = asked_at WHERE state = 'held'")

    async def over() -> bool:
        return await spendable(shop, member) == 5 * len(held)

    await until(over, "what was held is free again")
    assert held
    answer = await post(shop, f"/{held[0]['redemption_id']}/commit", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "hold-expired")
    await a_crash_around_the_commit_spends_once(scribe, stack, redemption)
    await sound(stack)


async def a_crash_around_the_commit_spends_once(scribe: Scribe, stack: Stack, redemption: Worker) -> None:
    """A process that dies before the commit has done nothing; behind it, another gives its answer."""
    member = await rich(scribe, 100)
    for point, replayed in (("before-commit", False), ("after-commit", True)):
        dying = await stack.start_ready("redemption", point, POINTSTREAM_FAIL_POINT=point)
        ask = Ask(
            "redeem", ACME.tenant_id, "till", key=digest(point), fingerprint=digest("the same"),
            programme_id=ACME.programme_id, member_id=member.member_id, points=30,
        )  # fmt: skip
        with pytest.raises(httpx.TransportError):
            await directly(dying, ask)
        answer = await directly(redemption, ask)
        assert (answer.refused, answer.replayed) == (None, replayed), point
    left = await stack.fetch("SELECT remaining FROM ledger.lot WHERE member_id = $1", member.member_id)
    assert [row[0] for row in left] == [40]

    async def published() -> bool:
        return sum(event["subject"] == str(member.member_id) for event in await stack.events("loyalty.points")) == 2

    await until(published, "what a dead process committed is told by another")


async def directly(worker: Worker, ask: Ask) -> Answer:
    """Ask the service as the gateway does."""
    headers = {"Authorization": f"Bearer {door_token(SEAL_KEY)}"}
    async with httpx.AsyncClient(timeout=30) as client:
        reply = await client.post(f"http://127.0.0.1:{worker.port}{PATH}", content=write(ask), headers=headers)
    assert reply.status_code == 200, reply.text
    return read_answer(reply.content)


async def only_the_key_of_the_company_spends_its_points(
    shop: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey, stack: Stack, redemption: Worker
) -> None:
    """Others find neither its members nor its redemptions, and the service answers nobody but the gateway."""
    ours, theirs = await rich(scribe, 10), await rich(scribe, 10, tenant=GLOBEX)
    answer = await post(shop, "", {"member_id": str(theirs.member_id), "points": 1})
    assert (answer.status_code, answer.json()["code"]) == (404, "member-unknown")
    asked = {"member_id": str(ours.member_id), "points": 1}
    told = await made(shop, "", asked)
    foreign, _ = await make_key(GLOBEX)
    for way in ("commit", "release", "extend", "cancel"):
        answer = await post(shop, f"/{told['redemption_id']}/{way}", {}, **bearer(foreign))
        assert (answer.status_code, answer.json()["code"]) == (404, "redemption-unknown"), way
    key = {"Idempotency-Key": "the same"}  # it counts for its own company alone, and is no longer than 255
    mine = await made(shop, "", asked | {"points": 2}, **key)
    other = await made(shop, "", {"member_id": str(theirs.member_id), "points": 3}, **key, **bearer(foreign))
    assert mine["redemption_id"] != other["redemption_id"]
    answer = await post(shop, "", asked, **{"Idempotency-Key": "k" * 256})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-invalid")
    spender, _ = await make_key(ACME, "points:spend")
    answer = await post(shop, f"/{told['redemption_id']}/cancel", {"by": "operator"}, **bearer(spender))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    reader, _ = await make_key(ACME, *sorted(set(SCOPES) - {"points:spend", "admin"}))
    for path in ("", *(f"/{told['redemption_id']}/{way}" for way in ("commit", "release", "extend", "cancel"))):
        answer = await post(shop, path, asked, **bearer(reader))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing"), path
        assert (await shop.post(f"/v1/redemptions{path}", json={})).status_code in (400, 422), "no key, nothing done"
    async with httpx.AsyncClient(timeout=60) as nobody:
        answer = await nobody.post(f"http://127.0.0.1:{redemption.port}/redemptions", json={"operation": "quote"})
        assert answer.status_code == 401, "the service knows the gateway alone"
    assert len(await stack.fetch("SELECT FROM redemption.redemption")) == 4, "these, and the one before"


async def test_without_the_service_nothing_is_spent(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await rich(scribe, 10)
    answer = await post(client, "", {"member_id": str(member.member_id), "points": 1})
    assert (answer.status_code, answer.json()["code"]) == (503, "redemption-away")
    assert answer.headers["retry-after"]
