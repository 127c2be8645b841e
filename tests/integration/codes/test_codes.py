"""Codes in a real database: one redemption wins, what is repeated counts once, guessing is slowed down."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

from libs.codes.rules import Benefit, Order, PoolRules
from libs.contracts.codes import ValueAnswer
from tests.integration.codes.desks import NOW, SCOPE, Desks, body
from tests.support.database import GLOBEX

ORDER = Order(5_000, "EUR", "12")


def why(answer: ValueAnswer) -> list[str]:
    return [code for code, _ in answer.reasons]


async def test_of_twenty_redemptions_at_once_one_wins(desks: Desks) -> None:
    rules = PoolRules(currency="EUR", benefit=Benefit(amount_minor=700))
    await desks.pool("spring", rules, "SPRING-1")
    answers = await asyncio.gather(
        *(desks.code("redeem", f"key-{at}", code="spring 1", order=ORDER) for at in range(20))
    )
    assert Counter(answer.refused for answer in answers) == {None: 1, "code-not-valid": 19}
    assert {reason for answer in answers for reason in why(answer)} == {"used-up"}
    won = next(at for at, answer in enumerate(answers) if answer.refused is None)
    use = body(answers[won])
    assert (use["discount_minor"], use["total_minor"], use["state"]) == (700, 5_000, "redeemed")

    again = await desks.code("redeem", f"key-{won}", code="SPRING1", order=ORDER)
    assert (again.replayed, body(again)) == (True, use)
    back = [body(await desks.code("return", key, use_id=UUID(use["use_id"]))) for key in ("back", "back", "other")]
    assert {each["state"] for each in back} == {"published"}
    other = body(await desks.code("redeem", "once-more", code="SPRING-1", order=ORDER))
    assert other["use_id"] != use["use_id"]
    kinds = [(event["type"].split(".")[-2], event["data"]["use_id"]) for event in await desks.told()]
    assert Counter(kinds) == {
        ("redeemed", use["use_id"]): 1, ("returned", use["use_id"]): 1, ("redeemed", other["use_id"]): 1
    }  # fmt: skip
    assert desks.missed == []


async def test_every_reason_is_told_and_nothing_is_done(desks: Desks) -> None:
    rules = PoolRules(valid_until=NOW, stores=("9",), min_total_minor=9_000, currency="EUR", own_only=True)
    await desks.pool("old", rules, "OLD-1")
    check = body(await desks.code("validate", code="old1", order=ORDER))
    assert not check["valid"]
    assert [each["code"] for each in check["reasons"]] == ["expired", "member-needed", "store", "minimum"]
    refused = await desks.code("redeem", "key", code="old1", order=ORDER)
    assert why(refused) == ["expired", "member-needed", "store", "minimum"]
    desks.clock.instant = NOW - timedelta(hours=1)
    assert "expired" not in why(await desks.code("redeem", "key", code="old1", order=ORDER)), "the key is free again"
    assert await desks.told() == []


async def test_a_code_of_one_tenant_is_none_at_another(desks: Desks) -> None:
    await desks.pool("spring", PoolRules(), "SPRING-1")
    refused = await desks.code("redeem", "key", code="SPRING-1", tenant_id=GLOBEX.tenant_id)
    assert (refused.refused, why(refused)) == ("code-unknown", ["unknown"])
    elsewhere = await desks.code("redeem", "key", code="SPRING-1", programme_id=9)
    assert why(elsewhere) == ["programme"]


async def test_who_guesses_has_to_wait_and_nobody_else(desks: Desks) -> None:
    await desks.pool("spring", PoolRules(), "SPRING-1")
    member = UUID(int=5)
    most = desks.tools.settings.code_misses_member
    for at in range(most):
        tried = await desks.code("validate", code=f"GUESS-{at}", member_id=member, programme_id=SCOPE[1])
        assert [each["code"] for each in body(tried)["reasons"]] == ["unknown"]
    limited = await desks.code("validate", code="SPRING-1", member_id=member, programme_id=SCOPE[1], credential="other")
    assert limited.refused == "codes-guessed"
    assert limited.retry_after is not None
    assert 0 < limited.retry_after <= 601
    assert Counter(desks.missed) == {"unknown": most, "limited": 1}
    assert body(await desks.code("validate", code="SPRING-1"))["valid"], "another member at the same till is served"
    desks.clock.instant += timedelta(seconds=limited.retry_after)
    again = await desks.code("validate", code="SPRING-1", member_id=member, programme_id=SCOPE[1])
    assert body(again)["valid"]


async def test_void_and_published_codes(desks: Desks) -> None:
    await desks.pool("spring", PoolRules(), "SPRING-1", "SPRING-2")
    first = UUID(body(await desks.code("validate", code="SPRING-1"))["code_id"])
    published = body(await desks.code("publish", "p", code_id=first))
    assert (published["state"], published["code"]) == ("published", None)
    assert body(await desks.code("void", "v", code_id=first))["state"] == "void"
    assert body(await desks.code("void", "w", code_id=first))["state"] == "void"
    assert why(await desks.code("redeem", "r", code="SPRING-1")) == ["void"]
    assert (await desks.code("publish", "q", code_id=first)).refused == "code-ended"
    assert (await desks.code("void", "x", code_id=UUID(int=1))).refused == "code-unknown"
    (event,) = await desks.told()
    assert event["data"] == {"code_id": str(first), "pool": "spring", "kind": "coupon"}
