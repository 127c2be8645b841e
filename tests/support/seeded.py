"""What shops say of a few members and their receipts, drawn from a seed: the material of simulations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

from libs.history.needs import Needs, needs_of
from libs.judging.programmes import Programmes, by_prefix
from libs.judging.versions import RunningProgramme, activate
from libs.promotions.document import parse_programme
from libs.promotions.history import EVER
from tests.support.brokerless import ACTIVITIES, Sent
from tests.support.lives import activity, adjusted, claimed, corrected, returned, voided
from tests.support.receipts import PROFILES, Record, event, line, purchase

BEGIN = datetime(2026, 11, 3, 8, tzinfo=UTC)
CLOCK = "/pointstream/acme/main/clock"
HOUR = timedelta(hours=1)
_PENDING: tuple[dict[str, Any] | None, ...] = (
    None,
    {"kind": "after", "days": 2},
    {"kind": "event", "activities": ["delivered"], "deadline_days": 4},
)


_TIERS: dict[str, Any] = {
    "name": "status",
    "levels": [
        {"name": "bronze"},
        {"name": "silver", "needs": {"spend_minor": 8_000}},
        {"name": "gold", "needs": {"spend_minor": 20_000, "visits": 3}},
    ],
    "window": {"kind": "rolling", "days": 3},
    "holds": {"kind": "period_end", "period": "month"},
    "grace_days": 2,
    "drives_tier": True,
    "warn_days": 9,
}
_STARS: dict[str, Any] = {
    "name": "stars",
    "levels": [
        {"name": "one", "needs": {"points": 40, "activities": 1}},
        {"name": "two", "needs": {"points": 150, "activities": 2, "tier_points": 20}},
    ],
    "match": "any",
    "wallets": ["points"],
    "activities": ["letter"],
    "window": {"kind": "rolling", "days": 5},
    "holds": {"kind": "while_met"},
    "warn_days": 2,
}


@cache
def programmes(pending: int, *, limits: bool, history: bool = False) -> Programmes:
    """A programme of two wallets: `points` with one way of holding back, `status` that never lapses.

    With `history` it has tiers, which depend on what members did before, and points that depend on them.
    """
    campaigns: list[dict[str, Any]] = [
        _campaign("base", {"kind": "per_amount", "points": 1, "per_minor": 100}),
        _campaign("big", {"kind": "fixed", "points": 50}, when={"min_total_minor": 10_000}),
        _campaign("status", {"kind": "per_amount", "points": 1, "per_minor": 1_000, "wallet": "status"}),
        _campaign("letter", {"kind": "fixed", "points": 7}, trigger={"kind": "activity", "activity": "letter"}),
        _campaign("coffee", {"kind": "fixed", "points": 25}, when={"skus": ["coffee"]}),
        _campaign("draw", {"kind": "lottery_ticket", "reference": "draw", "per_minor": 2_000}),
        _campaign("fan", {"kind": "badge", "reference": "fan"}, trigger={"kind": "activity", "activity": "letter"}),
        _campaign("coupon", {"kind": "fixed", "points": 11}, when={"codes": ["spring"]}),
    ]
    if history:
        climb = {"kind": "tier_points", "tier_set": "stars"}
        letter = {"kind": "activity", "activity": "letter"}
        campaigns.append(_campaign("climb", climb | {"points": 3, "per_minor": 1_000}))
        campaigns.append(_campaign("wrote", climb | {"points": 5}, trigger=letter))
    if limits:
        campaigns[4]["limits"] = [{"scope": "campaign", "period": "ever", "points": 60}]
        campaigns[0]["limits"] = [{"scope": "member", "period": "day", "points": 120}]
        campaigns[1]["limits"] = [{"scope": "store", "period": "day", "points": 100}]
        campaigns[2]["limits"] = [{"scope": "member", "period": "month", "points": 15}]
        campaigns[5]["limits"] = [{"scope": "member", "period": "week", "times": 2}, {"period": "ever", "times": 9}]
        campaigns[6]["limits"] = [{"scope": "member", "period": "ever", "times": 1}]
    document = {
        "version": 1,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "rounding": "floor",
        "wallets": [
            {
                "name": "points",
                "expiry": {"kind": "natural", "period": "month" if limits else "quarter", "extra_periods": 0},
                "pending": _PENDING[pending],
            },
            {"name": "status", "expiry": {"kind": "never"}},
        ],
        "campaigns": campaigns,
        "limits": [{"scope": "member", "period": "month", "points": 300}, {"period": "ever", "points": 2_000}]
        if limits
        else [],
    }
    if history:
        document["tier_sets"] = [_TIERS, _STARS]
    needs = needs_of(parse_programme(document))
    version = activate(datetime(2020, 1, 1, tzinfo=UTC), document)
    running = RunningProgramme(
        1,
        1,
        "acme",
        "main",
        (version,),
        counts_members=version.counts_members,
        pends=version.pends,
        history=None if needs is None else Needs((*needs.windows, EVER), by_category=True),
    )
    return by_prefix([("/acme/pos", (1, 1))], {(1, 1): running})


def _campaign(name: str, effect: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "state": "live", "effect": effect} | rest


def member(number: int) -> UUID:
    """The id of a member."""
    return UUID(int=number)


def profile(name: str, number: int, time: datetime, **data: Any) -> Record:
    """An enrolment of a member by cards, or (`add`, `remove`, `move`) an update."""
    kind = "enrolled" if "identifiers" in data else "updated"
    cards = {what: [{"kind": "card", "value": card} for card in values] for what, values in data.items()}
    payload = {"member_id": str(member(number)), "tier": None} | cards
    if kind == "updated":
        payload = {"add": [], "remove": [], "move": []} | payload
    return event(
        PROFILES, f"org.pointstream.member.{kind}.v1", name, "/acme/pos", time, str(member(number)), payload
    )  # fmt: skip


def due(name: str, number: int, time: datetime) -> Record:
    """The clock's word that something has come for a member."""
    data = {"member_id": str(member(number)), "due_at": time}
    return event(
        ACTIVITIES, "org.pointstream.member.due.v1", name, CLOCK, time, str(member(number)), data
    )  # fmt: skip


class Dealings:
    """Everything that is said in one simulation, in the order of its own time.

    When `tame`, the end does not depend on who came first: no limits, nobody takes a card over, nobody takes points
    out, and a receipt is claimed only where that is all that is said of whose it is.
    """

    def __init__(self, seed: int, *, tame: bool) -> None:
        self.random = Random(seed)
        self.tame = tame
        self.members = list(range(1, self.random.randint(2, 4) + 1))
        self.programmes = programmes(self.random.randrange(3), limits=not tame, history=seed % 3 == 1)
        self.said = sorted(self._all(), key=lambda each: each.at)

    def _all(self) -> Iterator[Sent]:
        for number in self.members:
            yield from self._profiles(number)
        for number in range(self.random.randint(4, 12)):
            yield from self._receipt(f"R-{number}")
        for number in range(self.random.randint(0, 4)):
            points = self.random.choice([5, 40] if self.tame else [5, 40, -10, -60, -200])
            whose = member(self.random.choice(self.members))
            yield self._sent(lambda at, n=number, p=points, w=whose: adjusted(f"A-{n}", w, p, time=at))
        for number in range(self.random.randint(0, 3)):
            card = f"{self.random.choice(self.members)}a"
            yield self._sent(lambda at, n=number, c=card: activity(f"L-{n}", "letter", card=c, time=at))

    def _sent(self, make: Any, after: int = 0) -> Sent:
        """Something said at a time of its own, to the minute, and never twice at the same."""
        at = BEGIN + timedelta(minutes=self.random.randrange(after, 8 * 24 * 60), seconds=self.random.randrange(60))
        at += timedelta(microseconds=self.random.randrange(1_000_000))
        return Sent(make(at), at)

    def _card(self) -> str:
        return f"{self.random.choice(self.members)}{self.random.choice('ab')}"

    def _profiles(self, number: int) -> Iterator[Sent]:
        # The wild may be enrolled late; of the tame, adjustments and claims must find the member.
        enrolled = profile(f"E-{number}", number, BEGIN, identifiers=[f"{number}a"])
        yield (
            Sent(enrolled, BEGIN)
            if self.tame
            else self._sent(lambda at: profile(f"E-{number}", number, at, identifiers=[f"{number}a"]))
        )
        yield self._sent(lambda at: profile(f"U-{number}", number, at, add=[f"{number}b"]))
        if self.tame:
            return
        for turn in range(self.random.randint(0, 2)):
            change, card = self.random.choice(["move", "move", "remove", "add"]), self._card()
            yield self._sent(
                lambda at, t=turn, what=change, c=card: profile(f"M-{number}-{t}", number, at, **{what: [c]})
            )

    def _goods(self) -> list[dict[str, Any]]:
        return [
            line(what, self.random.randint(0, 9_000), quantity=self.random.randint(1, 4))
            for what in self.random.choices(["any", "coffee"], k=self.random.randint(1, 3))
        ]

    def _receipt(self, number: str) -> Iterator[Sent]:
        random, goods = self.random, self._goods()
        card = None if random.random() < 0.25 else self._card()
        bought = self._sent(lambda at: purchase(number, goods, card=card, time=at))
        yield bought
        after = int((bought.at - BEGIN).total_seconds() // 60)
        for turn in range(random.choice([0, 0, 1, 1, 2, 4])):
            yield self._sent(self._further(number, turn, bought.at, card), after=0 if random.random() < 0.1 else after)
        claims = random.randint(0, 1 if self.tame else 2) if card is None or not self.tame else 0
        for turn in range(claims):
            whose = member(random.choice(self.members))
            yield self._sent(lambda at, t=turn, w=whose: claimed(f"K-{number}-{t}", number, w, time=at))
        if random.random() < 0.3:
            yield self._sent(
                lambda at: activity(f"D-{number}", "delivered", card=None, time=at, receipt_number=number, store="1")
            )

    def _further(self, number: str, turn: int, bought: datetime, card: str | None) -> Any:
        name, goods = f"F-{number}-{turn}", self._goods()
        kinds = ["return", "return"]
        if card is not None or not self.tame:
            kinds += ["correction", "again", "void"]  # a void would let a claim fall that came after it
        other = card if card is None or self.random.random() < 0.5 else self._card()
        if not self.tame and self.random.random() < 0.2:
            other = None
        match self.random.choice(kinds):
            case "correction":
                return lambda at: corrected(name, number, goods, time=at, purchased_at=bought, card=other)
            case "again":
                return lambda at: purchase(number, goods, card=other, time=at, source=f"/acme/pos/1/{turn + 2}")
            case "void":
                return lambda at: voided(name, number, time=at)
        lines = [
            {"line": self.random.randint(1, 4), "quantity": self.random.choice([None, 1, 2])}
            for _ in range(self.random.randint(0, 2))
        ]
        amount = self.random.choice([None, None, 500])
        return lambda at: returned(name, number, lines, amount=amount, time=at)


class Delivery:
    """How what was said arrives: in which order, how late, how often, by which clock, in which batches."""

    def __init__(self, random: Random, said: Sequence[Sent]) -> None:
        self.random = random
        late = [random.choice([0, 0, 1, 30, 100]) if each.at > BEGIN else 0 for each in said]
        stamped = [each._replace(at=each.at + hours * HOUR) for each, hours in zip(said, late, strict=True)]
        stamped.sort(key=lambda each: each.at)
        self.steps = list(self._steps(stamped))

    @property
    def end(self) -> datetime:
        """When the last of it arrives."""
        return self.steps[-1][1]

    def _steps(self, stamped: Sequence[Sent]) -> Iterator[tuple[Sent, datetime]]:
        """Each record and when it is taken; partitions stand still now and then, and some records come again."""
        taken = [(each.at + self.random.choice([0, 0, 0, 2, 50]) * HOUR * (each.at > BEGIN), each) for each in stamped]
        taken += [(at + self.random.randint(0, 60) * HOUR, each) for at, each in taken if self.random.random() < 0.15]
        taken.sort(key=lambda each: each[0])
        now = taken[0][0]
        for at, each in taken:
            if self.random.random() < 0.4:  # else the worker takes it with the one before
                now = max(now, at)
            yield each, max(now, each.at)

    def cut(self, random: Random, alone: float) -> Iterator[tuple[list[Sent], datetime]]:
        """The same in batches of one topic and one instant, each record by itself with a chance of `alone`."""
        batch: list[Sent] = []
        moment = self.steps[0][1]
        for each, now in self._in_order():
            same = batch and batch[0].record.topic == each.record.topic and now == moment
            if batch and (not same or each.record.topic == PROFILES or random.random() < alone):
                yield batch, moment
                batch = []
            batch.append(each)
            moment = now
        yield batch, moment

    def _in_order(self) -> Iterator[tuple[Sent, datetime]]:
        latest = self.steps[0][1]
        for each, now in self.steps:
            latest = max(latest, now)
            yield each, latest
