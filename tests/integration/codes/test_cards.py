"""Gift cards in a real database: money moves once, never beyond the balance, and lapses by the clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from cli.verify import examine
from services.redemption.cards.desk import CardDesk
from tests.integration.codes.desks import NOW, SCOPE, Desks, body


async def issue(desks: Desks, key: str, amount: int, **told: Any) -> dict[str, Any]:
    asked = {"programme_id": SCOPE[1], "amount_minor": amount, "currency": "EUR"} | told
    return body(await desks.card("issue", key, **asked))


async def test_a_card_pays_as_long_as_there_is_something_on_it(desks: Desks) -> None:
    card = await issue(desks, "issue", 1_000)
    number = card["number"]
    assert card["entry"]["source"] == "sold"
    assert await issue(desks, "issue", 1_000) == card, "asked again it is the same card, its number too"
    kept = await desks.operator.fetchval("SELECT string_agg(encode(answer, 'escape'), '') FROM redemption.request")
    assert number not in kept
    assert number.replace("-", "") not in kept

    answers = await asyncio.gather(
        *(desks.card("use", f"use-{at}", number=number.replace("-", " "), amount_minor=300) for at in range(20))
    )
    assert Counter(answer.refused for answer in answers) == {None: 3, "balance-short": 17}
    used = next(at for at, answer in enumerate(answers) if answer.refused is None)
    again = await desks.card("use", f"use-{used}", number=number.replace("-", " "), amount_minor=300)
    assert (again.replayed, body(again)) == (True, body(answers[used]))
    shown = body(await desks.card("show", number=number))
    assert (shown["balance_minor"], shown["initial_minor"], shown["number"]) == (100, 1_000, None)

    seq = body(answers[used])["entry"]["seq"]
    back = body(await desks.card("refund", "back", number=number, of_seq=seq, amount_minor=200))
    assert back["balance_minor"] == 300
    assert (
        await desks.card("refund", "more", number=number, of_seq=seq, amount_minor=101)
    ).refused == "refund-exceeded"
    assert body(await desks.card("refund", "rest", number=number, of_seq=seq))["balance_minor"] == 400
    assert body(await desks.card("top_up", "add", number=number, amount_minor=600))["balance_minor"] == 1_000
    assert body(await desks.card("block", "stop", number=number))["state"] == "blocked"
    assert (await desks.card("use", "late", number=number, amount_minor=1)).refused == "card-blocked"
    assert body(await desks.card("unblock", "go", number=number))["state"] == "active"
    assert (await desks.card("show", number="1234")).refused == "card-unknown"
    assert desks.missed == ["unknown"]
    assert [result for result in await examine(desks.operator) if result.violations] == []


async def test_money_moves_between_cards_is_paid_out_and_lapses(desks: Desks) -> None:
    ends = NOW + timedelta(days=1)
    one, other = await issue(desks, "a", 900), await issue(desks, "b", 100)
    gift = await issue(desks, "c", 50, expires_at=ends, paid=False)
    moves = await asyncio.gather(
        desks.card("transfer", "ab", number=one["number"], other_number=other["number"], amount_minor=400),
        desks.card("transfer", "ba", number=other["number"], other_number=one["number"], amount_minor=100),
    )
    assert [move.refused for move in moves] == [None, None], "two that meet wait for each other"
    assert body(await desks.card("show", number=one["number"]))["balance_minor"] == 600
    late = await desks.card("transfer", "ca", number=gift["number"], other_number=one["number"], amount_minor=1)
    assert late.refused == "date-extended"
    assert (await desks.card("cash_out", "cash", number=one["number"])).refused == "no-cash-out"
    paid = body(await desks.card("cash_out", "kind", number=one["number"], goodwill=True))
    assert (paid["entry"]["target"], paid["balance_minor"]) == ("cashed_out", 0)

    assert await CardDesk(desks.tools).expire_due(10) == 0
    desks.clock.instant = ends
    assert (await desks.card("use", "over", number=gift["number"], amount_minor=1)).refused == "card-expired"
    assert await CardDesk(desks.tools).expire_due(10) == 1
    assert await CardDesk(desks.tools).expire_due(10) == 0
    told = Counter(event["type"].split(".")[-2] for event in await desks.told())
    assert told == {"issued": 3, "transferred": 4, "cashed_out": 1, "expired": 1}
    assert [result for result in await examine(desks.operator) if result.violations] == []


async def test_whoever_guesses_where_money_is_to_go_has_to_wait_too(desks: Desks) -> None:
    """A number is guessed as well by moving a cent to it as by asking what is on it."""
    card, most = await issue(desks, "issue", 1_000), desks.tools.settings.code_misses_key
    to: dict[str, Any] = {"card_id": UUID(card["card_id"]), "amount_minor": 1}
    for at in range(most):
        tried = await desks.card("transfer", f"try-{at}", **to, other_number=f"{at:019}")
        assert tried.refused == "card-unknown"
    assert (await desks.card("transfer", "more", **to, other_number="1")).refused == "codes-guessed"
    assert Counter(desks.missed) == {"unknown": most, "limited": 1}
    assert (await desks.card("transfer", "id", **to, other_card_id=UUID(int=1))).refused == "card-unknown"


async def test_what_the_law_forbids_is_not_sold(desks: Desks) -> None:
    asked: dict[str, Any] = {"programme_id": SCOPE[1], "amount_minor": 500, "currency": "USD"}
    dated = await desks.card("issue", "x", **asked, law="US-CA", expires_at=NOW + timedelta(days=9_999))
    assert dated.refused == "expiry-forbidden"
    assert (await desks.card("issue", "x", **asked, law="XX")).refused == "law-unknown"
    sold = body(await desks.card("issue", "x", **asked, law="US-CA"))
    assert body(await desks.card("cash_out", "y", number=sold["number"]))["balance_minor"] == 0
