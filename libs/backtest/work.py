"""Carrying out a backtest in a folder, chunk by chunk: by several processes, and further after any interruption."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from heapq import merge
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

from libs.backtest.bound import Bound, Lives, bind, together
from libs.backtest.compare import Tally, judge_members, read_tallies, write_tallies
from libs.backtest.copying import Copied, chunk_names, copied, copy, items_of, profiles_of
from libs.backtest.frames import frames, sync_folder, write_file, write_whole
from libs.backtest.history import History, Item, Profile, read_items, write_items
from libs.backtest.plan import Plan, read_plan, rules_of

Stage = Literal["copy", "judge", "bind"]
Told = Callable[[Stage, int, int, int], None]
"""Hears the stage, how far it is, of how much, and how many receipts and activities that are."""
_LOWER = 10
_TOLD_EVERY = 1_000


class OtherWork(ValueError):
    """The folder has the work on another question; the text says what differs."""


class Work:
    """A backtest in the folder `folder`; `workers` processes judge, one of them being this one alone."""

    def __init__(self, folder: Path, plan: Plan, workers: int, told: Told = lambda *_: None) -> None:
        self.plan = plan
        self.folder = folder
        self._workers = workers
        self._told = told
        self._names = chunk_names(plan.chunks)

    @classmethod
    def begun(cls, folder: Path, plan: Plan, workers: int, told: Told = lambda *_: None) -> Work:
        """Begin the work, or go on with what was begun on the same question.

        Raises:
            OtherWork: the folder has something else.
        """
        known = read_plan(folder / _PLAN)
        if known is None:
            shutil.rmtree(folder, ignore_errors=True)
            (folder / _JUDGED).mkdir(parents=True)
            (folder / _ORDERED).mkdir()
            write_whole(folder / _PLAN, msgspec.json.encode(plan))
            sync_folder(folder.parent)
            return cls(folder, plan, workers, told)
        if (difference := known.differs_from(plan)) is not None:
            raise OtherWork(f"{folder.parent} was begun with {difference}")
        return cls(folder, known, workers, told)

    @property
    def is_copied(self) -> bool:
        """Whether nothing needs to be read any more."""
        return copied(self.folder / _HISTORY) is not None

    async def copy(self, history: History) -> Copied:
        """Copy the history, unless that was done."""
        done = copied(self.folder / _HISTORY)
        if done is not None:
            return done

        def told(items: int, far: int) -> None:
            self._told("copy", far, history.total, items)

        since, until = self.plan.lookback, self.plan.until
        folder, rules = self.folder / _HISTORY, self.plan.rules()
        asks, asked = rules.asks_members, rules.asked
        return await copy(history, since, until, folder, self.plan.chunks, told, profiles=asks, asked=asked)

    def judge(self) -> None:
        """Judge every chunk that was not judged yet, then those who are bound by shared limits."""
        with self._pool() as pool:
            missing = [name for name in self._names if not (self.folder / _JUDGED / name).exists()]
            done, count = len(self._names) - len(missing), 0
            for judged in _each(pool, judge_chunk, self.folder, missing):
                done, count = done + 1, count + judged
                self._told("judge", done, len(self._names), count)
            if not (self.folder / _SEQUENCE).exists():
                self._bind(pool)

    def tallies(self) -> Iterator[Tally]:
        """What was found of each member, by id, those with nothing in the range left out."""
        return together(self._alone(), list(self._sequence()))

    def finish(self) -> None:
        """Throw the copy and all that was computed from it away."""
        shutil.rmtree(self.folder)

    def _bind(self, pool: Executor | None) -> None:
        def lives_of(bound: Bound) -> Lives:
            write_whole(self.folder / _REACHED, msgspec.json.encode(_named(bound)))
            items = sum(_each(pool, order_chunk, self.folder, self._names))
            ordered = merge(*(_ordered(self.folder / _ORDERED / name) for name in self._names), key=_order)
            return self._counted(ordered, items), self._profiles()

        members = bind(self.plan.rules(), self._alone, lives_of)
        write_file(self.folder / _SEQUENCE, members, write_tallies)

    def _counted(self, items: Iterable[Item], total: int) -> Iterator[Item]:
        """Tell how far the one sequence is, now and then."""
        for done, item in enumerate(items):
            if done % _TOLD_EVERY == 0:
                self._told("bind", done, total, done)
            yield item

    def _profiles(self) -> dict[UUID, Profile]:
        """What is known of members, where that was copied."""
        chunks = [profiles_of(self.folder / _HISTORY / name) for name in self._names]
        return {member_id: profile for chunk in chunks for member_id, profile in chunk.items()}

    def _alone(self) -> Iterator[Tally]:
        return merge(*(_tallies(self.folder / _JUDGED / name) for name in self._names), key=lambda each: each.member_id)

    def _sequence(self) -> Iterator[Tally]:
        return _tallies(self.folder / _SEQUENCE)

    @contextmanager
    def _pool(self) -> Iterator[Executor | None]:
        if self._workers == 1:
            yield None
            return
        pool = ProcessPoolExecutor(self._workers, get_context("spawn"), _set_up_worker)
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


_PLAN, _HISTORY, _JUDGED, _ORDERED, _SEQUENCE = "plan.json", "history", "judged", "ordered", "sequence"
_REACHED = "reached.json"


def begun_with(folder: Path) -> Plan | None:
    """The question that a folder of work was begun with; None when there is none."""
    return read_plan(folder / _PLAN)


def judge_chunk(folder: Path, name: str) -> int:
    """Judge the members of one chunk, and write what was found; returns how many items they have."""
    rules = rules_of((folder / _PLAN).read_bytes())
    items = items_of(folder / _HISTORY / name)
    tallies = list(judge_members(rules, items, profiles_of(folder / _HISTORY / name)))
    write_file(folder / _JUDGED / name, tallies, write_tallies)
    return len(items)


def order_chunk(folder: Path, name: str) -> int:
    """Write the items of those members of a chunk who are bound, in their order; returns how many."""
    a, b, known = msgspec.json.decode((folder / _REACHED).read_bytes(), type=tuple[set[str], set[str], set[UUID]])
    found = Bound((a, b), known)
    bound = {tally.member_id for tally in _tallies(folder / _JUDGED / name) if found.has(tally)}
    items = [item for item in items_of(folder / _HISTORY / name) if item.member_id in bound]
    write_file(folder / _ORDERED / name, sorted(items, key=_order), write_items)
    return len(items)


def _each(pool: Executor | None, work: Callable[[Path, str], int], folder: Path, names: Iterable[str]) -> Iterator[int]:
    """Do some work on each chunk, here or by the pool."""
    if pool is None:
        for name in names:
            yield work(folder, name)
        return
    for future in as_completed([pool.submit(work, folder, name) for name in names]):
        yield future.result()


def _set_up_worker() -> None:
    """A worker leaves Ctrl-C to its parent, gives way to everything else, and does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_LOWER)
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _tallies(path: Path) -> Iterator[Tally]:
    if path.exists():
        for body in frames(path):
            yield from read_tallies(body)


def _ordered(path: Path) -> Iterator[Item]:
    for body in frames(path):
        yield from read_items(body)


def _named(bound: Bound) -> tuple[list[str], list[str], list[UUID]]:
    a, b = bound.reached
    return sorted(a), sorted(b), sorted(bound.known)


def _order(item: Item) -> tuple[object, ...]:
    return item.order
