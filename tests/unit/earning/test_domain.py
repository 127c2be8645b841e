"""What a batch comes to does not depend on where it is cut, and a member's receipts are decided one upon the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.codes.proof import CartProofs
from libs.contracts.codec import TopicDecoder
from libs.contracts.identifiers import IdentifierNames
from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate
from libs.promotions.facts import MemberFacts
from services.earning.arrivals import Arrival, select
from services.earning.domain import BatchDecider
from services.earning.loaded import Loaded
from services.earning.outcome import BatchDecision
from services.earning.verdict import Standing
from tests.support.database import ACME, programme_document
from tests.support.receipts import PURCHASES, line, purchase

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
LIMIT = 1_000  # of the shared budget for coffee, in the document
PROGRAMME = RunningProgramme(
    1, 1, "acme", "main", (activate(datetime(2016, 1, 1, tzinfo=UTC), programme_document(ACME)),)
)
PROGRAMMES = by_prefix([("/acme/pos", (1, 1))], {(1, 1): PROGRAMME})
NAMES = IdentifierNames(bytes(32))
DECODER = TopicDecoder(PURCHASES)


def receipt(number: int, card: int, amount: int, coffee: bool, days_ago: int) -> Arrival:
    lines = [line("coffee-500g" if coffee else "tea", amount, category="PRODUCE")]
    record = purchase(f"R-{number}", lines, card=str(card), time=NOW - timedelta(days=days_ago))
    event = DECODER.decode(record.value)
    selected = select(event, PROGRAMMES, NAMES, NOW, CartProofs(bytes(32)))  # type: ignore[arg-type]
    assert isinstance(selected, Arrival)
    return selected


def decide(receipts: Sequence[Arrival], used: int, cuts: Sequence[int] = ()) -> BatchDecision:
    """Decide in one go, or in parts; member 3 is unknown."""
    owners = {(1, 1, f"card:{card}"): UUID(int=card) for card in (1, 2)}
    standings = {(1, 1, member): Standing(MemberFacts(member), 5, 7, str(member), b"key") for member in owners.values()}
    decider = BatchDecider(Loaded(owners, standings, used={(1, 1, "coffee|ever"): used}), NOW)
    bounds = [0, *sorted(cuts), len(receipts)]
    for start, end in pairwise(bounds):
        decider.decide(receipts[start:end])
    return decider.result


RECEIPTS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 20_000), st.booleans(), st.sampled_from([0, 1, 40, 400])), max_size=12
).map(lambda facts: [receipt(number, *fact) for number, fact in enumerate(facts)])


@given(RECEIPTS, st.integers(LIMIT - 60, LIMIT), st.lists(st.integers(0, 12), max_size=3))
@settings(max_examples=150, deadline=None)
def test_cutting_a_batch_anywhere_changes_nothing(receipts: list[Arrival], used: int, cuts: list[int]) -> None:
    assert decide(receipts, used, [cut for cut in cuts if cut <= len(receipts)]) == decide(receipts, used)


@given(RECEIPTS, st.integers(LIMIT - 60, LIMIT))
@settings(max_examples=150, deadline=None)
def test_numbers_of_a_member_have_no_gap_and_limits_hold(receipts: list[Arrival], used: int) -> None:
    decided = decide(receipts, used)
    for card in (1, 2):
        numbers = [new.lot.seq for new in decided.lots if new.member_id == UUID(int=card)]
        assert numbers == list(range(6, 6 + len(numbers)))
    assert used + sum(points for points, _ in decided.uses.values()) <= LIMIT
    told = [orjson.loads(event.value) for events in decided.events for event in events]
    assert len({event["id"] for event in told}) == len(told)
    credited = [event["data"]["points"] for event in told if event["type"].endswith("credited.v1")]
    assert credited == [new.lot.amount for new in decided.lots]


@given(RECEIPTS)
@settings(max_examples=100, deadline=None)
def test_every_receipt_ends_in_one_place(receipts: list[Arrival]) -> None:
    decided = decide(receipts, 0)
    paid = {new.cause for new in decided.lots}
    unpaid = {unpaid.event_key for unpaid in decided.unpaid}
    unclaimed = {waiting.event_key for waiting in decided.unclaimed.values()}
    assert len(paid) + len(unpaid) + len(unclaimed) == len(receipts) == sum(decided.outcomes.values())
    assert paid | unpaid | unclaimed == {each.key for each in receipts}
