"""A quote is what earning decides when nothing happens in between: played by its own handlers, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from libs.codes.proof import SignedCart
from libs.contracts.codec import TopicDecoder
from libs.contracts.identifiers import IdentifierNames
from libs.judging.versions import RunningProgramme
from libs.ledger.balance import balances
from libs.promotions.facts import MemberFacts
from libs.promotions.pages import StoredDecision
from libs.runtime.keys import event_key, receipt_key
from services.earning.metrics import EarningMetrics
from services.gateway.carts.finding import with_codes
from services.gateway.quotes.foretold import Asked, Quote, counters_for, quote
from tests.support.brokerless import PROOFS, Earning, Sent
from tests.support.in_memory import in_memory
from tests.support.receipts import PURCHASES, line, purchase
from tests.support.seeded import Dealings, Delivery

METRICS = EarningMetrics(CollectorRegistry())
NAMES = IdentifierNames(bytes(32))
SOURCE = "/acme/pos/1/1"
DECODER = TopicDecoder(PURCHASES)


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    with in_memory():
        yield


def asked_of(earning: Earning, programme: RunningProgramme, sent: Sent) -> Asked:
    """Ask about a purchase as the gateway does, but of the memory."""
    bought: Any = DECODER.decode(sent.record.value)
    tables = earning.memory
    owners = [tables.identifiers.get((*programme.key, name)) for name in NAMES.names(bought.data.identifiers)]
    owner = next((each for each in owners if each is not None), None)
    if owner is None:
        return Asked(programme, bought.data, sent.at, None, None)
    name = (*programme.key, owner)
    facts = MemberFacts(owner, tables.heads[name].tier)
    return Asked(programme, bought.data, sent.at, facts, tables.ledger(name, whole=False))


def token_for(programme: RunningProgramme, number: str, pools: tuple[str, ...], at: datetime) -> str:
    """The token of a cart with codes of these pools, set aside for a receipt of store 1."""
    cart = SignedCart(UUID(int=1), at + timedelta(minutes=15), pools)
    return PROOFS.sign(receipt_key(*programme.key, "1", number), cart)


def foretold(earning: Earning, programme: RunningProgramme, sent: Sent, pools: tuple[str, ...]) -> Quote:
    asked = with_codes(asked_of(earning, programme, sent), pools)
    keys = counters_for(asked)
    used = {key: earning.memory.counters.get((*programme.key, key), 0) for key in keys}
    before = earning.memory.copy()
    answer = quote(asked, used)
    assert vars(before) == vars(earning.memory), "a quote changes nothing"
    return answer


def decided(earning: Earning, sent: Sent, number: str) -> StoredDecision:
    earning.batch([sent], sent.at)
    decision = earning.memory.decisions()[1, event_key(SOURCE, number)]
    assert decision is not None
    return decision


def agrees(answer: Quote, decision: StoredDecision, earning: Earning, at: datetime) -> None:
    """The quote is what was decided: outcome, points with their dates, and what the member has then."""
    assert answer.outcome == decision.outcome
    if answer.asked.member is None:
        assert decision.lots == ()
        assert answer.after is None
        return
    assert answer.verdict.evaluation == decision.evaluation
    assert answer.verdict.judged_at == decision.judged_at
    assert [(new.wallet, new.points, new.expires_at, new.carried) for new in answer.verdict.credits] == [
        (lot.wallet, lot.points, lot.expires_at, lot.carried) for lot in decision.lots
    ]
    assert answer.after is not None
    name = (*answer.asked.programme.key, answer.asked.member.member_id)
    ledger = earning.memory.ledger(name, whole=False)
    assert balances(answer.after, at) == balances(ledger, at)
    later = at + timedelta(days=45)
    assert balances(answer.after, later) == balances(ledger, later)


def play(seed: int) -> str:
    """Let a few shops deal, ask what a purchase would bring, make it, and compare."""
    dealings = Dealings(seed, tame=seed % 2 == 0)
    random = Random(seed + 10_000)
    delivery = Delivery(random, dealings.said)
    earning = Earning(dealings.programmes, METRICS)
    for batch, now in delivery.cut(random, 0.1):
        earning.batch(batch, now)
    programme = dealings.programmes.by_key()[1, 1]
    at = delivery.end + timedelta(minutes=random.randint(1, 60 * 24 * 40))
    outcome = ""
    for turn in range(4):
        at += timedelta(minutes=random.randint(1, 600))
        goods = [
            line(what, random.randint(0, 12_000), quantity=random.randint(1, 4))
            for what in random.choices(["any", "coffee"], k=random.randint(1, 3))
        ]
        card = random.choice([None, "9z", *[f"{number}a" for number in dealings.members] * 2])
        pools = random.choice([(), ("spring",), ("autumn", "spring")])
        cart: dict[str, Any] = (
            {"cart": token_for(programme, f"Q-{turn}", pools, at), "codes": ["forged"]} if pools else {}
        )
        sent = Sent(purchase(f"Q-{turn}", goods, card=card, time=at, source=SOURCE, **cart), at)
        answer = foretold(earning, programme, sent, pools)
        agrees(answer, decided(earning, sent, f"Q-{turn}"), earning, at)
        outcome += answer.outcome[0]
    return outcome


def test_a_quote_is_the_decision_that_follows() -> None:
    seen = ""
    for seed in range(60):
        try:
            seen += play(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
    assert {"c", "u", "n"} <= set(seen)
