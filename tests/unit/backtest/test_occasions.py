"""Occasions, segments and profiles, found anew: A against what earning did when they came to pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.backtest.history import Item, Profile, State, StoredTurn
from libs.backtest.plan import make_plan
from libs.history.days import Counted, MemberDays
from libs.history.needs import needs_of
from libs.judging.calls import calls
from libs.judging.occasions import occasion_event, segment_turn
from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate, segmented
from libs.lives.life import MemberName
from libs.promotions.occasions import ENROLLED
from libs.promotions.pending import start_of_day
from libs.segments.decide import segments_at, steps
from libs.segments.known import Known, Points
from libs.segments.rules import rules_of
from tests.support.brokerless import Earning, Sent
from tests.support.histories import (
    BEGAN,
    ListedHistory,
    backtest,
    complete,
    items_in,
    profiles_in,
    quick_folder,
    scheme_of,
)
from tests.support.in_memory import in_memory
from tests.support.lives import ACTIVITIES
from tests.support.memory import Memory
from tests.support.receipts import PROFILES, Record, event, member_id
from tests.unit.backtest.test_backtest import CARDS, SAID, Said, campaign, credited, files, fixed, plain, records, side
from tests.unit.backtest.test_following import SETS, document

FIRST = datetime(2025, 2, 3, 10, 3, tzinfo=UTC)
APART = timedelta(days=9, hours=7)
DAY = timedelta(days=1)
BIRTHDAYS = {"1": "03-17", "2": "02-29", "3": "02-03"}

SEGMENTS = [
    {"name": "busy", "when": {"all": [{"kind": "count", "what": "visits", "within": {"days": 30}, "min": 2}]}},
    {"name": "asleep", "when": {"all": [{"kind": "recency", "min_days": 20}], "none": [{"kind": "birthday"}]}},
    {"name": "fruit", "when": {"all": [{"kind": "share", "of": "product", "one_of": ["apples"], "min_percent": 40}]}},
    {
        "name": "town",
        "when": {"any": [{"kind": "attribute", "name": "town", "one_of": ["Brno"]}, {"kind": "birthday"}]},
    },
    {"name": "rich", "when": {"all": [{"kind": "balance", "min": 60}]}},
]


def occasion(name: str, points: int, **trigger: Any) -> dict[str, Any]:
    return campaign(name, fixed(points), trigger=trigger)


CAMPAIGNS = [
    occasion("birthday", 1_000, kind="birthday"),
    occasion("soon", 1_100, kind="birthday", days_before=3),
    occasion("anniversary", 1_300, kind="anniversary"),
    occasion(
        "monthly", 1_700, kind="schedule", at="09:30", rule="FREQ=MONTHLY;BYMONTHDAY=1,15", first_day="2025-01-01"
    ),
    occasion("welcome", 1_900, kind="enrolled"),
    occasion("sorry", 2_300, kind="return"),
    occasion("reached", 2_900, kind="tier_reached", tier_set="status"),
    occasion("awake", 3_100, kind="segment_entered", segment="busy"),
    occasion("sleepy", 3_700, kind="segment_entered", segment="asleep"),
    occasion("woken", 4_100, kind="segment_left", segment="asleep"),
    campaign("often", fixed(7), when={"segments": ["busy"], "not_segments": ["fruit"]}),
    campaign("wealthy", fixed(5), when={"segments": ["rich"]}),
    occasion("riches", 31, kind="segment_entered", segment="rich"),
    campaign("local", fixed(11), when={"segments": ["town"]}),
    campaign("near", fixed(13), when={"member": {"birthday": {"days_before": 5, "days_after": 5}}}),
    campaign("new", fixed(17), when={"member": {"enrolled": {"max_days": 60}}}),
    campaign("brno", fixed(19), when={"member": {"attributes": [{"name": "town", "one_of": ["Brno"]}]}}),
]


def rules(version: int, chosen: Sequence[int]) -> dict[str, Any]:
    """Points never lapse, and the tiers fall again with time."""
    found = document(version, *[CAMPAIGNS[at] for at in sorted(chosen)], sets=[SETS[0]])
    return found | {"segments": SEGMENTS}


LIVES = st.builds(
    lambda first, rest: [first._replace(kind="purchase"), *rest], SAID, st.lists(SAID, min_size=4, max_size=11)
)
CHOSEN = st.sets(st.sampled_from(range(len(CAMPAIGNS))), min_size=1).map(sorted)


class Live:
    """Earning with those of its passes that notice what comes to pass: the clock, and who keeps segments."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        version = activate(BEGAN, document)
        source = version.compiled.source
        knows = version.compiled.needs.profile
        self.programme = RunningProgramme(
            1, 1, "acme", "main", (version,), counts_members=True, history=needs_of(source), knows=knows,
            **segmented((version,)),
        )  # fmt: skip
        # whom to look at is not noted in any table here: everybody is looked at after everything, and as a day begins
        self.earning = Earning(
            by_prefix([("/acme/pos", (1, 1))], {(1, 1): replace(self.programme, has_segments=False)})
        )
        self.memory = self.earning.memory
        self.rules = rules_of(source, version.zone)
        self.numbers: Counter[tuple[MemberName, str]] = Counter()

    def live(self, life: Sequence[Said]) -> None:
        """Members enrol, things happen, days begin, the clock calls."""
        for card in CARDS:
            self.take(enrolled(card), FIRST)
        last = FIRST + len(life) * APART
        begin = [start_of_day((FIRST + number * DAY).date(), self.rules.zone) for number in range((last - FIRST).days)]
        happens: list[tuple[datetime, int, Any]] = [(at, 0, None) for at in begin if at > FIRST]
        happens += [(call.at, 1, call) for call in calls(self.programme, FIRST, last, FIRST)]
        happens += [(at, 2, record) for at, record in records(life, FIRST + timedelta(minutes=7), APART)]
        for at, kind, what in sorted(happens, key=lambda each: each[:2]):
            if kind == 0:
                self.look(at)
            elif kind == 2:
                self.take(what, at)
            else:
                for name, since in sorted(self.memory.enrolled.items()):
                    if self.concerns(what, name, since):
                        self.occur(what.occasion(name[2]), at)

    def concerns(self, call: Any, name: MemberName, since: datetime) -> bool:
        states = self.memory.profiles.get(name, ())
        birthday = states[-1].birthday if states else None
        number = None if birthday is None else birthday[0] * 100 + birthday[1]
        if call.kind == "birthday":
            return number in call.birthdays
        return bool(call.kind == "schedule" or call.enrolled[0] <= since < call.enrolled[1])

    def take(self, record: Record, at: datetime) -> None:
        """A record is taken in, with the occasions that it brings about, and what these do."""
        told = len(self.earning.told)
        self.earning.batch([Sent(record, at)], at)
        assert self.earning.refused == []
        for each in self.earning.told[told:]:
            if each.topic == ACTIVITIES:
                self.take(Record(ACTIVITIES, each.key, each.value), at)
        self.look(at)

    def occur(self, occasion: Any, at: datetime) -> None:
        self.take(Record(ACTIVITIES, str(occasion.member_id).encode(), occasion_event(self.programme, occasion)), at)

    def look(self, at: datetime) -> None:
        """Everybody's segments are decided; entries and exits are told."""
        turned = []
        for name, since in sorted(self.memory.enrolled.items()):
            before = self.memory.segments.get(name, ())
            after = segments_at(self.rules, self.known(name, since), at)
            self.memory.segments[name] = tuple(sorted(after))
            for segment, entered in steps(before, after):
                self.numbers[name, segment] += 1
                number = self.numbers[name, segment]
                turned.append(segment_turn(name[2], segment, at, entered=entered, number=number))
        for each in turned:
            self.occur(each, at)

    def known(self, name: MemberName, since: datetime) -> Known:
        days = MemberDays()
        for (*member, day), done in self.memory.days.items():
            if tuple(member) == name:
                days = days.with_more(Counted(name[2], day, *done))
        states = self.memory.profiles.get(name, ())
        birthday, attributes = (states[-1].birthday, states[-1].attributes) if states else (None, {})
        tier = self.memory.heads[name].tier
        points = [
            Points(lot.wallet, lot.free, lot.active_from, lot.expires_at)
            for place, lot in self.memory.lots.items()
            if place[:3] == name and lot.free
        ]
        owing = {place[3] for place, debt in self.memory.debts.items() if place[:3] == name and debt.amount}
        return Known(self.rules.day(since), days, tier, points=tuple(points), owing=owing, birthday=birthday,
                     attributes=attributes)  # fmt: skip


def enrolled(card: str) -> Record:
    """Some tell their birthday, some where they live."""
    data: dict[str, Any] = {"member_id": str(member_id(card)), "identifiers": [{"kind": "card", "value": card}]}
    data |= {"birthday": BIRTHDAYS[card]} if card in BIRTHDAYS else {}
    data |= {"attributes": {"town": "Brno"}} if card in "14" else {}
    return event(
        PROFILES, "org.pointstream.member.enrolled.v1", f"enrol-{card}", "/acme/pos", FIRST, data["member_id"], data
    )


@contextmanager
def lived(document: Mapping[str, Any], life: Sequence[Said]) -> Iterator[Memory]:
    with in_memory():
        live = Live(document)
        live.live(life)
        yield live.memory


def stored(memory: Memory, document: Mapping[str, Any]) -> ListedHistory:
    scheme = msgspec.structs.replace(scheme_of(document), first=FIRST)
    return ListedHistory(scheme, list(items_in(memory)), known=profiles_in(memory))


@given(CHOSEN, CHOSEN, LIVES)
@settings(max_examples=20, deadline=None)
def test_a_is_what_earning_credited_and_b_is_what_earning_would_have(
    a: list[int], b: list[int], life: list[Said]
) -> None:
    until = FIRST + len(life) * APART
    with lived(rules(1, b), life) as other:
        by_b = credited(other)
    with lived(rules(1, a), life) as memory, quick_folder() as folder:
        summary, tallies = backtest(stored(memory, rules(1, a)), rules(2, b), folder, FIRST, until)
        assert side(tallies, "recorded") == credited(memory)
        assert side(tallies, "a") == credited(memory)
        assert side(tallies, "b") == by_b
        assert summary["unlike_recorded"] == 0


@given(CHOSEN, CHOSEN, LIVES, st.integers(1, 9), st.randoms(use_true_random=False))
@settings(max_examples=6, deadline=None)
def test_however_it_is_cut_the_bytes_are_the_same(
    a: list[int], b: list[int], life: list[Said], chunks: int, chance: Any
) -> None:
    since, until = FIRST + len(life) // 3 * APART, FIRST + len(life) * APART
    budget = {"limits": [{"scope": "campaign", "period": "month", "points": 4_000}]}
    other = rules(2, b)
    other["campaigns"] = [each | budget for each in other["campaigns"]]
    with lived(rules(1, a), life) as memory, quick_folder() as one, quick_folder() as two:
        history = stored(memory, rules(1, a))
        shuffled = list(history.items)
        chance.shuffle(shuffled)
        _, tallies = backtest(history, other, one, since, until, chunks=1)
        _, again = backtest(ListedHistory(history.scheme, shuffled, 5, history.known), other, two, since, until,
                            chunks=chunks)  # fmt: skip
        assert [plain(each) for each in tallies] == [plain(each) for each in again]
        assert files(one) == files(two)


BUSY_YEAR = [
    Said(*each)
    for each in [
        ("purchase", "1", "tea", 900, 0), ("purchase", "2", "apples", 800, 0), ("purchase", "1", "tea", 700, 0),
        ("return", "1", "tea", 1, 0), ("purchase", "1", "tea", 600, 0), ("purchase", "2", "tea", 4_000, 0),
        ("purchase", "1", "tea", 4_000, 0), ("purchase", "1", "tea", 4_000, 0),
        ("purchase", "1", "tea", 4_000, 0), *[("activity", "3", "tea", 1, 0)] * 33,
    ]
]  # fmt: skip


def test_every_kind_of_occasion_came_to_pass_and_is_found() -> None:
    document = rules(1, range(len(CAMPAIGNS)))
    base = rules(2, [])
    until = FIRST + len(BUSY_YEAR) * APART
    with lived(document, BUSY_YEAR) as memory, quick_folder() as folder, quick_folder() as other:
        history = stored(memory, document)
        summary, tallies = backtest(history, document | {"version": 2}, folder, FIRST, until)
        assert side(tallies, "a") == side(tallies, "b") == side(tallies, "recorded") == credited(memory)
        assert {each["campaign"]: each["a"]["times"] > 0 for each in summary["campaigns"]} == {
            "base": True, **{each["id"]: True for each in CAMPAIGNS}
        }  # fmt: skip
        assert summary["occasions"]["a"] == summary["occasions"]["b"] > 40
        assert all(tally.parting is None for tally in tallies)

        summary, tallies = backtest(history, base, other, FIRST, until)
        assert summary["occasions"]["b"] == 0
        assert side(tallies, "a") == credited(memory)
        first = {tally.member_id: tally.parting for tally in tallies}
        welcomed = first[member_id("4")]
        assert welcomed is not None, "who never did anything was welcomed all the same"
        assert (welcomed.at, welcomed.kind, welcomed.source) == (FIRST, ENROLLED, "/pointstream/acme/main/occasions")


SWITCHED = rules(1, [10, 15])


def test_kill_switches_that_were_off_are_off_again_under_both_sides() -> None:
    life = [Said("purchase", "1", "tea", 1_000, 0)] * 3
    until = FIRST + 3 * APART
    with lived(SWITCHED, life) as memory, quick_folder() as folder:
        history = stored(memory, SWITCHED)
        off = FIRST + APART, FIRST + 2 * APART
        turns = (StoredTurn("campaign:new", *off), StoredTurn("store:9", FIRST - DAY, FIRST))
        items = [switched(item, ("campaign:new",), *off) for item in history.items]
        history = ListedHistory(msgspec.structs.replace(history.scheme, turns=turns), items, known=history.known)
        summary, _ = backtest(history, SWITCHED | {"version": 2}, folder, FIRST, until)
    paid = next(each for each in summary["campaigns"] if each["campaign"] == "new")
    assert (paid["a"]["times"], paid["b"]["times"]) == (2, 2)
    assert summary["switches"] == [
        {"switch": "campaign:new", "off": "2025-02-12T17:03:00Z", "on": "2025-02-22T00:03:00Z"}
    ], "the other one was on again before the range"


def switched(item: Item, switches: tuple[str, ...], since: datetime, until: datetime) -> Item:
    """The item as it was judged while these were off."""
    if item.receipt is None or not since <= item.at < until:
        return item
    return msgspec.structs.replace(item, receipt=msgspec.structs.replace(item.receipt, switches=switches))


def test_lists_are_those_of_now_and_no_history_has_to_be_read_for_them() -> None:
    listed = {"name": "press", "list": True}
    gift = campaign("press", fixed(23), when={"lists": ["press"]})
    a = document(1)
    b = document(2, gift) | {"segments": [listed, *SEGMENTS]}
    with lived(a, [Said("purchase", card, "tea", 1_000, 0) for card in "12"]) as memory, quick_folder() as folder:
        history = stored(memory, a)
        known = [
            msgspec.structs.replace(one, lists=("press", "forgotten") if one.member_id == member_id("2") else ())
            for one in history.known
        ]
        plan = make_plan(history.scheme, FIRST + APART, FIRST + 9 * APART, complete(b), None, 2)
        assert (plan.rules().follows, plan.rules().asks_members, plan.rules().asked) == (False, True, frozenset())
        summary, tallies = backtest(
            ListedHistory(history.scheme, history.items, known=known), b, folder, FIRST, FIRST + 9 * APART
        )
    assert {tally.member_id: tally.wallets["points"].b - tally.wallets["points"].a for tally in tallies} == {
        member_id("1"): 0,
        member_id("2"): 23,
    }
    assert summary["occasions"] == {"a": 0, "b": 0}


def test_who_comes_from_elsewhere_is_not_welcomed_and_has_birthdays_by_what_was_known_first() -> None:
    welcome, birthday = CAMPAIGNS[4], CAMPAIGNS[0]
    a, b = document(1), document(2, welcome, birthday)
    born = State(1, FIRST + 300 * DAY, (3, 17)), State(2, FIRST + 301 * DAY, (5, 5))
    old = Profile(member_id("1"), FIRST - 900 * DAY, told_at=FIRST, states=born)
    new = Profile(member_id("2"), FIRST, told_at=FIRST + DAY)
    scheme = msgspec.structs.replace(scheme_of(a), first=old.enrolled_at)
    with quick_folder() as folder:
        summary, tallies = backtest(ListedHistory(scheme, [], known=[old, new]), b, folder, FIRST, FIRST + 500 * DAY)
    assert {tally.member_id: tally.wallets["points"].b for tally in tallies} == {
        member_id("1"): 2_000,  # in March by what was known first, and in May of the next year, once
        member_id("2"): 1_900,
    }
    assert summary["occasions"] == {"a": 0, "b": 3}
    assert summary["members"] == {"all": 2, "better": 2, "worse": 0, "same": 0, "mixed": 0}
