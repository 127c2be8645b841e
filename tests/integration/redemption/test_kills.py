"""Redemption is killed between what it does and what it tells: nothing is done twice, nothing is told of nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest

from cli.verify import check
from libs.catalogue import postgres as catalogue
from libs.catalogue.reward import parse_reward
from libs.codes import postgres as codes
from libs.codes.keeping import CodeKeeper
from libs.codes.rules import Order, PoolRules
from libs.contracts import carts as wire_carts
from libs.contracts import codes as wire_codes
from libs.contracts import gift_cards as wire_cards
from libs.contracts import redemption as wire
from libs.contracts.carts import CartAsk, CartCard, CartCode, CartPoints
from libs.contracts.codes import CodeAsk, read_value_answer
from libs.contracts.gift_cards import CardAsk
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Ask, door_token, read_answer
from libs.runtime.keys import receipt_key
from services.redemption.deciding import RequestName, id_of
from tests.integration.gateway.scribe import Scribe
from tests.integration.redemption.stores import SCOPE, SEAL_KEY, keyed
from tests.support.database import ACME, programme_document
from tests.support.programmes import put_programme
from tests.support.rewards import MUG
from tests.support.stack import Stack, Worker, until

PAYMENT = {"payment": {"rates": [{"points": 1, "minor": 1}]}}
TOLD = {
    "points.held.v1": 2, "points.redeemed.v1": 3, "points.released.v1": 1, "points.restored.v1": 1,
    "reward.redeemed.v1": 1, "code.redeemed.v1": 2, "code.returned.v1": 1,
    "gift_card.issued.v1": 1, "gift_card.used.v1": 2, "gift_card.refunded.v1": 1,
}  # fmt: skip
"""What is told of everything that `Till.steps` asks for, once each."""
LEFT = "SELECT (remaining - held)::int, held::int FROM ledger.lot_now WHERE remaining > 0"
USES = "SELECT uses FROM redemption.code ORDER BY number"
MONEY = "SELECT balance_minor FROM redemption.gift_card"
SHELF = "SELECT free, reserved FROM redemption.stock"


@dataclass
class Till:
    """A member with 500 points, two codes, a card with 10.00 and three mugs; and what is asked with them."""

    stack: Stack
    member: UUID
    codes: list[UUID]
    card: UUID | None = None

    async def ask(self, worker: Worker, path: str, ask: Any) -> Any:
        """Ask a worker as the gateway does."""
        headers = {"Authorization": f"Bearer {door_token(SEAL_KEY)}"}
        async with httpx.AsyncClient(timeout=60) as client:
            sent = msgspec.json.encode(ask)
            reply = await client.post(f"http://127.0.0.1:{worker.port}{path}", content=sent, headers=headers)
        assert reply.status_code == httpx.codes.OK, reply.text
        return (read_answer if path == wire.PATH else read_value_answer)(reply.content)

    def steps(self) -> list[tuple[str, Any]]:
        """All that is asked, one after the other, each with its page."""
        till: dict[str, Any] = {"tenant_id": SCOPE[0], "credential": "till"}
        whose: dict[str, Any] = {"programme_id": SCOPE[1], "member_id": self.member}
        held = id_of(RequestName(SCOPE[0], "till", "hold", keyed("hold")["key"]))
        used = id_of(RequestName(SCOPE[0], "till", "code-redeem", keyed("use")["key"]))
        mug = OrderAsk("mug", 1, answers={"variant": "blue", "pick_up_at": "12"})
        total = 1_000
        assert self.card is not None
        cart = CartAsk(
            "hold", **till, **keyed("cart"), **whose, receipt_key=receipt_key(*SCOPE, "1", "R-1"), receipt_number="R-1",
            store="1", currency="EUR", total_minor=total, order=Order(total, "EUR", "1"), told=msgspec.Raw(b"{}"),
            codes=(CartCode(self.codes[1], "spring", 0),), cards=(CartCard(self.card, 200),),
            points=CartPoints(50, 50, total),
        )  # fmt: skip
        card: dict[str, Any] = till | {"card_id": self.card}
        return [
            (wire.PATH, Ask("hold", **till, **keyed("hold"), **whose, points=100)),
            (wire.PATH, Ask("commit", **till, **keyed("commit"), redemption_id=held, points=60)),
            (wire.PATH, Ask("cancel", **till, **keyed("cancel"), redemption_id=held, points=20)),
            (wire.PATH, Ask("redeem", **till, **keyed("redeem"), **whose, points=30)),
            (wire.PATH, Ask("redeem", **till, **keyed("order"), **whose, order=mug)),
            (wire_codes.PATH, CodeAsk("redeem", **till, **keyed("use"), **whose, code_id=self.codes[0])),
            (wire_codes.PATH, CodeAsk("return", **till, **keyed("return"), use_id=used)),
            (wire_cards.PATH, CardAsk("use", **card, **keyed("pay"), amount_minor=300)),
            (wire_cards.PATH, CardAsk("refund", **card, **keyed("refund"), of_seq=2, amount_minor=100)),
            (wire_carts.PATH, cart),
        ]

    async def with_card(self, worker: Worker) -> None:
        """Issue the card."""
        told: dict[str, Any] = {"programme_id": SCOPE[1], "amount_minor": 1_000, "currency": "EUR"}
        issued = await self.ask(worker, wire_cards.PATH, CardAsk("issue", SCOPE[0], "till", **keyed("issue"), **told))
        self.card = UUID(msgspec.json.decode(issued.body)["card_id"])

    async def ended(self) -> None:
        """Everything was done once, and is told once, whoever did it."""
        assert [tuple(row) for row in await self.stack.fetch(LEFT)] == [(500 - 40 - 30 - 300 - 50, 50)]
        assert [row[0] for row in await self.stack.fetch(USES)] == [0, 1]
        assert [row[0] for row in await self.stack.fetch(MONEY)] == [1_000 - 300 + 100 - 200]
        assert [tuple(row) for row in await self.stack.fetch(SHELF)] == [(2, 0)]

        async def told() -> bool:
            return sum((await self.told()).values()) >= sum(TOLD.values())

        await until(told, "all of it is told")
        assert await self.told() == TOLD
        found = {each.name: each.samples for each in await check(self.stack.database.dsn()) if each.violations}
        assert found.keys() <= {"one-credit-per-event"}, found

    async def told(self) -> Counter[str]:
        """What is told, each event once however often it was sent; what was sent again is the same."""
        first: dict[object, dict[str, object]] = {}
        for topic in ("loyalty.points", "loyalty.rewards"):
            for event in await self.stack.events(topic):
                assert first.setdefault(event["id"], event) == event
        return Counter(str(event["type"]).removeprefix("org.pointstream.") for event in first.values())


@pytest.fixture
async def till(stack: Stack) -> Till:
    await put_programme(stack.database, programme_document(ACME) | PAYMENT)
    operator = await asyncpg.connect(stack.database.dsn())
    now = datetime.now(UTC)
    member = await Scribe(operator).member()
    await member.credit(500, now - timedelta(days=9), expires_at=None)
    assert await catalogue.put_reward(operator, SCOPE, parse_reward(MUG | {"reference": "mug"}), 1, "eva", now)
    await catalogue.set_stock(operator, SCOPE, "mug", "", to=3, by=None)
    await codes.make_pool(operator, SCOPE, "spring", "coupon", None, PoolRules(), now)
    pool = await codes.load_pool(operator, SCOPE, "spring")
    assert pool is not None
    kept = [CodeKeeper.from_seal_key(SEAL_KEY).close(SCOPE[0], f"SPRING-{number}") for number in range(2)]
    await codes.add(operator, SCOPE[0], pool.pool_id, kept, now)
    await operator.close()
    return Till(stack, member.member_id, [each.code_id for each in kept])


async def died(worker: Worker) -> None:
    """Wait until a worker is dead."""

    async def so() -> bool:
        return worker.process.poll() is not None

    await until(so, f"{worker.name} was killed with something in hand", seconds=90)


@pytest.mark.slow
@pytest.mark.parametrize("point", ["before-commit", "after-commit"])
async def test_killed_around_each_commit_it_is_done_once(till: Till, point: str) -> None:
    """Whatever is asked for, a worker dies with it in hand, and another is asked for the same."""
    steady = await till.stack.start_ready("redemption", "steady")
    await till.with_card(steady)
    for number, (path, ask) in enumerate(till.steps()):
        dying = await till.stack.start_ready("redemption", f"dying-{number}", POINTSTREAM_FAIL_POINT=point)
        with pytest.raises(httpx.TransportError):
            await till.ask(dying, path, ask)
        await died(dying)
        answer = await till.ask(steady, path, ask)
        assert answer.refused is None, (ask, answer)
        assert path == wire_carts.PATH or answer.replayed == (point == "after-commit"), ask
        assert (await till.ask(steady, path, ask)).replayed
    await till.ended()


@pytest.mark.slow
async def test_killed_between_sending_and_noting_it_tells_the_same_again(till: Till) -> None:
    """One dies behind what it has sent, the next one with what is left in hand; the third tells all of it."""
    first = await till.stack.start_ready("redemption", "first", POINTSTREAM_FAIL_POINT="after-send:3")
    await till.with_card(first)
    steps, done = till.steps(), 0
    while done < len(steps):
        try:
            await till.ask(first, *steps[done])
        except httpx.TransportError:
            break
        done += 1
    await died(first)
    assert 0 < done < len(steps), "it died in the middle"
    second = till.stack.start("redemption", "second", POINTSTREAM_FAIL_POINT="after-outbox-read")
    await died(second)
    third = await till.stack.start_ready("redemption", "third")
    for path, ask in steps:
        answer = await till.ask(third, path, ask)
        assert answer.refused is None, (ask, answer)
    await till.ended()
