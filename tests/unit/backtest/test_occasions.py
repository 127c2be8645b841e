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

from libs.history.days import Counted, MemberDays
from libs.history.needs import needs_of
from libs.judging.calls import calls
from libs.judging.occasions import occasion_event, segment_turn
from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate, segmented
from libs.promotions.occasions import PREFIX
from libs.promotions.pending import start_of_day
from libs.segments.decide import segments_at, steps
from libs.segments.known import Known
from libs.segments.rules import rules_of
from services.earning.verdict import MemberName
from tests.support.brokerless import Earning, Sent
from tests.support.histories import BEGAN, ListedHistory, backtest, items_in, profiles_in, quick_folder, scheme_of
from tests.support.in_memory import in_memory
from tests.support.lives import ACTIVITIES
from tests.support.memory import Memory
from tests.support.receipts import PROFILES, Record, event, member_id
from tests.unit.backtest.test_backtest import CARDS, Said, campaign, credited, files, fixed, plain, records, side
from tests.unit.backtest.test_following import LIVES, SETS, document

FIRST = datetime(2025, 2, 3, 10, 3, tzinfo=UTC)
APART = timedelta(days=9, hours=7)
UNTIL = FIRST + 45 * APART
DAY = timedelta(days=1)
BIRTHDAYS = {"1": "03-17", "2": "02-29", "3": "02-03"}

SEGMENTS = [
    {"name": "busy", "when": {"all": [{"kind": "count", "what": "visits", "within": {"days": 30}, "min": 2}]}},
    {"name": "asleep", "when": {"all": [{"kind": "recency", "min_days": 20}], "none": [{"kind": "birthday"}]}},
    {"name": "fruit", "when": {"all": [{"kind": "share", "of": "product", "one_of": ["apples"], "min_percent": 40}]}},
    {
        "name": "town",
        "when": {
            "any": [{"kind": "attribute", "name": "town", "one_of": ["Brno"]}, {"kind": "birthday"}]
        },
    },
]


def occasion(name: str, points: int, **trigger: Any) -> dict[str, Any]:
    return campaign(name, fixed(points), trigger=trigger)


CAMPAIGNS = [
    occasion("birthday", 1_000, kind="birthday"),
    occasion("soon", 1_100, kind="birthday", days_before=3),
    occasion("anniversary", 1_300, kind="anniversary"),
    occasion("monthly", 1_700, kind="schedule", at="09:30", monthly={"days": [1, 15]}),
    occasion("welcome", 1_900, kind="enrolled"),
    occasion("sorry", 2_300, kind="return"),
    occasion("reached", 2_900, kind="tier_reached", tier_set="status"),
    occasion("awake", 3_100, kind="segment_entered", segment="busy"),
    occasion("sleepy", 3_700, kind="segment_entered", segment="asleep"),
    occasion("woken", 4_100, kind="segment_left", segment="asleep"),
    campaign("often", fixed(7), when={"segments": ["busy"], "not_segments": ["fruit"]}),
    campaign("local", fixed(11), when={"segments": ["town"]}),
    campaign("near", fixed(13), when={"member": {"birthday": {"days_before": 5, "days_after": 5}}}),
    campaign("new", fixed(17), when={"member": {"enrolled": {"max_days": 60}}}),
    campaign(
        "brno", fixed(19), when={"member": {"attributes": [{"name": "town", "one_of": ["Brno"]}]}}
    ),
]


def rules(version: int, chosen: Sequence[int]) -> dict[str, Any]:
    """Points never lapse, and the tiers fall again with time."""
    found = document(version, *[CAMPAIGNS[at] for at in sorted(chosen)], sets=[SETS[0]])
    return found | {"segments": SEGMENTS}


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
        return call.kind == "schedule" or call.enrolled[0] <= since < call.enrolled[1]

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
        return Known(self.rules.day(since), days, tier, birthday=birthday, attributes=attributes)


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


def occasions(memory: Memory) -> int:
    return sum(
        1 for item in items_in(memory)
        if item.activity is not None and orjson_name(item.activity.facts).startswith(PREFIX)
    )  # fmt: skip


def orjson_name(facts: msgspec.Raw) -> str:
    name: str = msgspec.json.decode(bytes(facts))["activity"]
    return name


@given(CHOSEN, CHOSEN, LIVES)
@settings(max_examples=25, deadline=None)
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
@settings(max_examples=8, deadline=None)
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
