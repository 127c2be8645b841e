"""What is replayed: a member's receipts and activities as earning took them in, and the rules and rates around them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from libs.history.needs import needs_of, together
from libs.judging.versions import RunningProgramme, activate, segmented
from libs.ledger.late import effective_time
from libs.promotions.pages import StoredDecision
from libs.promotions.rates import Rates
from libs.receipts.decided import story_of
from libs.receipts.story import Story, first_content

PERSONAL = ("attributes", "birthday")
SPENDING = "spending"


class Activity(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An activity: its event, its payload in canonical JSON, the member's tier, and what was decided about it.

    `profile` numbers the state of the member's profile that it was judged by (None: nobody asked), `switches` are the
    kill switches that were off.
    """

    source: str
    id: str
    arrived_at: datetime
    tier: str | None
    facts: msgspec.Raw
    recorded: tuple[tuple[str, int], ...] = ()
    uses: tuple[tuple[str, int], ...] = ()
    profile: int | None = None
    switches: tuple[str, ...] | None = None


class Item(msgspec.Struct, frozen=True, array_like=True):
    """A receipt with its story, or an activity, of one member.

    `at` is when it counts from: of a receipt the first content that is known. `key` is the receipt's, or the event's.
    """

    member_id: UUID
    at: datetime
    key: UUID
    receipt: Story | None = None
    activity: Activity | None = None

    @property
    def order(self) -> tuple[datetime, bytes]:
        """By time, then key: the same wherever the history was read from."""
        return self.at, self.key.bytes

    @property
    def tier(self) -> str | None:
        """The member's tier when it was decided."""
        return self.receipt.tier if self.receipt is not None else self.activity.tier if self.activity else None

    def recorded(self) -> dict[str, int]:
        """What the member really has of it, by wallet: credited, less what was settled since."""
        if self.activity is not None:
            return dict(self.activity.recorded)
        return {} if self.receipt is None else {each.wallet: each.standing for each in self.receipt.accounts}

    def uses(self) -> dict[str, int]:
        """What it really used of limits, by counter."""
        if self.activity is not None:
            return dict(self.activity.uses)
        return {} if self.receipt is None else {key: points for key, points, _ in self.receipt.uses}


class Word(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person said a member's tier: when that was taken up, with which event, and the tier."""

    at: datetime
    cause: UUID
    tier: str


class State(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A state of what members say of themselves: its number, since when it was known, the birthday as month and day."""

    revision: int
    recorded_at: datetime
    birthday: tuple[int, int] | None = None
    attributes: dict[str, str | int | bool] = {}


class Move(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was done with points and is not judged again: below 0 they went, above 0 they came, with these dates."""

    at: datetime
    wallet: str
    points: int
    active_from: datetime | None = None
    expires_at: datetime | None = None


class Redeemed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """From when on a redemption counts on a day (`by` 1), or counts there no more (-1)."""

    at: datetime
    day: date
    by: int


class ListTurn(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A member came on a static list, or left it.

    `seen` is set where it was seen as it happened, because the programme named the list; else a list only says since
    when somebody is on it.
    """

    at: datetime
    list: str
    entered: bool = True
    seen: bool = True


class StoredMerge(msgspec.Struct, frozen=True, array_like=True):
    """A member was merged into another; until an undoing (None: it stands) what either does is the survivor's."""

    member_id: UUID
    survivor_id: UUID
    at: datetime
    undone_at: datetime | None = None


class Profile(msgspec.Struct, frozen=True, array_like=True):
    """Of a member what receipts and activities do not tell: when it enrolled, and tiers that people named, in order.

    `lists` are the static lists that the member is on now, `turns` when it came on lists and left them, in order;
    `told_at` says when the platform heard of the enrolment. `states` are personal: they are there only where they were
    asked for. So are `moves` and `redeemed`, which tell, in order, what was done with points.
    """

    member_id: UUID
    enrolled_at: datetime
    words: tuple[Word, ...] = ()
    told_at: datetime | None = None
    lists: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    turns: tuple[ListTurn, ...] = ()
    moves: tuple[Move, ...] = ()
    redeemed: tuple[Redeemed, ...] = ()


class StoredVersion(msgspec.Struct, frozen=True):
    """A version of a programme: its document, and the instant from which it holds."""

    version: int
    active_from: datetime
    document: dict[str, Any]


class StoredRate(msgspec.Struct, frozen=True):
    """A version of a currency's rate."""

    currency: str
    version: int
    rate_e9: int
    valid_from: datetime


class StoredTurn(msgspec.Struct, frozen=True):
    """A kill switch by its name: off from an instant until another (None: it still is)."""

    switch: str
    off_at: datetime
    on_at: datetime | None = None


class Scheme(msgspec.Struct, frozen=True):
    """The programme that a history belongs to, as it was known when the history was read.

    `turns` are those of kill switches; `first` is when the first member enrolled (None: nobody has); `merges` come in
    the order of time.
    """

    tenant: str
    programme: str
    zone: str
    currency: str
    versions: tuple[StoredVersion, ...]
    rates: tuple[StoredRate, ...] = ()
    turns: tuple[StoredTurn, ...] = ()
    first: datetime | None = None
    merges: tuple[StoredMerge, ...] = ()

    def running(self, versions: Iterable[StoredVersion]) -> RunningProgramme:
        """The programme by some versions, compiled, with this scheme's rates.

        Raises:
            libs.promotions.document.ProgrammeInvalid: a document is none.
        """
        active = tuple([activate(each.active_from, each.document) for each in versions])
        needs = together([needs_of(version.compiled.source) for version in active])
        rates = Rates([(each.currency, each.version, each.rate_e9, each.valid_from) for each in self.rates])
        counts = any(version.counts_members for version in active)
        pends = any(version.pends for version in active)
        return RunningProgramme(
            0,
            0,
            self.tenant,
            self.programme,
            active,
            counts,
            pends,
            rates,
            history=needs,
            knows=any(version.compiled.needs.profile for version in active),
            **segmented(active),
        )

    def switches_at(self, at: datetime) -> tuple[str, ...]:
        """The kill switches that were off at an instant."""
        off = {turn.switch for turn in self.turns if turn.off_at <= at and (turn.on_at is None or at < turn.on_at)}
        return tuple(sorted(off))

    @property
    def told_until(self) -> datetime | None:
        """Until when only people said what tier a member has, for no version's tier set did; None for always."""
        driven = [each.active_from for each in self.versions if _drives(each.document)]
        return min(driven, default=None)


def _drives(document: Mapping[str, Any]) -> bool:
    return any(each.get("drives_tier") for each in document.get("tier_sets", ()))


@dataclass(frozen=True, slots=True)
class Portion:
    """Some items of a history, and how far the reader is: `done` of its `total`, whatever it counts by."""

    items: Sequence[Item]
    done: int


class History(Protocol):
    """A history to read once, in portions and in any order; every item comes once. What is nobody's is not in it."""

    @property
    def scheme(self) -> Scheme:
        """The programme, its versions and rates."""

    @property
    def total(self) -> int:
        """How much there is to read, as `Portion.done` counts."""

    @property
    def personal(self) -> Collection[str]:
        """What it can tell of profiles: of `PERSONAL`."""

    async def size(self, since: datetime) -> int:
        """About how many items count from an instant on."""

    def portions(self, since: datetime, until: datetime) -> AsyncIterator[Portion]:
        """Read the items that count from `since` on and before `until`, aware instants."""

    def profiles(self, asked: Collection[str]) -> AsyncIterator[Sequence[Profile]]:
        """Read what is known of each member, some at a time; every member comes once.

        `asked` names what else is read: what states have, attributes and birthday, and with `SPENDING` what was done
        with points.
        """


def receipt_item(key: UUID, story: Story) -> Item | None:
    """A receipt by its story; None when nobody has it, or nothing of it is known but a return."""
    first = first_content(story)
    if story.owner is None or first is None:
        return None
    return Item(story.owner, effective_time(first.at, first.arrived_at).instant, key, receipt=story)


def plain_item(key: UUID, decision: StoredDecision) -> Item | None:
    """A plain purchase by its decision; None when nobody has it."""
    return receipt_item(key, story_of(decision))


def activity_item(decision: StoredDecision) -> Item | None:
    """An activity by its decision; None when nobody is known to have done it."""
    if decision.member_id is None:
        return None
    recorded: dict[str, int] = {}
    for lot in decision.lots:
        recorded[lot.wallet] = recorded.get(lot.wallet, 0) + lot.points
    uses = decision.evaluation.uses if decision.evaluation is not None and decision.lots else ()
    did = Activity(
        decision.source,
        decision.id,
        decision.arrived_at,
        decision.tier,
        decision.facts,
        tuple(sorted(recorded.items())),
        tuple([(use.key, use.points) for use in uses]),
        decision.profile,
        decision.switches,
    )
    return Item(decision.member_id, decision.judged_at, decision.key, activity=did)


write_items = msgspec.json.Encoder().encode_lines
read_items = msgspec.json.Decoder(Item).decode_lines
write_profiles = msgspec.json.Encoder().encode_lines
read_profiles = msgspec.json.Decoder(Profile).decode_lines
