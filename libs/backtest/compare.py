"""A member under rules A and B: what each gives, where they part first, and what it adds to months and campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from heapq import merge
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from libs.backtest.agenda import in_time
from libs.backtest.brought import NOTHING, Judged, PaidBy
from libs.backtest.history import Item, Profile, Scheme
from libs.backtest.merges import NOBODY, Merges
from libs.backtest.replay import Judge
from libs.backtest.ruling import Ruling
from libs.backtest.standing import SEEN_TIER, Paths
from libs.backtest.steps import Step, in_order
from libs.judging.versions import RunningProgramme

Side = Literal["a", "b"]
_INSTANT = timedelta(microseconds=1)


class Rules(Struct, frozen=True):
    """The two sets of rules, and what is compared: what counts from `since` on and before `until`.

    `follows` is set where either side asks what members did before, or has tiers, segments or occasions: then what came
    before the range is judged too. `occurs` is set where either waits for occasions: then both find them anew. Until
    `told_until` tiers were those that people named (None: always). `merges` are those of the history.
    """

    a: Ruling
    b: Ruling
    scheme: Scheme
    since: datetime
    until: datetime
    zone: tzinfo
    follows: bool = False
    occurs: bool = False
    told_until: datetime | None = None
    merges: Merges = NOBODY

    @property
    def sides(self) -> tuple[RunningProgramme, RunningProgramme]:
        """The programmes of A, then of B."""
        return self.a.programme, self.b.programme

    @property
    def asks_members(self) -> bool:
        """Whether either side asks of members more than what they did and their tier."""
        return self.a.asks_members or self.b.asks_members

    @property
    def asked(self) -> frozenset[str]:
        """What is asked of members beside enrolments, tiers and lists."""
        return self.a.asked | self.b.asked

    def judges(
        self, used: Mapping[str, int] | None = None, profiles: Mapping[UUID, Profile] | None = None
    ) -> tuple[Judge, Judge]:
        """A judge for each side. `used` is what was used of limits before the first step that they judge."""
        a, b = [
            Judge(
                side,
                self.scheme,
                self.since,
                used,
                follow=self.follows,
                profiles=profiles,
                told_until=self.told_until,
                occurs_until=self.until if self.occurs else None,
                merges=self.merges,
            )
            for side in (self.a, self.b)
        ]
        return a, b

    def steps(self, items: Iterable[Item], judges: tuple[Judge, Judge], merges: Merges = NOBODY) -> Iterator[Step]:
        """All steps of items that come in their order, with merges and the occasions that either side comes to."""
        steps: Iterable[Step] = in_order(items, self.until)
        if merges.stored:
            steps = merge(steps, merges.steps(self.until), key=lambda step: step.order)
        return in_time(steps, judges) if self.occurs else iter(steps)


class Parting(Struct, frozen=True):
    """The first event by which a member has other points under B than under A."""

    at: datetime
    kind: str
    source: str
    id: str
    event_key: UUID
    points: tuple[dict[str, int], dict[str, int]]
    campaigns: tuple[list[str], list[str]]


class Campaign(Struct, array_like=True):
    """What a campaign paid a member in one wallet: the numerator of an exact amount, and how often."""

    side: int
    campaign: str
    wallet: str
    denominator: int
    amount: int = 0
    times: int = 0


class Month(Struct, array_like=True):
    """A local month in one wallet: points under A and B."""

    month: str
    wallet: str
    a: int = 0
    b: int = 0


class Wallet(Struct, array_like=True):
    """A member's points in one wallet: under A, under B, and as the books have them."""

    wallet: str
    a: int = 0
    b: int = 0
    recorded: int = 0


class Leaning(Struct):
    """How a member leans on limits that members share, under one set of rules.

    `asked` are the counters that were looked at, `gross` what was used of each with nothing given back, `limits` the
    lowest limit that was met.
    """

    asked: set[str] = msgspec.field(default_factory=set)
    gross: dict[str, int] = msgspec.field(default_factory=dict)
    limits: dict[str, int] = msgspec.field(default_factory=dict)


class Tally(Struct):
    """All that is told of one member.

    `tiers` are those that were recorded, `paths` those under A and B, by tier set, where they are judged anew.
    `occasions` says how many were found under A and under B, `lacking` how many points were really spent that the
    member did not have there.
    """

    member_id: UUID
    receipts: int = 0
    activities: int = 0
    wallets: dict[str, Wallet] = msgspec.field(default_factory=dict)
    parting: Parting | None = None
    tiers: list[str | None] = msgspec.field(default_factory=list)
    paths: tuple[Paths, Paths] | None = None
    months: dict[str, Month] = msgspec.field(default_factory=dict)
    campaigns: dict[str, Campaign] = msgspec.field(default_factory=dict)
    leaning: tuple[Leaning, Leaning] = msgspec.field(default_factory=lambda: (Leaning(), Leaning()))
    prior: dict[str, int] = msgspec.field(default_factory=dict)
    occasions: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    lacking: list[int] = msgspec.field(default_factory=lambda: [0, 0])

    @property
    def paths_by_side(self) -> tuple[Paths, Paths]:
        """The tiers under A and under B; where they are not judged anew, those that were recorded."""
        recorded: Paths = {SEEN_TIER: self.tiers or [None]}
        return self.paths or (recorded, recorded)

    @property
    def is_told(self) -> bool:
        """Whether anything of the member lies in the range, and not only before it."""
        return bool(self.receipts or self.activities or any(self.occasions))


class Tallying:
    """Adds up what steps bring to one member."""

    def __init__(self, member_id: UUID, rules: Rules) -> None:
        self.tally = Tally(member_id)
        self._rules = rules
        self._own = f"|{member_id}"

    def before(self, item: Item) -> None:
        """Note what an item from before the range has used of limits."""
        for key, points in item.uses().items():
            self.tally.prior[key] = self.tally.prior.get(key, 0) + points

    def shared(self, keys: Iterable[str]) -> list[str]:
        """Those of the counters that are not the member's own."""
        return [key for key in keys if not key.endswith(self._own)]

    def add(self, step: Step, judged: tuple[Judged, Judged]) -> None:
        """Add a step."""
        tally, a, b = self.tally, judged[0].points, judged[1].points
        if step.occasion is not None:
            tally.occasions = [had + has for had, has in zip(tally.occasions, step.sides, strict=True)]
        elif step.number == 0:
            self._begin(step.item)
        month = ""
        for wallet in sorted(a.keys() | b.keys()):
            month = month or step.at.astimezone(self._rules.zone).isoformat()[:7]
            given = tally.months.setdefault(f"{month}|{wallet}", Month(month, wallet))
            given.a += a.get(wallet, 0)
            given.b += b.get(wallet, 0)
            total = tally.wallets.setdefault(wallet, Wallet(wallet))
            total.a += a.get(wallet, 0)
            total.b += b.get(wallet, 0)
        for side, each in enumerate(judged):
            self._campaigns(side, each.paid)
        if tally.parting is None and a != b:
            paid = (sorted({key[0] for key in each.paid}) for each in judged)
            source, name = step.source_and_id()
            tally.parting = Parting(
                step.at, step.kind, source, name, step.event_key, (dict(a), dict(b)), (next(paid), next(paid))
            )

    def judge(self, step: Step, judges: tuple[Judge, Judge]) -> None:
        """Have a step judged by both sides, and add it, if it belongs to the range."""
        a, b = [_judged(judge, step) if has else NOTHING for judge, has in zip(judges, step.sides, strict=True)]
        if step.item.at >= self._rules.since:
            self.add(step, (a, b))
        self.lean(0, judges[0], a)
        self.lean(1, judges[1], b)

    def end(self, judges: tuple[Judge, Judge]) -> None:
        """Add what time does to the tiers until the range ends."""
        self.tally.lacking = [judge.lacking(self.tally.member_id) for judge in judges]
        if self.tally.is_told:
            a, b = [judge.path(self.tally.member_id, self._rules.until - _INSTANT) for judge in judges]
            if a is not None and b is not None:
                self.tally.paths = a, b

    def lean(self, side: int, judge: Judge, judged: Judged) -> None:
        """Note which shared limits a step leaned on; empties what the judge was asked."""
        if not judge.counters.asked and not judged.uses:
            return
        leaning = self.tally.leaning[side]
        leaning.asked.update(self.shared(judge.counters.asked))
        judge.counters.asked.clear()
        for key in self.shared(judged.uses):
            leaning.gross[key] = leaning.gross.get(key, 0) + max(judged.uses[key], 0)
            limit = judged.limits[key]
            leaning.limits[key] = min(limit, leaning.limits.get(key, limit))

    def _begin(self, item: Item) -> None:
        tally = self.tally
        if item.receipt is not None:
            tally.receipts += 1
        else:
            tally.activities += 1
        if not tally.tiers or tally.tiers[-1] != item.tier:
            tally.tiers.append(item.tier)
        for wallet, points in item.recorded().items():
            tally.wallets.setdefault(wallet, Wallet(wallet)).recorded += points

    def _campaigns(self, side: int, paid: Mapping[PaidBy, int]) -> None:
        for (campaign, wallet, denominator), amount in paid.items():
            name = f"{side}|{campaign}|{wallet}|{denominator}"
            known = self.tally.campaigns.setdefault(name, Campaign(side, campaign, wallet, denominator))
            known.amount += amount
            known.times += amount > 0


def replay_member(rules: Rules, member_id: UUID, items: Sequence[Item], profile: Profile | None = None) -> Tally:
    """Judge one member's items, in their order, as if nobody else used of shared limits.

    A plain function over plain values: what runs it, in which process and in which order, makes no difference.
    """
    tallying = Tallying(member_id, rules)
    if not rules.follows:
        for item in items:
            if item.at < rules.since:
                tallying.before(item)
        items = [item for item in items if item.at >= rules.since]
    judges = rules.judges(tallying.tally.prior, None if profile is None else {member_id: profile})
    for step in rules.steps(items, judges):
        tallying.judge(step, judges)
    tallying.end(judges)
    return tallying.tally


def _judged(judge: Judge, step: Step) -> Judged:
    judge.begin(step)
    return judge.step(step)


def by_member(items: Iterable[Item]) -> list[tuple[UUID, list[Item]]]:
    """Items of each member in their order; members by id."""
    found: dict[UUID, list[Item]] = {}
    for item in items:
        found.setdefault(item.member_id, []).append(item)
    return [(member_id, sorted(found[member_id], key=lambda item: item.order)) for member_id in sorted(found)]


def judge_members(rules: Rules, items: Iterable[Item], profiles: Mapping[UUID, Profile]) -> Iterator[Tally]:
    """Judge the items of several members, each apart: all that a chunk or a partition needs. Members come by id.

    Where rules wait for occasions, members who never did anything may have some too.
    """
    found, merges = dict(by_member(items)), rules.merges
    members = found.keys() | profiles.keys() if rules.occurs else found.keys()
    together: dict[UUID, Tally] = {}
    for member_id in sorted(members):
        if member_id not in merges.homes:
            yield replay_member(rules, member_id, found.get(member_id, ()), profiles.get(member_id))
            continue
        if member_id not in together:
            group = merges.together([member_id])
            items = sorted((item for each in group for item in found.get(each, ())), key=lambda item: item.order)
            known = {each: profiles[each] for each in group if each in profiles}
            together |= replay_together(rules, items, {}, known, merges.of(group))
        yield together.get(member_id) or Tally(member_id)


def replay_together(
    rules: Rules,
    items: Iterable[Item],
    prior: Mapping[str, int],
    profiles: Mapping[UUID, Profile],
    merges: Merges,
) -> dict[UUID, Tally]:
    """Judge the items of several members, which come in their order, with what all of them use of shared limits.

    `prior` is what was used of shared counters before the range, by these members or by others. Where rules wait for
    occasions, those of `profiles` have some too.
    """
    judges = rules.judges(prior, profiles)
    tallyings: dict[UUID, Tallying] = {}

    def of(member_id: UUID) -> Tallying:
        tallying = tallyings.get(member_id)
        if tallying is None:
            tallying = tallyings[member_id] = Tallying(member_id, rules)
        return tallying

    def in_range() -> Iterator[Item]:
        for item in items:
            tallying = of(item.member_id)
            if rules.follows or item.at >= rules.since:
                yield item
                continue
            tallying.before(item)
            shared = set(tallying.shared(item.uses()))
            for key, points in item.uses().items():
                if key not in shared:
                    for judge in judges:
                        judge.counters[key] = judge.counters.get(key, 0) + points

    for step in rules.steps(in_range(), judges, merges):
        if step.merge is None:
            of(step.item.member_id).judge(step, judges)
            continue
        for judge in judges:
            judge.merge(step.merge[0], step.at, joins=step.merge[1])
    for tallying in tallyings.values():
        tallying.end(judges)
    return {member_id: tallying.tally for member_id, tallying in tallyings.items()}


write_tallies = msgspec.json.Encoder().encode_lines
read_tallies = msgspec.json.Decoder(Tally).decode_lines
