"""The same backtest by Apache Spark, for histories beyond one machine: members apart, over the partitions of an export.

All rows of a member fall into one partition, whose members are judged by the function that judges a chunk. Those whom
shared limits bind are judged by the driver, in the one sequence that this takes. PySpark is not part of the platform:
`.ci/spark` makes an environment that has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from libs.backtest.bound import Bound, Lives, bind, together
from libs.backtest.compare import Tally, judge_members, read_tallies, write_tallies
from libs.backtest.history import Item, Profile, read_items, read_profiles
from libs.backtest.merges import Merges
from libs.backtest.parquet import ParquetHistory
from libs.backtest.plan import Plan, rules_of


class SparkWork:
    """A backtest of an exported history by a Spark session.

    Every node sees the history in the same folder, and has this package.

    Raises:
        libs.backtest.parquet.NoHistory: the export is of a shorter range.
    """

    def __init__(self, session: Any, history: ParquetHistory, plan: Plan) -> None:
        history.check(plan.lookback, plan.until)
        self.plan = plan
        self._rows = _rows(session, history, plan)
        self._written = msgspec.json.encode(plan)
        self._judged: Any = None
        self._bound: list[Tally] = []

    def judge(self) -> None:
        """Judge everybody; until this is done there are no tallies."""
        from pyspark import StorageLevel

        judge = partial(_judge, self._written, self.plan.lookback, self.plan.until)
        # Kept, for it is gone through several times: to find out who is bound, for the summary, for the table.
        self._judged = self._rows.rdd.mapPartitions(judge).persist(StorageLevel.MEMORY_AND_DISK)
        if self.plan.scheme.merges:  # who was merged lies with the others of the group, and not by id
            self._judged = self._judged.sortByKey().persist(StorageLevel.MEMORY_AND_DISK)
        self._bound = bind(self.plan.rules(), self._alone, self._lives_of)

    def tallies(self) -> Iterator[Tally]:
        """What was found of each member, by id, those with nothing in the range left out."""
        return together(self._alone(), self._bound)

    def _alone(self) -> Iterator[Tally]:
        for _, written in self._judged.toLocalIterator():
            yield from read_tallies(written)

    def _lives_of(self, bound: Bound) -> Lives:
        members = {str(tally.member_id) for tally in self._alone() if bound.has(tally)}
        rows = list(self._rows.rdd.filter(partial(_is_of, members)).toLocalIterator())
        items = _items(rows, self.plan.lookback, self.plan.until)
        return sorted(items, key=lambda item: item.order), _profiles(rows)


def _rows(session: Any, history: ParquetHistory, plan: Plan) -> Any:
    """Items, and what else is known of members where that is asked for.

    All rows of a member are in one partition, with those of whom it was merged with. Partitions are in the order of
    members: so is what is found of them, but for those who were merged.
    """
    items = _read(session, history.files, "item")
    profiles = _read(session, [history.members] if plan.rules().asks_members else [], "profile")
    rows = items.unionByName(profiles, allowMissingColumns=True)
    homes = [(str(each), str(home)) for each, home in Merges(plan.scheme.merges).homes.items()]
    if not homes:
        return rows.repartitionByRange(plan.chunks, "member_id")
    from pyspark.sql.functions import coalesce

    leading = session.createDataFrame(homes, "member_id string, home string")
    found = rows.join(leading, "member_id", "left")
    return found.repartitionByRange(plan.chunks, coalesce(found.home, found.member_id))


def _read(session: Any, files: Sequence[Path], column: str) -> Any:
    schema, paths = f"member_id string, {column} binary", [path.absolute().as_uri() for path in files]
    return session.read.schema(schema).parquet(*paths) if paths else session.createDataFrame([], schema)


def _judge(plan: bytes, since: datetime, until: datetime, rows: Iterable[Any]) -> Iterator[tuple[str, bytes]]:
    """Judge the members of a partition: what was found of each, by id, written."""
    found = list(rows)
    for tally in judge_members(rules_of(plan), _items(found, since, until), _profiles(found)):
        yield str(tally.member_id), write_tallies([tally])


def _is_of(members: AbstractSet[str], row: Any) -> bool:
    return row.member_id in members


def _items(rows: Iterable[Any], since: datetime, until: datetime) -> list[Item]:
    items = read_items(b"\n".join(row.item for row in rows if row.item is not None))
    return [item for item in items if since <= item.at < until]


def _profiles(rows: Iterable[Any]) -> dict[UUID, Profile]:
    profiles = read_profiles(b"\n".join(row.profile for row in rows if row.profile is not None))
    return {profile.member_id: profile for profile in profiles}
