"""Taking files in: one after the other as they are named, or as they appear in a folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError

from cli import screen, watching
from cli.connections import Connections
from cli.exits import Exit
from cli.failures import fail
from cli.feeding import Written, feed
from cli.journal import Journal, Mark, digest_of
from cli.pace import Pace
from cli.rejects import SUFFIX, Report
from deploy.embedded.report import Step
from libs.contracts.mapping import EventMapping
from libs.contracts.rejection import Rejection
from libs.intake.convert import Converter
from libs.intake.events import Preparer
from libs.intake.portions import OneEach
from libs.intake.publish import Publisher
from libs.intake.rows import FileUnreadable, Form, form_of
from libs.runtime.clock import monotonic
from libs.runtime.kafka import idempotent_producer

JOURNALS = "intake"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; `known` when it had been read to its end before."""

    file: Path
    mark: Mark
    report: Path | None
    seconds: float
    resumed_at_line: int
    known: bool

    def described(self) -> dict[str, Any]:
        """The same in what JSON has."""
        return {
            "file": str(self.file),
            "read": self.mark.read,
            "published": self.mark.published,
            "rejected": self.mark.rejected,
            "report": str(self.report) if self.report else None,
            "seconds": round(self.seconds, 3),
            "resumed_at_line": self.resumed_at_line,
            "known": self.known,
        }


@dataclass(frozen=True, slots=True)
class Wishes:
    """How files are read, and what is done with what they hold."""

    source: str
    mapping: EventMapping | None
    form: Form | None
    encoding: str
    delimiter: str | None
    dry_run: bool
    restart: bool
    topic_prefix: str


class Intake:
    """Takes files in, one after the other."""

    def __init__(self, wishes: Wishes, connections: Connections) -> None:
        self._wishes = wishes
        self._connections = connections
        self._preparer = Preparer(wishes.source, connections.identifier_names())
        self._broker = "" if wishes.dry_run else connections.bootstrap()

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[Publisher | None]:
        """A publisher for a while; none for a dry run."""
        if self._wishes.dry_run:
            yield None
            return
        prefix = self._wishes.topic_prefix
        producer = idempotent_producer(self._connections.kafka(prefix), "pointstream-ingest")
        await producer.start()
        try:
            yield Publisher(producer, prefix)
        finally:
            await producer.stop()

    async def take(self, files: Sequence[Path], report: Path | None) -> list[Outcome]:
        """Take these files; ends the command at one of which nothing can be made."""
        outcomes = []
        with screen.reporting() as news, news.step("Ingest") as step:
            async with self.publishing() as publisher:
                for file in files:
                    place = report or file.with_name(file.name + SUFFIX)
                    try:
                        outcomes.append(await self.take_one(file, place, publisher, step))
                    except FileUnreadable as error:
                        fail(Exit.FAILED, f"{file}: {error}", as_json=self._connections.as_json)
            step.done(summary(outcomes))
        return outcomes

    async def take_one(self, file: Path, place: Path, publisher: Publisher | None, step: Step) -> Outcome:
        """Take one file.

        Raises:
            FileUnreadable: nothing can be made of it.
            aiokafka.errors.KafkaError, OSError: see `feeding.feed`.
        """
        began, wishes = monotonic(), self._wishes
        written = Written(file, wishes.form or form_of(file.name), wishes.encoding, wishes.delimiter)
        recipe = OneEach(Converter(self._preparer, wishes.mapping, written.form))
        journal = None if wishes.dry_run else self._journal(file, step)
        if journal is not None and wishes.restart:
            journal.forget()
        before = journal.load() if journal is not None else Mark()
        pace = Pace(step, "rows" if wishes.dry_run else "events", written.size, before.read)

        def seen(done: int, mark: Mark) -> None:
            note = f" of {file.name}" + (f", {mark.rejected:,} rejected" if mark.rejected else "")
            pace.at(done, count=mark.read, note=note)

        report = Report(place)
        try:
            mark = await feed(written, recipe, publisher, journal, report, seen)
        finally:
            report.close()
        told = place if mark.rejected else None
        return Outcome(file, mark, told, monotonic() - began, before.place.line, before.done)

    def _journal(self, file: Path, step: Step) -> Journal:
        pace = Pace(step, f"bytes of {file.name} looked at", file.stat().st_size)
        wishes = self._wishes
        purpose = (self._broker, wishes.topic_prefix, wishes.source, repr(wishes.mapping), wishes.form or "")
        return Journal(self._connections.data / JOURNALS, digest_of(file, pace.at), *purpose)

    async def watch(self, folder: Path, settle: float, *, once: bool) -> list[Outcome]:
        """Take files of a folder as they appear, until stopped; a broker that is away is waited for."""
        outcomes = []
        with screen.reporting() as news, news.step("Ingest") as step, watching.alone_in(folder):
            step.progress(f"waiting for files in {folder}")
            async for found in watching.complete_files(folder, settle, once=once):
                try:
                    async with self.publishing() as publisher:
                        outcome = await self._take_away(folder, found, publisher, step)
                except KafkaError as error:
                    news.warn(f"the broker: {error}; {found.name} is tried again")
                    await asyncio.sleep(settle)
                    continue
                if outcome is not None:
                    outcomes.append(outcome)
                    news.say(line(outcome))
                step.progress(f"{len(outcomes)} files taken, waiting for more in {folder}")
            step.done(summary(outcomes))
        return outcomes

    async def _take_away(self, folder: Path, file: Path, publisher: Publisher | None, step: Step) -> Outcome | None:
        place = watching.report_of(folder, file)
        try:
            outcome = await self.take_one(file, place, publisher, step)
        except FileUnreadable as error:
            report = Report(place)
            report.begin(0)
            report.add(None, Rejection("unreadable", "", str(error)), "")
            report.close()
            outcome = Outcome(file, Mark(rejected=1, done=True), place, 0.0, 0, known=False)
        if not self._wishes.dry_run:
            watching.put_away(folder, file, failed=bool(outcome.mark.rejected))
        return outcome


def summary(outcomes: Sequence[Outcome]) -> str:
    """What came of all files together."""
    published = sum(outcome.mark.published for outcome in outcomes)
    rejected = sum(outcome.mark.rejected for outcome in outcomes)
    return f"{published:,} events, {rejected:,} rejected, {len(outcomes)} files"


def line(outcome: Outcome) -> str:
    """What came of one file."""
    mark = outcome.mark
    known = ", all of it known from before" if outcome.known else ""
    told = f"; see {outcome.report}" if outcome.report else ""
    return f"{outcome.file.name}: {mark.published:,} events, {mark.rejected:,} rejected{known}{told}"
