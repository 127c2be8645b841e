"""Trades as a batch decides them: prices, rates, limits, campaigns of charities, and what is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from libs.contracts.rejection import Rejection
from libs.contracts.strict import strict_event
from libs.ledger.invariants import check
from libs.ledger.model import MemberLedger
from libs.lives.life import Life
from libs.promotions.document import ProgrammeInvalid, parse_programme
from services.redemption.batches import Decided
from tests.support.spending import NOW, Counter, commands, read, traded

ANN = UUID(int=31)


def desk() -> Counter:
    return Counter({ANN: Life((1, 1, ANN), MemberLedger(ANN))})


def do(at: Counter, name: str, operation: str, **data: Any) -> Decided:
    return at.batch(NOW, commands(traded(name, ANN, operation, **data)))


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


def test_bought_points_are_a_lot_with_the_wallets_date_and_the_money_is_told() -> None:
    at = desk()
    assert refusal(do(at, "1", "buy", points=51, paid_minor=76)) == "price-differs"
    decided = do(at, "2", "buy", points=51, paid_minor=77, currency="EUR", payment="psp-1", reference="shop/1")
    (moved, issued), (kind, bought) = told(decided)
    assert (moved, kind) == ("points.issued.v1", "points.bought.v1")
    assert (issued["from_account"], issued["reason"], issued["opens"]) == ("issued", "bought", 1)
    assert bought["paid_minor"] == 77
    assert (bought["payment"], bought["lot"], bought["programme_version"]) == ("psp-1", 1, 4)
    (lot,) = at.lives[ANN].ledger.lots
    assert (lot.remaining, lot.policy_version) == (51, 4)
    assert lot.expires_at is not None
    again = do(at, "3", "buy", points=51, paid_minor=77, currency="EUR", payment="psp-1", reference="shop/1", key="2")
    assert not told(again)
    assert refusal(do(at, "4", "buy", points=10, paid_minor=15)) == "trade-limit"


def test_points_are_exchanged_both_ways_and_given_to_charities() -> None:
    at = desk()
    came = told(do(at, "1", "exchange_in", units=20, partner="sky", payment="sky-1"))
    assert [kind for kind, _ in came] == ["points.issued.v1", "points.exchanged.v1"]
    assert (came[1][1]["points"], came[1][1]["units"], came[1][1]["way"]) == (80, 20, "in")
    went = told(do(at, "2", "exchange_out", points=24, partner="sky"))
    assert [kind for kind, _ in went] == ["points.redeemed.v1", "points.exchanged.v1"]
    assert went[1][1]["units"] == 4
    given = told(do(at, "3", "donate", points=30, pool="corals"))
    assert (given[1][1]["charity"], given[1][1]["pool"], given[1][1]["worth_minor"]) == ("reef", "corals", 15)
    assert given[1][1]["receipt"].startswith("2024-")
    assert sum(lot.free for lot in at.lives[ANN].ledger.lots) == 80 - 24 - 30
    assert not check(at.lives[ANN].ledger, [made.movement for made in at.lives[ANN].made])


@pytest.mark.parametrize(
    ("operation", "data", "code"),
    [
        ("exchange_in", {"units": 1, "partner": "nobody"}, "trade-not-offered"),
        ("exchange_out", {"points": 4, "partner": "sky"}, "trade-too-small"),
        ("donate", {"points": 9, "charity": "reef"}, "trade-too-small"),
        ("donate", {"points": 10, "pool": "whales"}, "pool-closed"),
        ("donate", {"points": 10, "charity": "reef", "wallet": "miles"}, "wallet-unknown"),
        ("donate", {"points": 10, "charity": "reef"}, "insufficient-points"),
        ("buy", {"points": 2, "paid_minor": 3, "currency": "USD"}, "currency-mismatch"),
    ],
)
def test_what_is_not_traded_is_told_and_leaves_nothing(operation: str, data: dict[str, Any], code: str) -> None:
    at = desk()
    assert refusal(do(at, "1", operation, **data)) == code
    assert not at.lives[ANN].made
    assert not at.redemptions


def test_a_campaign_takes_points_while_it_is_open_and_a_trade_is_final() -> None:
    at = desk()
    do(at, "1", "buy", points=40, paid_minor=60)
    late = at.batch(NOW + timedelta(days=1), commands(traded("2", ANN, "donate", points=10, pool="corals")))
    assert refusal(late) == "pool-closed"
    at.batch(NOW, commands(traded("3", ANN, "donate", points=10, charity="reef", key="k")))
    (given,) = [each for each in at.redemptions.values() if each.trade is not None and each.trade.kind == "donate"]
    assert given.counted_on is None, "a donation is no redemption that campaigns count"


@pytest.mark.parametrize(
    ("operation", "data"),
    [("buy", {"points": 0}), ("gamble", {"points": 1}), ("buy", {"points": 1, "currency": "EURO"})],
)
def test_events_that_could_not_be_asked_are_dead_letters(operation: str, data: dict[str, Any]) -> None:
    assert isinstance(read(traded("1", ANN, operation, **data)), Rejection)


def test_a_document_names_only_what_there_is() -> None:
    base = {
        "version": 1,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
    }
    for trades in (
        {"sale": {"wallet": "miles", "rates": [{"points": 1, "minor": 1}]}},
        {"pools": [{"name": "p", "charity": "nobody", "title": "P", "goal_points": 1}]},
        {"exchanges": [{"partner": "sky"}]},
        {"limits": [{"period": "day"}]},
    ):
        with pytest.raises(ProgrammeInvalid):
            parse_programme(base | {"trades": trades})
