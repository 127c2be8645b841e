"""The backtest against what earning really credited, against a replay in one sequence, and however it is cut up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from libs.backtest.bound import in_sequence
from libs.backtest.compare import Tally
from libs.backtest.plan import make_plan
from libs.history.needs import needs_of
from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate
from libs.ledger.model import Kind
from tests.support.brokerless import Earning, Sent
from tests.support.database import ACME, programme_document
from tests.support.histories import BEGAN, ListedHistory, backtest, complete, items_in, quick_folder, scheme_of
from tests.support.in_memory import in_memory
from tests.support.lives import activity, corrected, returned, voided
from tests.support.memory import Memory
from tests.support.receipts import Record, enrolment, line, purchase

SINCE = datetime(2026, 11, 10, tzinfo=UTC)
UNTIL = datetime(2026, 11, 12, tzinfo=UTC)
CARDS = ("1", "2", "3", "4")


def campaign(name: str, effect: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "state": "live", "effect": effect} | more


def fixed(points: int) -> dict[str, Any]:
    return {"kind": "fixed", "points": points}


def limit(scope: str, period: str, points: int) -> dict[str, Any]:
    return {"scope": scope, "period": period, "points": points}


def rules(version: int, *campaigns: dict[str, Any]) -> dict[str, Any]:
    policy = {"kind": "natural", "period": "quarter", "extra_periods": 1}
    wallets = [{"name": name, "expiry": policy} for name in ("points", "coins")]
    document: dict[str, Any] = programme_document(ACME)
    base = next(each for each in document["campaigns"] if each["id"] == "base")
    return document | {"version": version, "wallets": wallets, "campaigns": [base, *campaigns]}


BUDGET = campaign("coffee", fixed(25), when={"skus": ["coffee-500g"]}, limits=[limit("campaign", "ever", 60)])
DAILY = campaign("visit", fixed(7), limits=[limit("member", "day", 14), limit("campaign", "day", 40)])
GROUPED = [
    campaign("big", fixed(9), group="g", mode="best", limits=[limit("campaign", "month", 30)]),
    campaign("small", fixed(4), group="g", mode="best"),
]
LEAST = [
    campaign("dear", fixed(9), group="w", mode="worst", limits=[limit("campaign", "month", 31)]),
    campaign("cheap", fixed(6), group="w", mode="worst"),
]
RARE = {"kind": "per_amount", "points": 1, "per_minor": 100, "phase": "addition"}
COMPARED = [
    campaign("rare", RARE, group="w", mode="worst", limits=[limit("campaign", "ever", 8)]),
    campaign("plain", fixed(6), group="w", mode="worst"),
]
REVIEW = campaign(
    "review", fixed(5) | {"wallet": "coins"}, trigger={"kind": "activity", "activity": "product-reviewed"},
    limits=[limit("member", "day", 10)],
)  # fmt: skip
PRODUCE = campaign("produce", {"kind": "multiplier", "percent": 300}, when={"categories": ["PRODUCE"]})
CAMPAIGNS = [[BUDGET], [DAILY], GROUPED, LEAST, [REVIEW], [PRODUCE]]
RULES = st.lists(st.sampled_from(range(len(CAMPAIGNS))), unique=True).map(
    lambda chosen: [each for at in sorted(chosen) for each in CAMPAIGNS[at]]
)


class Said(NamedTuple):
    """One thing that happens at a minute."""

    kind: str
    card: str
    sku: str
    amount: int
    about: int
    """Which of the receipts so far a return, a void or a correction is about."""


SAID = st.builds(
    Said,
    st.sampled_from(["purchase", "purchase", "purchase", "return", "part", "void", "correction", "activity"]),
    st.sampled_from(CARDS),
    st.sampled_from(["tea", "coffee-500g", "apples"]),
    st.integers(1, 5_000),
    st.integers(0, 30),
)
LIVES = st.lists(SAID, min_size=1, max_size=25)


MINUTE = timedelta(minutes=1)


def records(life: Sequence[Said], since: datetime, apart: timedelta = MINUTE) -> Iterator[tuple[datetime, Record]]:
    """The events, some time apart, in the order in which they happen."""
    bought: list[tuple[str, str, datetime]] = []
    for minute, said in enumerate(life):
        time, name = since + minute * apart, f"E-{minute}"
        goods = [line(said.sku, said.amount, category="PRODUCE" if said.sku == "apples" else None, quantity=2)]
        number, card, bought_at = bought[said.about % len(bought)] if bought else ("R-none", said.card, time)
        if said.kind == "purchase":
            bought.append((f"R-{minute}", said.card, time))
            yield time, purchase(f"R-{minute}", [*goods, line("milk", 99)], card=said.card, time=time)
        elif said.kind == "word":
            yield time, enrolment(said.card, tier=("gold", "silver", "guest")[said.about % 3], name=name)
        elif said.kind == "activity":
            yield time, activity(name, "product-reviewed", card=said.card, time=time)
        elif said.kind == "correction":
            yield time, corrected(name, number, goods, card=card, purchased_at=bought_at, time=time)
        elif said.kind == "void":
            yield time, voided(name, number, time=time)
        else:
            back = [{"line": 1, "quantity": 1}] if said.kind == "part" else []
            yield time, returned(name, number, back, time=time)


@contextmanager
def lived(
    document: Mapping[str, Any], life: Sequence[Said], since: datetime, apart: timedelta = MINUTE
) -> Iterator[Memory]:
    """Earning has taken all of it in, event by event."""
    version = activate(BEGAN, document)
    needs = needs_of(version.compiled.source)
    running = RunningProgramme(1, 1, "acme", "main", (version,), counts_members=True, history=needs)
    with in_memory():
        earning = Earning(by_prefix([("/acme/pos", (1, 1))], {(1, 1): running}))
        for card in CARDS:
            earning.batch([Sent(enrolment(card), since)], since)
        for time, record in records(life, since, apart):
            earning.batch([Sent(record, time)], time)
        assert earning.refused == []
        yield earning.memory


def credited(memory: Memory) -> Counter[tuple[UUID, str]]:
    """What the journal says each member got and gave back, by wallet."""
    points: Counter[tuple[UUID, str]] = Counter()
    for (_, _, member, _), lot in memory.lots.items():
        points[member, lot.wallet] += lot.amount
    for (_, _, member), journal in memory.journal.items():
        for movement in journal:
            if movement.kind is Kind.REVERSE:
                points[member, movement.wallet] -= movement.amount
    return +points


def side(tallies: Sequence[Tally], name: str) -> Counter[tuple[UUID, str]]:
    return +Counter(
        {(tally.member_id, each.wallet): getattr(each, name) for tally in tallies for each in tally.wallets.values()}
    )


LOSER = [Said("purchase", card, "tea", amount, 0) for card, amount in (("1", 201), ("2", 101), ("3", 801))]


@given(RULES, RULES, LIVES)
@example([], COMPARED, LOSER)  # the limit of a campaign that loses is used by others: cut, it would win
@settings(max_examples=60, deadline=None)
def test_a_is_what_earning_credited_and_b_is_what_earning_would_have(
    a: list[dict[str, Any]], b: list[dict[str, Any]], life: list[Said]
) -> None:
    with lived(rules(1, *b), life, SINCE) as other:
        by_b = credited(other)
    with lived(rules(1, *a), life, SINCE) as memory, quick_folder() as folder:
        history = ListedHistory(scheme_of(rules(1, *a)), list(items_in(memory)))
        summary, tallies = backtest(history, rules(2, *b), folder, SINCE, UNTIL)
        assert side(tallies, "a") == side(tallies, "recorded") == credited(memory)
        assert side(tallies, "b") == by_b
        assert summary["unlike_recorded"] == 0


def files(folder: Path) -> dict[str, bytes]:
    """What is left when a backtest is done: its results and nothing else."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@given(RULES, RULES, LIVES, st.randoms(use_true_random=False), st.integers(1, 9), st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_however_it_is_cut_the_bytes_are_those_of_one_sequence_over_all(
    a: list[dict[str, Any]], b: list[dict[str, Any]], life: list[Said], chance: Any, chunks: int, portion: int
) -> None:
    with lived(rules(1, *a), life, SINCE) as memory:
        items = list(items_in(memory))
    scheme, document = scheme_of(rules(1, *a)), rules(2, *b)
    plan = make_plan(scheme, SINCE, UNTIL, complete(document), None, 0)
    naive = in_sequence(plan.rules(), sorted(items, key=lambda item: item.order), {})
    shuffled = list(items)
    chance.shuffle(shuffled)
    with quick_folder() as one, quick_folder() as other:
        _, tallies = backtest(ListedHistory(scheme, items), document, one, SINCE, UNTIL, chunks=1)
        again = ListedHistory(scheme, shuffled, portion)
        _, others = backtest(again, document, other, SINCE, UNTIL, chunks=chunks)
        assert [plain(each) for each in tallies] == [plain(naive[member_id]) for member_id in sorted(naive)]
        assert [plain(each) for each in others] == [plain(each) for each in tallies]
        assert files(one) == files(other)
        assert files(one).keys() == {"members.csv", "summary.json", "report.html"}


def plain(tally: Tally) -> Any:
    """A tally without what it leans on: whoever is judged alone knows less of it."""
    kept = (tally.wallets, tally.parting, tally.tiers, tally.months, tally.campaigns, tally.receipts, tally.activities)
    return tally.member_id, msgspec.to_builtins(kept)


@given(RULES, LIVES)
@settings(max_examples=15, deadline=None)
def test_a_against_a_makes_no_difference(a: list[dict[str, Any]], life: list[Said]) -> None:
    with lived(rules(1, *a), life, SINCE) as memory, quick_folder() as folder:
        history = ListedHistory(scheme_of(rules(1, *a)), list(items_in(memory)))
        summary, tallies = backtest(history, rules(1, *a), folder, SINCE, UNTIL, against=1)
    assert all(tally.parting is None for tally in tallies)
    assert summary["members"] == {"all": len(tallies), "better": 0, "worse": 0, "same": len(tallies), "mixed": 0}
    assert all(total["difference"] == 0 == max(total["deciles"]) for total in summary["wallets"].values())
    assert all(each["a"] == each["b"] for each in summary["campaigns"])


@given(RULES, st.lists(SAID.map(lambda said: said._replace(kind="purchase")), min_size=2, max_size=20), st.data())
@settings(max_examples=25, deadline=None)
def test_what_was_used_of_limits_before_the_range_counts(
    a: list[dict[str, Any]], life: list[Said], data: st.DataObject
) -> None:
    began = SINCE + timedelta(minutes=data.draw(st.integers(0, len(life) - 1)))
    with lived(rules(1, *a), life, SINCE) as memory, quick_folder() as folder:
        history = ListedHistory(scheme_of(rules(1, *a)), list(items_in(memory)))
        summary, tallies = backtest(history, rules(1, *a), folder, began, UNTIL)
    assert side(tallies, "a") == side(tallies, "b") == side(tallies, "recorded")
    assert summary["receipts"] == len(life) - (began - SINCE) // timedelta(minutes=1)
