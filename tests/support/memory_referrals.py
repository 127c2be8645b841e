"""Referrals as plain dictionaries, for `tests.support.memory`, in the place of `services.earning.referral_store`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from libs.lives.life import MemberName
from libs.receipts.story import Story, read_story, write_story
from services.earning.referral_store import Code, Event
from services.earning.referrals import Change, Pair, Referrals, Referred

if TYPE_CHECKING:
    from tests.support.memory import Memory


@dataclass
class ReferralTables:
    """The tables; what is handed out is a copy, so that a transaction that is dropped changes nothing."""

    codes: dict[Code, UUID] = field(default_factory=dict)
    rows: dict[MemberName, Referred] = field(default_factory=dict)
    changes: dict[tuple[MemberName, int], Change] = field(default_factory=dict)
    accounts: dict[MemberName, bytes] = field(default_factory=dict)
    marks: dict[tuple[MemberName, str], None] = field(default_factory=dict)
    waiting: dict[MemberName, UUID] = field(default_factory=dict)
    same: dict[frozenset[UUID], None] = field(default_factory=dict)

    def copy(self) -> ReferralTables:
        """The same tables, to go back to."""
        return ReferralTables(**{name: table.copy() for name, table in vars(self).items()})


async def _owners_of_codes(memory: Memory, codes: Sequence[Code]) -> dict[Code, UUID]:
    return {code: memory.referrals.codes[code] for code in codes if code in memory.referrals.codes}


async def _load_rows(memory: Memory, friends: Sequence[MemberName], referrers: Sequence[MemberName]) -> list[Referred]:
    return [
        replace(row)
        for name, row in memory.referrals.rows.items()
        if name in friends or (*name[:2], row.claim.referrer) in referrers
    ]


async def _load_pairs(memory: Memory, pairs: Sequence[tuple[MemberName, UUID]]) -> dict[tuple[MemberName, UUID], Pair]:
    tables, found = memory.referrals, {}
    for name, referrer in pairs:
        others = {referrer} | {row.claim.friend for row in tables.rows.values() if row.claim.referrer == referrer}
        own = {mark for member, mark in tables.marks if member == name}
        theirs = {mark for member, mark in tables.marks if member[2] in others - {name[2]}}
        shared = tuple({mark.partition(":")[0] for mark in own & theirs})
        asked = {each[2] for each, _ in pairs} - {name[2]}
        beside = tuple(
            (mark.partition(":")[0], member[2]) for member, mark in tables.marks if member[2] in asked and mark in own
        )
        tied = frozenset((name[2], referrer)) in tables.same
        found[name, referrer] = Pair(memory.enrolled[name], tied, shared, beside)
    return found


async def _load_accounts(memory: Memory, members: Sequence[MemberName]) -> dict[MemberName, Story]:
    accounts = memory.referrals.accounts
    return {name: read_story(accounts[name]) for name in members if name in accounts}


async def _load_events(memory: Memory, members: Mapping[MemberName, datetime]) -> list[Event]:
    of = {name[2]: (name, ends) for name, ends in members.items()}
    found = []
    for (_, key), decision in memory.decisions().items():
        if decision is not None and decision.member_id in of:
            name, ends = of[decision.member_id]
            if decision.occurred_at <= ends:
                found.append(Event(*name, key, memory.inbox[name[0], key][1]))
    return found


async def _load_stories(memory: Memory, receipts: Sequence[tuple[int, UUID]]) -> dict[tuple[int, UUID], Story]:
    return {name: read_story(row.story) for name in receipts if (row := memory.receipts[name]).story is not None}


async def _save_referrals(memory: Memory, now: datetime, referrals: Referrals) -> None:
    tables = memory.referrals
    tables.rows |= {name: replace(row) for name, row in referrals.changed.items()}
    for change in referrals.changes:
        name = (change.name, change.number)
        assert name not in tables.changes
        assert change.number == 1 or (change.name, change.number - 1) in tables.changes, "numbers have no gap"
        tables.changes[name] = change
    tables.accounts |= {name: write_story(case.story) for name, case in referrals.settled.items()}
    tables.waiting |= referrals.waiting


async def _save_marks(memory: Memory, now: datetime, marks: Iterable[tuple[MemberName, str]]) -> None:
    memory.referrals.marks |= dict.fromkeys(marks)


async def _save_same(memory: Memory, now: datetime, pairs: Sequence[tuple[MemberName, UUID]]) -> None:
    memory.referrals.same |= {frozenset((name[2], other)): None for name, other in pairs}


DOUBLES: Mapping[str, Any] = {
    "owners_of_codes": _owners_of_codes,
    "load_rows": _load_rows,
    "load_pairs": _load_pairs,
    "load_accounts": _load_accounts,
    "load_events": _load_events,
    "load_stories": _load_stories,
    "save_referrals": _save_referrals,
    "save_marks": _save_marks,
    "save_same": _save_same,
}
