"""Points are lent within a cap, for a fee, by the terms of the member's level; quoted as they are lent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.redemption import Ask
from libs.contracts.strict import strict_event
from libs.contracts.trades import LoanQuote, TradeAsk
from libs.ledger.invariants import check
from libs.ledger.model import MemberLedger
from libs.lives.life import Life
from libs.promotions.document import ProgrammeInvalid, parse_programme
from libs.promotions.lending import LoanTerms
from services.redemption.batches import Decided
from services.redemption.domain import Refusal
from services.redemption.lending import Offered, offered, quote
from tests.support.spending import NOW, RULES, Counter, commands, traded

ANN = UUID(int=41)


def desk() -> Counter:
    return Counter({ANN: Life((1, 1, ANN), MemberLedger(ANN))})


def do(at: Counter, name: str, points: int, operation: str = "lend", **data: Any) -> Decided:
    return at.batch(NOW, commands(traded(name, ANN, operation, points=points, **data)))


def told(decided: Decided) -> list[tuple[str, dict[str, Any]]]:
    values = [event.value for events in decided.events for event in events]
    events = [orjson.loads(value) for value in values]
    for event, value in zip(events, values, strict=True):
        strict_event(event["type"]).model_validate_json(value)
    return [(event["type"].removeprefix("org.pointstream."), event["data"]) for event in events]


def refusal(decided: Decided) -> str:
    ((kind, data),) = told(decided)
    assert kind == "trade.refused.v1"
    return str(data["code"])


def test_a_loan_is_a_debt_with_its_fee_and_a_lot_of_its_own_and_ends_at_the_cap() -> None:
    at = desk()
    events = told(do(at, "1", 50))
    assert [(kind, data["points"], data["to_account"]) for kind, data in events] == [
        ("points.lent.v1", 50, "issued"), ("points.lent.v1", 5, "redeemed"), ("points.issued.v1", 50, "active")
    ]  # fmt: skip
    lent = events[1][1]
    assert (lent["lent_left"], lent["repays_percent"], events[2][1]["reason"]) == (55, 50, "lent")
    assert lent["due_at"] == "2024-02-01T23:00:00Z", "the end of the day, thirty days later"
    assert not told(do(at, "2", 50, key="1")), "a key is used once"
    assert refusal(do(at, "3", 60)) == "loan-limit"
    assert told(do(at, "4", 50))[1][1]["lent_left"] == 110
    assert refusal(do(at, "5", 10)) == "loan-limit"
    life = at.lives[ANN]
    assert (life.ledger.lent("points"), sum(lot.free for lot in life.ledger.lots)) == (110, 100)
    assert refusal(do(at, "6", 5, "exchange_out", partner="sky")) in ("trade-too-small", "loan-open")
    assert refusal(do(at, "7", 24, "exchange_out", partner="sky")) == "loan-open"
    assert not check(life.ledger, [made.movement for made in life.made])


@pytest.mark.parametrize(
    ("points", "data", "code"),
    [
        (5, {}, "trade-too-small"),
        (15, {}, "trade-step"),
        (110, {}, "loan-limit"),
        (10, {"wallet": "x"}, "wallet-unknown"),
    ],
)
def test_what_is_not_lent_is_told_and_leaves_nothing(points: int, data: dict[str, Any], code: str) -> None:
    at = desk()
    assert refusal(do(at, "1", points, **data)) == code
    assert not at.lives[ANN].made


def looked(ledger: MemberLedger, points: int, tier: str | None = None) -> Offered:
    ask = Ask("quote", 1, "till", programme_id=1, member_id=ANN, points=points, trade=TradeAsk())
    found = offered(ask, RULES, ledger, tier, {}, NOW)
    assert isinstance(found, Offered)
    shown = LoanQuote.model_validate_json(quote(ask, RULES, found))
    assert (shown.to_repay - shown.fee, shown.possible) == (points, found.refused is None)
    return found


def test_a_quote_tells_what_would_be_lent_and_how_much_may_be() -> None:
    at = desk()
    before = looked(at.lives[ANN].ledger, 50)
    assert (before.fee, before.most, before.left, before.refused) == (5, 110, 100, None)
    do(at, "1", 50)
    after = looked(at.lives[ANN].ledger, 60)
    assert (after.lent, after.left, after.refused) == (
        55,
        50,
        Refusal("loan-limit", after.refused[1] if after.refused else ""),
    )
    gold = looked(at.lives[ANN].ledger, 60, "gold")
    assert (gold.fee, gold.left, gold.loan.share) == (0, 440, 20)
    assert gold.loan.due_at - NOW > timedelta(days=365)
    ask = Ask("quote", 1, "till", programme_id=1, member_id=ANN, points=10, trade=TradeAsk())
    none = offered(
        ask, RULES.__class__("a", "m", RULES.zone, RULES.scales, RULES.calendars), MemberLedger(ANN), None, {}, NOW
    )
    assert isinstance(none, Refusal)
    assert none.code == "trade-not-offered"


@given(st.integers(1, 5000), st.integers(0, 100), st.integers(0, 6000))
def test_as_many_points_are_left_as_fit_with_their_fee(most: int, fee: int, lent: int) -> None:
    terms = LoanTerms(most=most, repays_percent=10, days=1, fee_percent=fee)
    left = terms.left(lent)
    assert left == 0 or lent + left + terms.fee(left) <= most
    assert lent + left + 1 + terms.fee(left + 1) > most


def test_a_document_names_only_what_there_is() -> None:
    base = {
        "version": 1,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
    }
    terms = {"most": 10, "repays_percent": 50, "days": 3}
    parse_programme(
        base
        | {"trades": {"lending": {"terms": [terms]}, "limits": [{"period": "year", "times": 1, "kinds": ["lend"]}]}}
    )
    faulty: list[dict[str, Any]] = [
        {"wallet": "miles", "terms": [terms]},
        {"terms": []},
        {"terms": [terms | {"repays_percent": 0}]},
        {"terms": [terms | {"days": 0}]},
    ]
    for lending in faulty:
        with pytest.raises(ProgrammeInvalid):
            parse_programme(base | {"trades": {"lending": lending}})
