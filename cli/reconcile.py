"""Comparing a file of members with the ledger: who is there, what they brought, and why something is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from cli import letters
from cli.member_events import Newcomers
from cli.member_rows import Newcomer
from cli.programmes import Programme
from libs.contracts.headers import headers_of
from libs.contracts.rejection import Rejection
from libs.intake.events import Prepared
from libs.runtime import sql
from libs.runtime.keys import event_key
from libs.runtime.seal import Seal

_QUERIES = sql.load("cli", "import_members.sql")
_AT_ONCE = 2_000
_MOST_MISSING = 1_000
_MOST_LETTERS = 10_000
_UNTAKEN = "refused before it was decided; see `pointstream dlq list`"
_REFUSED = "decided, and not granted; see its receipt in the API"


class Missing(NamedTuple):
    """One thing of the file that the ledger does not have."""

    member_id: UUID
    what: str
    points: int
    why: str


@dataclass(slots=True)
class Reconciliation:
    """What the file says and what the ledger has: members, and points by wallet in its minor unit."""

    members_in_file: int = 0
    members_in_ledger: int = 0
    points_in_file: Counter[str] = field(default_factory=Counter)
    points_in_ledger: Counter[str] = field(default_factory=Counter)
    missing: list[Missing] = field(default_factory=list)
    """The first of them; the differences count all."""

    @property
    def even(self) -> bool:
        """Whether file and ledger agree."""
        return self.members_in_file == self.members_in_ledger and self.points_in_file == self.points_in_ledger

    def described(self) -> dict[str, Any]:
        """The same in what JSON has."""
        return {
            "members": _pair(self.members_in_file, self.members_in_ledger),
            "wallets": {
                name: _pair(points, self.points_in_ledger[name]) for name, points in self.points_in_file.items()
            },
            "missing": [{**each._asdict(), "member_id": str(each.member_id)} for each in self.missing],
        }


def _pair(file: int, ledger: int) -> dict[str, int]:
    return {"file": file, "ledger": ledger, "difference": file - ledger}


class Comparison:
    """Compares the members of a file, some at a time; `reasons` are those of refused events, by their key."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        where: Programme,
        newcomers: Newcomers,
        source: str,
        reasons: Mapping[UUID, str],
    ) -> None:
        self._connection = connection
        self._where = where
        self._newcomers = newcomers
        self._source = source
        self._reasons = reasons
        self.found = Reconciliation()

    async def all(self, members: Iterator[Newcomer], seen: Callable[[int], None]) -> Reconciliation:
        """Compare everybody; `seen` is told how many are done."""
        while some := list(islice(members, _AT_ONCE)):
            await self._some(some)
            seen(self.found.members_in_file)
        return self.found

    async def _some(self, members: Sequence[Newcomer]) -> None:
        found, scope = self.found, (self._where.tenant_id, self._where.programme_id)
        ids = [member.member_id for member in members]
        there = {row[0] for row in await self._connection.fetch(_QUERIES["enrolled"], *scope, ids)}
        openings = [(member, *each) for member in members for each in self._newcomers.openings(member)]
        keys = [event_key(self._source, name) for _, name, _, _ in openings]
        rows = await self._connection.fetch(_QUERIES["opened"], *scope, ids, keys)
        amounts: dict[UUID, int] = {row["cause"]: row["amount"] for row in rows}
        found.members_in_file += len(members)
        found.members_in_ledger += len(there)
        for member in members:
            if member.member_id not in there:
                enrolment = self._newcomers.enrolment(member)
                key = event_key(self._source, _id_of(enrolment))
                self._miss(member.member_id, "member", 0, self._reasons.get(key, _UNTAKEN))
        for (_, _, opening, _), key in zip(openings, keys, strict=True):
            found.points_in_file[opening.wallet] += opening.points
            found.points_in_ledger[opening.wallet] += amounts.get(key, 0)
        await self._explain([(each[0], each[2], key) for each, key in zip(openings, keys, strict=True)], amounts)

    async def _explain(self, openings: Sequence[tuple[Newcomer, Any, UUID]], amounts: Mapping[UUID, int]) -> None:
        """Note the openings without a lot, or with one of other points."""
        lost = [each for each in openings if amounts.get(each[2]) != each[1].points]
        if not lost:
            return
        keys = [key for _, _, key in lost]
        decided = {row[0] for row in await self._connection.fetch(_QUERIES["decided"], self._where.tenant_id, keys)}
        for member, opening, key in lost:
            if key in amounts:
                why = f"an earlier import brought {amounts[key]} under the same dates"
            else:
                why = self._reasons.get(key) or (_REFUSED if key in decided else _UNTAKEN)
            self._miss(member.member_id, opening.wallet, opening.points - amounts.get(key, 0), why)

    def _miss(self, member_id: UUID, what: str, points: int, why: str) -> None:
        if len(self.found.missing) < _MOST_MISSING:
            self.found.missing.append(Missing(member_id, what, points, why))


async def reasons_of(connection: asyncpg.Connection, seal: Seal | None, topics: Sequence[str]) -> dict[UUID, str]:
    """Return why the latest dead letters of topics were refused, by the key of their event; none without the seal.

    Raises:
        libs.runtime.seal.SealBroken: they were sealed with another key.
    """
    reasons: dict[UUID, str] = {}
    for topic in topics if seal is not None else ():
        known = await letters.find(connection, letters.Wanted(topic), _MOST_LETTERS)
        why = {letter["letter_id"]: f"{letter['reason']} {letter['field']}".strip() for letter in known}
        assert seal is not None
        for opened in await letters.open_letters(connection, seal, list(why)):
            try:
                attributes = dict(headers_of(opened.value))
            except (msgspec.MsgspecError, ValueError):
                continue
            key = event_key(attributes["ce_source"].decode(), attributes["ce_id"].decode())
            reasons[key] = why[opened.letter_id]
    return reasons


def _id_of(record: Prepared | Rejection) -> str:
    assert isinstance(record, Prepared), "who was refused is not compared"
    return dict(record.headers)["ce_id"].decode()
