"""Bringing members in: check all rows, enrol, wait until everybody is known, bring balances, compare.

A balance for somebody who is not known yet would be refused for good, so balances leave when enrolments are taken.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from cli.awaiting import taken
from cli.connections import Connections
from cli.feeding import Written, feed
from cli.intake import JOURNALS
from cli.journal import Journal, Mark, digest_of
from cli.member_events import Checked, Enrolled, Newcomers, Opened
from cli.member_rows import COLUMNS, MemberRows, Newcomer
from cli.pace import Pace
from cli.programmes import Programme
from cli.reconcile import Comparison, Reconciliation, reasons_of
from cli.rejects import Report, Unreported
from deploy.embedded.report import Step
from libs.contracts.rejection import Rejection
from libs.intake.events import Preparer
from libs.intake.portions import Recipe
from libs.intake.publish import Publisher
from libs.intake.rows import FileUnreadable, columns_of, read_rows, unpacked
from libs.runtime import sql
from libs.runtime.kafka import idempotent_producer

_QUERIES = sql.load("cli", "import_members.sql")
_PROFILES, _ACTIVITIES = "loyalty.profiles", "loyalty.activities"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to; points by wallet, in its minor unit."""

    members: int
    openings: int
    points: Counter[str]
    rejected: int
    report: Path | None
    dry_run: bool
    reconciliation: Reconciliation | None = None

    def described(self) -> dict[str, Any]:
        """The same in what JSON has."""
        return {
            "members": self.members,
            "openings": self.openings,
            "points": dict(self.points),
            "rejected": self.rejected,
            "report": str(self.report) if self.report else None,
            "dry_run": self.dry_run,
            "reconciliation": self.reconciliation.described() if self.reconciliation else None,
        }


async def scales_of(connection: asyncpg.Connection, where: Programme, now: datetime) -> dict[str, int]:
    """Return the wallets of a programme as it is now, with their decimals."""
    text = await connection.fetchval(_QUERIES["wallets"], where.tenant_id, where.programme_id, now)
    return {wallet["name"]: wallet.get("scale", 0) for wallet in json.loads(text or "[]")}


class MemberImport:
    """The import of one file."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        connections: Connections,
        where: Programme,
        file: Path,
        rows: MemberRows,
        requested_by: str,
        topic_prefix: str,
        report: Path,
    ) -> None:
        self._connection = connection
        self._connections = connections
        self._where = where
        self._file = Written(file, "csv")
        self._source = rows.source
        self._topic_prefix = topic_prefix
        self._report = report
        preparer = Preparer(rows.source, connections.identifier_names())
        self._newcomers = Newcomers(rows, preparer, requested_by, rows.now)

    async def all(self, step: Step, *, dry_run: bool, restart: bool, wait: bool) -> Imported:
        """Do all of it.

        Raises:
            FileUnreadable: nothing can be made of the file, or not as a whole.
            deploy.embedded.failures.NothingMoves: earning does not take what was published.
            aiokafka.errors.KafkaError, OSError, asyncpg.PostgresError: broker, file or database fail.
        """
        checked, mark = await self._check(step)
        told = self._report if mark.rejected else None
        imported = Imported(checked.members, checked.openings, checked.points, mark.rejected, told, dry_run)
        if dry_run:
            return imported
        digest = digest_of(self._file.path)
        kafka = self._connections.kafka(self._topic_prefix)
        producer = idempotent_producer(kafka, "pointstream-import")
        await producer.start()
        try:
            publisher = Publisher(producer, self._topic_prefix)
            await self._publish(Enrolled(self._newcomers), publisher, digest, "enrol", restart, step)
            if checked.openings or wait:
                await taken(self._connection, kafka, _PROFILES, step, "enrolments taken")
            if checked.openings:
                await self._publish(Opened(self._newcomers), publisher, digest, "open", restart, step)
        finally:
            await producer.stop()
        if not wait:
            return imported
        await taken(self._connection, kafka, _ACTIVITIES, step, "balances taken")
        found = await self._compare(step, checked.members)
        return Imported(checked.members, checked.openings, checked.points, mark.rejected, told, dry_run, found)

    async def _check(self, step: Step) -> tuple[Checked, Mark]:
        with self._file.path.open("rb") as stream:
            strange = [name for name in columns_of(unpacked(stream)) if name not in COLUMNS]
        if strange:
            raise FileUnreadable(f"{', '.join(strange)}: no column of ours; these are: {', '.join(COLUMNS)}")
        checked, report = Checked(self._newcomers), Report(self._report)
        pace = Pace(step, "members checked", self._file.size)
        try:
            mark = await feed(
                self._file, checked, None, None, report, lambda done, mark: pace.at(done, count=mark.read)
            )
        finally:
            report.close()
        if scattered := checked.scattered():
            raise FileUnreadable(f"{scattered} members have rows in several places; put each member's rows together")
        return checked, mark

    async def _publish(
        self, recipe: Recipe, publisher: Publisher, digest: str, what: str, restart: bool, step: Step
    ) -> None:
        broker = self._connections.bootstrap()
        purpose = (broker, self._topic_prefix, self._source, self._where.slug, what)
        journal = Journal(self._connections.data / JOURNALS, digest, *purpose)
        if restart:
            journal.forget()
        unit = "members enrolled" if what == "enrol" else "members with their balances"
        pace = Pace(step, unit, self._file.size, journal.load().read)
        await feed(
            self._file,
            recipe,
            publisher,
            journal,
            Unreported(self._report),
            lambda done, mark: pace.at(done, count=mark.read),
        )

    async def _compare(self, step: Step, count: int) -> Reconciliation:
        seal = None
        if self._connections.identifier_names() is not None:
            seal = self._connections.seal()
        reasons = await reasons_of(self._connection, seal, (_PROFILES, _ACTIVITIES))
        comparison = Comparison(self._connection, self._where, self._newcomers, self._source, reasons)
        with self._file.path.open("rb") as stream:
            pace = Pace(step, "members compared", count)
            return await comparison.all(self._members(read_rows(unpacked(stream), "csv")), pace.at)

    def _members(self, rows: Iterator[Any]) -> Iterator[Newcomer]:
        for document in self._newcomers.documents(rows):
            member = self._newcomers.whole(document)
            if not isinstance(member, Rejection):
                yield member
