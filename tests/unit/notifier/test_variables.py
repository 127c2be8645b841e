"""What templates are told of a member."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from libs.balances.balance import WalletPoints
from libs.contacts.person import Person
from libs.ledger.zones import load_zone
from libs.messages.values import Points
from libs.promotions.messages import Messages
from services.notifier.programmes import Rules
from services.notifier.variables import variables

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
RULES = Rules("acme", "main", "Main", load_zone("Europe/Rome"), "EUR", {"points": 0, "miles": 2}, {}, Messages())
WALLETS = {name: WalletPoints(name, held, 0, 0, 0, None, 0) for name, held in (("points", 40), ("miles", 725))}


@pytest.mark.parametrize(
    ("facts", "balance"),
    [
        ({"wallets": WALLETS}, Points(40, 0)),
        ({"wallets": WALLETS, "wallet": "miles"}, Points(725, 2)),
        ({"wallets": {"miles": WALLETS["miles"]}}, Points(0, 0)),
        ({"wallets": {}}, Points(0, 0)),
    ],
)
def test_a_message_of_no_wallet_tells_the_first(facts: dict[str, Any], balance: Points) -> None:
    told = variables("inactivity", facts, RULES, Person(), "https://shop.example/no", NOW)
    assert told["balance"] == balance


@pytest.mark.parametrize(
    ("wallets", "balance"), [(WALLETS, Points(40, 0)), ({"miles": WALLETS["miles"]}, None), ({}, None)]
)
def test_who_joins_is_told_of_points_where_there_are_any(wallets: dict[str, Any], balance: Points | None) -> None:
    told = variables("welcome", {"wallets": wallets}, RULES, Person(given_name="Ida"), "https://shop.example/no", NOW)
    assert (told["given_name"], told["balance"]) == ("Ida", balance)


def test_an_order_is_called_by_its_title_where_the_catalogue_has_one() -> None:
    facts = {"reference": "mug", "stage": "shipped", "quantity": 2}
    for known, title in (({}, "mug"), ({"reward": "A blue mug"}, "A blue mug")):
        told = variables("order_moved", {**facts, **known}, RULES, Person(), "https://shop.example/no", NOW)
        assert (told["reward"], told["stage"], told["quantity"]) == (title, "shipped", 2)
