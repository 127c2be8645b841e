"""Histories for backtests: what earning kept in a memory, and the whole way from one to the results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import msgspec
import orjson

from libs.backtest.compare import Tally
from libs.backtest.history import (
    PERSONAL,
    History,
    Item,
    Portion,
    Profile,
    Scheme,
    State,
    StoredVersion,
    Word,
    activity_item,
    plain_item,
    receipt_item,
)
from libs.backtest.plan import make_plan
from libs.backtest.results import costs_of, summarise, write_results
from libs.backtest.work import Work
from libs.lives.life import MemberName
from libs.promotions.document import canonical_json, parse_programme
from libs.promotions.pages import read_page
from libs.receipts.story import read_story
from tests.support.memory import Memory

BEGAN = datetime.fromisoformat("2016-01-01T00:00:00Z")


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder for an example of many: in memory where the machine has such a place, for disks are asked to be sure."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def complete(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as it is stored, with every default."""
    stored: dict[str, Any] = orjson.loads(canonical_json(parse_programme(document)))
    return stored


def scheme_of(*documents: Mapping[str, Any]) -> Scheme:
    """A programme with these versions, all in force since 2016: the last one counts."""
    first = documents[0]
    versions = tuple(StoredVersion(each["version"], BEGAN, complete(each)) for each in documents)
    return Scheme("acme", "main", first["zone"], first["currency"], versions)


class ListedHistory:
    """Items at hand."""

    personal = PERSONAL

    def __init__(self, scheme: Scheme, items: Sequence[Item], portion: int = 3, known: Sequence[Profile] = ()) -> None:
        self.scheme = scheme
        self.items = items
        self.known = known
        self.total = len(items)
        self._portion = portion

    async def size(self, since: datetime) -> int:
        return self.total

    async def portions(self, since: datetime, until: datetime) -> AsyncIterator[Portion]:
        for at in range(0, len(self.items), self._portion):
            some = self.items[at : at + self._portion]
            yield Portion([item for item in some if since <= item.at < until], at + len(some))

    async def profiles(self, asked: Collection[str] = ()) -> AsyncIterator[Sequence[Profile]]:
        personal = any(name in PERSONAL for name in asked)
        for at in range(0, len(self.known), self._portion):
            some = self.known[at : at + self._portion]
            yield [one if personal else msgspec.structs.replace(one, states=()) for one in some]


def items_in(memory: Memory) -> Iterator[Item]:
    """All that earning kept in a memory, as the readers of the database tell it."""
    for (_, key), row in memory.receipts.items():
        if row.story is not None and (told := receipt_item(key, read_story(row.story))) is not None:
            yield told
    receipts = {row.event_key: key for (_, key), row in memory.receipts.items() if row.story is None}
    for page in memory.pages.values():
        for decision in read_page(page):
            item = None
            if decision.kind == "activity.recorded":
                item = activity_item(decision)
            elif decision.kind == "purchase.completed" and decision.key in receipts:
                item = plain_item(receipts[decision.key], decision)
            if item is not None:
                yield item


def profiles_in(memory: Memory) -> list[Profile]:
    """What is known of the members in a memory, as the reader of the database tells it."""
    words: dict[UUID, list[Word]] = {}
    for (name, _, _), kept in sorted(memory.changes_told.items(), key=lambda found: found[0][2]):
        after = kept.change.after
        if kept.change.reason == "given" and after.level is not None:
            words.setdefault(name[2], []).append(Word(after.since, kept.cause, after.level))
    return [
        Profile(name[2], at, tuple(words.get(name[2], ())), states=_states_in(memory, name))
        for name, at in sorted(memory.enrolled.items())
    ]


def _states_in(memory: Memory, name: MemberName) -> tuple[State, ...]:
    """The states of a profile, all of them told with the enrolment."""
    at, told = memory.enrolled[name], memory.profiles.get(name, ())
    return tuple([State(one.revision, at, one.birthday, dict(one.attributes)) for one in told])


def backtest(
    history: History,
    document: Mapping[str, Any],
    folder: Path,
    since: datetime,
    until: datetime,
    *,
    against: int | None = None,
    workers: int = 1,
    chunks: int | None = None,
) -> tuple[dict[str, Any], list[Tally]]:
    """Carry a backtest out in a folder, which then has its results; return its summary and its members."""
    folder.mkdir(exist_ok=True)
    plan = make_plan(history.scheme, since, until, complete(document), against, history.total, history.personal)
    if chunks is not None:
        plan = msgspec.structs.replace(plan, chunks=chunks)
    work = Work.begun(folder / "work", plan, workers)
    asyncio.run(work.copy(history))
    work.judge()
    costs = costs_of(plan, {})
    summary = summarise(work, costs)
    tallies = list(work.tallies())
    write_results(work, summary, folder, costs)
    work.finish()
    return summary, tallies
