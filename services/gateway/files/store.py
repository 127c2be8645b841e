"""What is kept of files in PostgreSQL, under the row-level security of a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal
from uuid import UUID

from libs.intake.lines import Place
from libs.intake.portions import Portion
from libs.intake.rows import Form
from libs.runtime import sql
from services.gateway.tenant_store import TenantSession, TenantStore

_SQL = sql.load("services.gateway", "files.sql")
_LAST = UUID(int=2**128 - 1)

State = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file is read. `mapping` is a document in JSON; `enrols` says whether it may hold members too."""

    source: str
    form: Form
    encoding: str
    delimiter: str | None
    mapping: str | None
    enrols: bool


@dataclass(frozen=True, slots=True)
class Received:
    """A file whose bytes are on disk; `sameness` is what it is known by: the content, and how it is read."""

    file_id: UUID
    name: str
    manner: Manner
    digest: bytes
    sameness: bytes
    size: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """Documents of a file: looked at, published as events, refused."""

    read: int = 0
    published: int = 0
    rejected: int = 0

    def after(self, portion: Portion) -> Counts:
        """Return the counts with a portion added."""
        return Counts(
            self.read + portion.documents,
            self.published + len(portion.records),
            self.rejected + len(portion.refused),
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that this gateway works on: who, in which turn, how it is read, and where to go on."""

    tenant_id: int
    file_id: UUID
    epoch: int
    manner: Manner
    place: Place
    counts: Counts


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it stands. `line` and `bytes_read` tell how far it was read, the latter packed as it is.

    `began_…` is where the gateway that works on it began, and `moved_at` when it last told of progress.
    """

    file_id: UUID
    name: str
    source: str
    state: State
    size: int
    digest: bytes
    received_at: datetime
    ended_at: datetime | None
    failure: str | None
    line: int
    bytes_read: int
    read: int
    published: int
    rejected: int
    moved_at: datetime | None
    began_at: datetime | None
    began_read: int
    began_bytes: int


@dataclass(frozen=True, slots=True)
class Reject:
    """A refused row: its number among the refused, the line that it begins on, and why."""

    number: int
    line: int
    field: str
    reason: str
    detail: str


class Session(TenantSession):
    """One transaction that sees the files of one tenant alone."""

    queries = _SQL

    async def source(self, path: str) -> tuple[bool, str | None]:
        """Return whether the tenant may write under a path, and the mapping that is kept with its source, in JSON."""
        rows = await self._fetch("covering", path)
        return bool(rows), rows[0]["mapping"] if rows else None

    async def open_count(self) -> int:
        """Return how many files wait or run."""
        return int(await self._value("open_count"))

    async def keep(self, file: Received) -> UUID:
        """Keep a file, and return its id; that of the same file when it is there already."""
        how = file.manner
        kept = await self._value(
            "keep",
            file.file_id,
            file.name,
            how.source,
            how.form,
            how.encoding,
            how.delimiter,
            how.mapping,
            how.enrols,
            file.digest,
            file.sameness,
            file.size,
            file.received_at,
        )
        found: UUID = kept or await self._value("same", file.sameness)
        return found

    async def file(self, file_id: UUID) -> Kept | None:
        """Return a file; None when the tenant has none of this id."""
        rows = await self._fetch("file", file_id)
        return Kept(**rows[0]) if rows else None

    async def files(self, after: UUID | None, state: State | None, count: int) -> list[Kept]:
        """Return up to `count` files, newest first, below a place; those in one state alone if one is named."""
        return [Kept(**row) for row in await self._fetch("files", after or _LAST, state, count)]

    async def rejects(self, file_id: UUID, after: int, count: int) -> list[Reject]:
        """Return up to `count` refused rows beyond a number, in the order of the file."""
        return [Reject(**row) for row in await self._fetch("rejects", file_id, after, count)]

    async def cancel(self, file_id: UUID, now: datetime) -> None:
        """End a file that has not ended; who works on it notices with the next portion."""
        await self._value("cancel", file_id, now)

    async def to_be_taken(self, now: datetime) -> list[UUID]:
        """Return files that nobody works on, the oldest first."""
        return [row["file_id"] for row in await self._fetch("to_be_taken", now)]

    async def take(self, file_id: UUID, now: datetime, until: datetime) -> Taken | None:
        """Take a file for ourselves until an instant; None when somebody else has it, or it has ended."""
        rows = await self._fetch("take", file_id, now, until)
        if not rows:
            return None
        (row,) = rows
        manner = Manner(**{each.name: row[each.name] for each in fields(Manner)})
        counts = Counts(row["read"], row["published"], row["rejected"])
        return Taken(self._tenant, file_id, row["epoch"], manner, Place(row["line"], row["place"]), counts)

    async def hold_on(self, file: Taken, until: datetime) -> bool:
        """Keep a file for longer; False when it is not ours any more."""
        return await self._value("hold_on", file.file_id, file.epoch, until) is not None

    async def let_go(self, file: Taken) -> None:
        """Let another gateway take the file at once."""
        await self._value("let_go", file.file_id, file.epoch)

    async def move(self, file: Taken, portion: Portion, before: Counts, bytes_read: int, now: datetime) -> bool:
        """Note a portion that the broker has, with its refused rows; False when the file is not ours any more."""
        counts, end = before.after(portion), portion.end
        told = (end.line, end.offset, bytes_read, counts.read, counts.published, counts.rejected)
        if await self._value("move", file.file_id, file.epoch, *told, now, portion.last) is None:
            return False
        if portion.refused:
            numbers = range(before.rejected + 1, counts.rejected + 1)
            rows = [(row.line, _text(row.why.field), row.why.code, _text(row.why.detail)) for row in portion.refused]
            await self._value("add_rejects", file.file_id, numbers, *zip(*rows, strict=True))
        return True

    async def fail(self, file: Taken, why: str, now: datetime) -> None:
        """End a file of which nothing more can be made."""
        await self._value("fail", file.file_id, file.epoch, now, why)

    async def lose(self, until: datetime, why: str, now: datetime) -> None:
        """End files that came by an instant, and that nobody has brought in since."""
        await self._value("lose", until, now, why)

    async def forget(self, until: datetime, most: int) -> list[UUID]:
        """Forget files that came and ended by an instant; refused rows at most `most` a file at once.

        Returns the ids of those whose bytes are not needed any more.
        """
        gone = [row["file_id"] for row in await self._fetch("forgettable", until)]
        for file_id in gone:
            await self._value("forget_rejects", file_id, most)
            await self._value("forget", file_id)
        return gone

    async def kept_of(self, ids: Sequence[UUID]) -> set[UUID]:
        """Return those of the ids that are known."""
        return {row["file_id"] for row in await self._fetch("kept_of", list(ids))}


def _text(text: str) -> str:
    """What PostgreSQL can keep of a text that may name what a file holds."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


class FileStore(TenantStore[Session]):
    """The way to PostgreSQL."""

    opens = Session
