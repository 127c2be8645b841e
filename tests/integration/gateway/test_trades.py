"""Points are bought, exchanged and donated by both ways on one database, once under a key; gifts, and one of three."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest

from cli.verify import check
from libs.contracts.choices import CREDENTIAL, choice_key
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Answer, Ask
from libs.contracts.samples import example
from libs.contracts.trades import TradeAsk
from services.gateway.door.problems import ProblemError
from services.gateway.redemptions.client import RedemptionClient
from services.gateway.settings import GatewaySettings
from services.redemption import choices, grants
from services.redemption.commands import digest
from services.redemption.gifts import gift_of
from services.redemption.handlers import Desk
from tests.integration.gateway.conftest import SEAL_KEY, MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import MemberScribe, Scribe
from tests.integration.gateway.test_quote import cart
from tests.integration.gateway.till import fresh_key
from tests.support.database import ACME, Database, programme_document
from tests.support.programmes import put_programme
from tests.support.rewards import WHAT
from tests.support.spending import traded
from tests.support.spending_lane import SpendingLane, open_desk
from tests.support.stack import until

TILL = "5f0a1d6e8b70190a"
TRADES = {
    "sale": {"rates": [{"points": 90, "minor": 100, "tiers": ["gold"]}, {"points": 100, "minor": 120}], "step": 10},
    "exchanges": [
        {
            "partner": "sky",
            "title": "Sky Miles",
            "gives": [{"points": 5, "units": 1}],
            "takes": [{"points": 4, "units": 1}],
        }
    ],
    "charities": [{"name": "reef", "title": "The Reef Fund", "points": 10, "minor": 5}],
    "pools": [{"name": "corals", "charity": "reef", "title": "Corals", "goal_points": 100}],
    "limits": [{"kinds": ["buy"], "period": "month", "points": 1000}],
    "lending": {
        "terms": [{"most": 110, "fee_percent": 10, "repays_percent": 50, "days": 30}],
        "min_points": 10,
        "step": 10,
    },
}

REWARDS = ["ebook", "film", "song"]
TREAT = {"name": "treat", "title": "A treat", "rewards": REWARDS, "within_days": 10}


@pytest.fixture
async def desk(database: Database, clock: SetClock) -> AsyncIterator[Desk]:
    untouched = {
        "id": "untouched",
        "name": "For whoever has never redeemed: a trade is no redemption that counts",
        "state": "live",
        "when": {"member": {"history": [{"count": "redemptions", "max": 0}]}},
        "effect": {"kind": "fixed", "points": 5},
    }
    await put_programme(
        database, programme_document(ACME) | {"trades": TRADES, "campaigns": [untouched], "choices": [TREAT]}
    )
    opened = await open_desk(database, clock, base64.b64encode(SEAL_KEY).decode())
    yield opened
    await opened.pool.close()


@pytest.fixture
async def shop(
    settings: GatewaySettings, desk: Desk, clock: SetClock, make_key: MakeKey, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a key of acme that may do everything; between door and redemption is no wire."""

    async def ask(_: RedemptionClient, asked: Ask) -> Answer:
        answer = await desk.serve(asked)
        if answer.refused is not None:
            raise ProblemError(answer.refused, answer.detail)
        return answer

    monkeypatch.setattr(RedemptionClient, "ask", ask)
    text, _ = await make_key()
    async with running(settings, clock) as client:
        client.headers.update(bearer(text))
        yield client


async def sound(database: Database) -> None:
    violated = {result.name: result.samples for result in await check(database.dsn()) if result.violations}
    assert violated.keys() <= {"one-credit-per-event", "published", "outbox-published"}, violated


async def test_a_key_trades_once_whichever_way_it_comes(desk: Desk, scribe: Scribe, database: Database) -> None:
    ann = await scribe.member()
    lane = await SpendingLane(desk).claim()

    def bought(points: int, paid: int) -> Ask:
        return Ask(
            "buy", 1, TILL, key=digest("k"), fingerprint=digest("path"), programme_id=1, member_id=ann.member_id,
            points=points, trade=TradeAsk(paid_minor=paid, payment="psp-1"),
        )  # fmt: skip

    first = await desk.serve(bought(500, 600))
    assert first.refused is None
    view = orjson.loads(bytes(first.body))
    again: dict[str, Any] = {"points": 500, "paid_minor": 600, "payment": "psp-1", "key": "k", "credential": TILL}
    applied = await lane.apply([
        traded("1", ann.member_id, "buy", **again),
        traded("2", ann.member_id, "donate", points=120, pool="corals"),
        traded("3", ann.member_id, "exchange_out", points=100, partner="sky"),
        traded("4", ann.member_id, "donate", points=300, charity="reef"),
        traded("5", ann.member_id, "buy", points=510, paid_minor=612),
        traded("2", ann.member_id, "donate", points=120, pool="corals"),
    ])  # fmt: skip
    assert applied.outcomes == {"replayed": 1, "donate": 1, "exchange_out": 1, "refused": 2, "repeated": 1}
    refused = [orjson.loads(event.value)["data"] for events in applied.events for event in events]
    assert [each["code"] for each in refused if "code" in each] == ["insufficient-points", "trade-limit"]
    assert (await desk.serve(bought(500, 600))).replayed
    # The answer is forgotten after a while; what was done under the key is not.
    await scribe.connection.execute("DELETE FROM redemption.request")
    repeated = await desk.serve(bought(500, 600))
    assert orjson.loads(bytes(repeated.body))["redemption_id"] == view["redemption_id"]
    left = "SELECT sum(remaining)::bigint FROM ledger.lot WHERE member_id = $1"
    assert await scribe.connection.fetchval(left, ann.member_id) == 500 - 120 - 100
    await sound(database)


async def test_what_is_offered_is_bought_told_and_receipted(
    shop: httpx.AsyncClient, desk: Desk, scribe: Scribe, database: Database
) -> None:
    member = await scribe.member(tier="gold")
    await member.identify("card:98123456")
    offered = (await shop.get(f"/v1/trade-offers?member_id={member.member_id}")).json()
    assert offered["sale"]["rate"] == {"points": 90, "other": 100}
    whose = {"identifier": "card:98123456"}

    async def post(path: str, body: dict[str, Any]) -> httpx.Response:
        return await shop.post(f"/v1/{path}", json=whose | body, headers=fresh_key())

    wrong = await post("point-purchases", {"points": 90, "paid_minor": 99})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "price-differs")
    assert "100" in wrong.json()["detail"]
    bought = await post("point-purchases", {"points": 90, "paid_minor": 100, "currency": "EUR", "payment": "psp-7"})
    assert bought.status_code == 201, bought.text
    assert bought.json()["trade"]["other"] == 100
    assert (await shop.get(bought.headers["location"])).json()["trade"] == bought.json()["trade"]
    assert (await post("point-purchases", {"points": 95, "paid_minor": 106})).json()["code"] == "trade-step"
    came = await post("point-exchanges", {"partner": "sky", "units": 10})
    assert (came.status_code, came.json()["trade"]["points"]) == (201, 40)
    given = await post("donations", {"pool": "corals", "points": 60})
    assert (given.json()["points"], given.json()["lots"][0]["points"]) == (60, 60)
    assert (await post("donations", {"points": 1})).status_code == 422

    pool = (await shop.get("/v1/trade-offers")).json()["pools"][0]
    assert (pool["given"], pool["reached_percent"]) == ({"donations": 1, "points": 60, "worth_minor": 30}, 60)
    path = f"/v1/donations/{given.json()['redemption_id']}/receipt"
    receipt = (await shop.get(path, headers={"Accept-Language": "de"})).json()
    assert receipt["charity_title"] == "The Reef Fund"
    assert receipt["words"].startswith(f"Beleg {receipt['number']}: Am ")
    assert "0,30" in receipt["words"]
    assert (await shop.get(f"/v1/donations/{UUID(int=7)}/receipt")).json()["code"] == "donation-unknown"
    history = (await shop.get(f"/v1/members/{member.member_id}/history")).json()["data"]
    assert [each["words"] for each in history] == [
        "Points were donated to reef", "Points came from the programme sky", "Points were bought"
    ]  # fmt: skip
    cancelled = await shop.post(f"/v1/redemptions/{given.json()['redemption_id']}/cancel", json={}, headers=fresh_key())
    assert cancelled.json()["code"] == "trade-final"
    await sound(database)


WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'pointstream_redemption' AND wait_event_type = 'Lock'
"""


async def test_however_many_ask_at_once_no_more_is_lent_than_the_cap(
    desk: Desk, scribe: Scribe, database: Database
) -> None:
    ann = await scribe.member()
    gate = await asyncpg.connect(database.dsn())
    held = gate.transaction()
    await held.start()
    await gate.execute("SELECT FROM ledger.member WHERE member_id = $1 FOR UPDATE", ann.member_id)
    asks = [
        Ask("lend", 1, TILL, key=digest(f"loan-{number}"), programme_id=1, member_id=ann.member_id, points=50,
            trade=TradeAsk())
        for number in range(3)
    ]  # fmt: skip
    asked = [asyncio.create_task(desk.serve(ask)) for ask in asks]

    async def waiting() -> bool:
        return bool(await scribe.connection.fetchval(WAITING) == len(asks))

    await until(waiting, "all of them wait for the member")
    await held.rollback()
    await gate.close()
    answers = await asyncio.gather(*asked)
    assert sorted(each.refused or "" for each in answers) == ["", "", "loan-limit"]
    lent = "SELECT amount, lent, share FROM ledger.debt WHERE member_id = $1"
    assert tuple(await scribe.connection.fetchrow(lent, ann.member_id)) == (0, 110, 50)
    again = await asyncio.gather(*[desk.serve(ask) for ask in asks])
    assert sorted(each.replayed for each in again) == [False, True, True]
    await sound(database)


async def test_a_loan_is_quoted_lent_shown_spent_and_owed_once_it_is_due(
    shop: httpx.AsyncClient, desk: Desk, scribe: Scribe, database: Database
) -> None:
    member = await scribe.member()
    whose = {"member_id": str(member.member_id)}

    async def post(path: str, **body: Any) -> httpx.Response:
        return await shop.post(f"/v1/{path}", json=whose | body, headers=fresh_key())

    async def wallet() -> dict[str, Any]:
        (found,) = (await shop.get(f"/v1/members/{member.member_id}")).json()["wallets"]
        return dict(found)

    offered = (await shop.get(f"/v1/trade-offers?member_id={member.member_id}")).json()["loan"]
    assert (offered["most"], offered["fee_percent"], offered["days"]) == (110, 10, 30)
    quoted = (await post("point-loans/quote", points=100)).json()
    assert (quoted["possible"], quoted["fee"], quoted["left"], quoted["lent"]) == (True, 10, 100, 0)
    lent = await post("point-loans", points=100)
    assert lent.status_code == 201, lent.text
    assert (lent.json()["trade"]["other"], lent.json()["trade"]["due_at"]) == (110, quoted["due_at"])
    assert (await shop.get(lent.headers["location"])).json()["trade"] == lent.json()["trade"]
    more = (await post("point-loans/quote", points=10)).json()
    assert (more["possible"], more["reason"], more["left"]) == (False, "loan-limit", 0)
    assert (await post("point-exchanges", partner="sky", points=10)).json()["code"] == "loan-open"
    now = await wallet()
    assert (now["spendable"], now["debt"], now["lent"], now["lent_due_at"]) == (100, 0, 110, quoted["due_at"])
    tea = {"line": 1, "sku": "tea", "quantity": 1, "amount_minor": 500}
    (foreseen,) = (await shop.post("/v1/quote", json=cart(tea, **whose))).json()["balances"]
    assert (foreseen["after"]["lent"], foreseen["after"]["available"]) == (107, 102), "half of 5 points repays"
    bought = await post("point-purchases", points=50, paid_minor=60)
    assert bought.status_code == 201, bought.text
    assert ((await wallet())["lent"], (await wallet())["spendable"]) == (85, 125)
    assert (await post("redemptions", points=100)).status_code == 201
    path = f"/v1/members/{member.member_id}"
    german = (await shop.get(f"{path}/expiry?lang=de")).json()["wallets"][0]["words"]
    assert german[0].startswith("85 Punkte sind Ihnen geliehen: 50 % von allem")
    link = (await shop.post(f"{path}/pages")).json()["path"]
    assert "85 points are lent to you: 50 % of what you earn next" in (await shop.get(f"{link}?lang=en")).text
    words = [each["words"] for each in (await shop.get(f"{path}/history")).json()["data"]]
    assert words == [
        "Points were redeemed", "A debt was paid with points", "Points were bought",
        "Points were lent", "A fee for lent points is to be repaid", "Lent points are to be repaid",
    ]  # fmt: skip
    desk.clock.instant += timedelta(days=31)  # type: ignore[attr-defined]  # one that tests set
    owed = await wallet()
    assert (owed["spendable"], owed["debt"], owed["lent"], owed["lent_due_at"]) == (0, 60, 0, None)
    assert (await post("redemptions", points=1)).json()["code"] == "in-debt"
    assert (await post("point-loans", points=10)).json()["code"] == "in-debt"
    assert (await post("point-purchases", points=80, paid_minor=96)).status_code == 201
    assert ((await wallet())["debt"], (await wallet())["spendable"]) == (0, 20)
    history = (await shop.get(f"{path}/history")).json()["data"]
    assert "Lent points fell due, and are owed" in [each["words"] for each in history]
    await sound(database)


def granted(member: UUID, name: str, kind: str = "granted", reference: str = "treat") -> bytes:
    """A campaign gives a member a treat, or takes it back."""
    event = orjson.loads(example(f"reward.{kind}.v1", "full"))
    data = {"member_id": str(member), "kind": "reward", "reference": reference, "quantity": 1, "campaign": "quiz"}
    return orjson.dumps(event | {"id": name, "tenant": "acme", "programme": "main", "data": event["data"] | data})


async def hear(desk: Desk, member: MemberScribe, name: str, kind: str = "granted", reference: str = "treat") -> None:
    value = granted(member.member_id, name, kind, reference)
    gift = gift_of(f"org.pointstream.reward.{kind}.v1", value)
    assert gift is not None
    await grants.take(desk, gift, asyncio.Event())


async def fill_catalogue(shop: httpx.AsyncClient) -> None:
    for reference in REWARDS:
        document = {
            "category": "treats",
            "what": {"kind": "digital", **WHAT["digital"][0]},
            "texts": {"en": {"title": reference}},
            "prices": [{"name": "standard", "points": 10}],
        }
        put = await shop.put(
            f"/v1/rewards/{reference}/document", json={"reward": document}, headers={"If-None-Match": "*"}
        )
        assert put.status_code == 200, put.text


async def test_one_of_three_benefits_is_chosen_once(
    shop: httpx.AsyncClient, desk: Desk, scribe: Scribe, database: Database
) -> None:
    member = await scribe.member()
    await fill_catalogue(shop)
    for name in ("g-1", "g-1", "g-2", "g-3"):  # the first comes twice
        await hear(desk, member, name)
    path = f"/v1/members/{member.member_id}/choices"

    async def choices() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = (await shop.get(path)).json()["data"]
        return told

    async def choose(choice: dict[str, Any], reward: str) -> httpx.Response:
        return await shop.post(f"{path}/{choice['choice_id']}", json={"reward": reward}, headers=fresh_key())

    one, other, late = await choices()
    assert (one["state"], one["rewards"]) == ("open", REWARDS)
    assert (await choose(one, "car")).json()["code"] == "choice-differs"
    chosen = await choose(one, "film")
    assert (chosen.status_code, chosen.json()["points"]) == (201, 0), chosen.text
    assert chosen.json()["order"]["usable"], "an electronic reward can be used at once"
    assert (await choose(one, "film")).headers["idempotency-replayed"] == "true"
    assert (await choose(one, "song")).json()["code"] == "choice-made"
    both = await asyncio.gather(choose(other, "song"), choose(other, "ebook"))
    assert sorted(each.status_code for each in both) == [201, 409]
    desk.clock.instant += timedelta(days=11)  # type: ignore[attr-defined]  # one that tests set
    assert (await choose(late, "film")).json()["code"] == "choice-over"
    assert [each["state"] for each in await choices()] == ["chosen", "chosen", "over"]
    for _ in range(2):  # the word that takes one back comes twice
        await hear(desk, member, "r-1", "revoked")
    taken = "SELECT count(*) FROM redemption.choice WHERE revoked_at IS NOT NULL"
    assert await scribe.connection.fetchval(taken) == 1
    orders = (await shop.get(f"/v1/members/{member.member_id}/orders")).json()["data"]
    assert len(orders) == 2
    await sound(database)


async def test_a_gift_that_is_taken_back_takes_no_other_along(
    shop: httpx.AsyncClient, desk: Desk, scribe: Scribe, database: Database
) -> None:
    member = await scribe.member()
    await fill_catalogue(shop)
    for name in ("g-1", "g-2", "g-3"):
        await hear(desk, member, name, reference="song")

    async def states() -> list[str]:
        told = (await shop.get(f"/v1/members/{member.member_id}/orders")).json()["data"]
        return sorted(each["state"] for each in told)

    for _ in range(3):
        await hear(desk, member, "r-1", "revoked", "song")
    assert await states() == ["cancelled", "issued", "issued"]
    await hear(desk, member, "r-2", "revoked", "song")
    assert await states() == ["cancelled", "cancelled", "issued"]
    await sound(database)


async def test_a_choice_that_is_taken_back_becomes_no_order(
    shop: httpx.AsyncClient, desk: Desk, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await scribe.member()
    await fill_catalogue(shop)
    await hear(desk, member, "g-1")
    (one,) = (await shop.get(f"/v1/members/{member.member_id}/choices")).json()["data"]
    key = choice_key(UUID(one["choice_id"]))
    ask = Ask(
        "grant", 1, CREDENTIAL, key=key, fingerprint=key, programme_id=1, member_id=member.member_id,
        order=OrderAsk(reward="film", quantity=1, campaign="quiz", cause="c-1"),
    )  # fmt: skip
    monkeypatch.setattr(choices, "of", lambda *_: None)  # the programme's next version has no such choice any more
    await hear(desk, member, "r-1", "revoked")
    assert (await desk.serve(ask)).refused == "choice-over", "the door had looked before it was taken back"
    assert not (await shop.get(f"/v1/members/{member.member_id}/orders")).json()["data"]


async def test_what_was_won_goes_to_whom_the_winner_was_merged_into(
    shop: httpx.AsyncClient, desk: Desk, scribe: Scribe
) -> None:
    winner, survivor = await scribe.member(), await scribe.member()
    await fill_catalogue(shop)
    await scribe.connection.execute(
        """
        INSERT INTO members.merge (tenant_id, programme_id, member_id, number, survivor_id, leads_to, passed, debts,
                                   identifiers, counters, cause, merged_at)
        VALUES (1, 1, $1, 1, $2, $2, '[]', '{}', '{}', '[]', $1, now())
        """,
        winner.member_id, survivor.member_id,
    )  # fmt: skip
    await scribe.connection.execute("UPDATE ledger.member SET merged = true WHERE member_id = $1", winner.member_id)
    for _ in range(2):
        await hear(desk, winner, "g-1", reference="song")
    (order,) = (await shop.get(f"/v1/members/{survivor.member_id}/orders")).json()["data"]
    assert (order["reference"], order["state"]) == ("song", "issued")
