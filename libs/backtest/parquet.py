"""The history as columns: Parquet files beside a description, written once and read anywhere.

A row is an item. `item` has all of it in the form that is read back; the other columns say what analysts look for. What
else is known of members lies beside them, a row each; what they say of themselves only where that is asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from libs.backtest.frames import write_whole
from libs.backtest.history import (
    SPENDING,
    History,
    Item,
    Portion,
    Profile,
    Scheme,
    read_items,
    read_profiles,
    write_items,
    write_profiles,
)
from libs.receipts.story import first_content

_DESCRIPTION = "history.json"
_MEMBERS = "members.parquet"
_FORMAT = 4
_ROWS_A_FILE = 200_000
_ROWS_A_GROUP = 10_000
_ROWS_AT_ONCE = 1_000


class ParquetMissing(RuntimeError):
    """What reads and writes Parquet is not installed; the message says how to get it."""


class NoHistory(ValueError):
    """A folder has no whole history, or not of the range that is asked for; the text says which."""


class Description(msgspec.Struct, frozen=True):
    """What an exported history has: the programme, what counts from `since` on and before `until`, how much.

    `personal` says what of profiles is in it.
    """

    scheme: Scheme
    since: datetime
    until: datetime
    items: int
    files: int
    personal: tuple[str, ...] = ()
    format: int = _FORMAT


class ParquetHistory:
    """Reads a history that was exported into a folder.

    Raises:
        NoHistory: the folder has none.
        ParquetMissing: the extra `parquet` is not installed.
    """

    def __init__(self, folder: Path) -> None:
        _arrow()
        try:
            self.description = msgspec.json.decode((folder / _DESCRIPTION).read_bytes(), type=Description)
        except FileNotFoundError:
            raise NoHistory(f"{folder} has no exported history, or its export was cut off") from None
        except msgspec.MsgspecError as error:
            raise NoHistory(f"{folder / _DESCRIPTION}: {error}") from None
        if self.description.format != _FORMAT:
            raise NoHistory(f"{folder} was exported in another form: export it again")
        self._folder = folder
        self.scheme = self.description.scheme
        self.total = self.description.items
        self.personal = self.description.personal

    @property
    def files(self) -> list[Path]:
        """The files of items, whose column `item` has all of each."""
        return [self._folder / _file_name(number) for number in range(self.description.files)]

    @property
    def members(self) -> Path:
        """The file of what else is known of members, in its column `profile`."""
        return self._folder / _MEMBERS

    def check(self, since: datetime, until: datetime) -> None:
        """Make sure that all is there that counts from `since` on and before `until`, aware instants.

        Raises:
            NoHistory: the export is of a shorter range.
        """
        own = self.description
        if since < own.since or until > own.until:
            raise NoHistory(f"{self._folder} has only what counts from {own.since} until {own.until}")

    async def size(self, since: datetime) -> int:
        """How many items there are, at the most."""
        return self.total

    async def portions(self, since: datetime, until: datetime) -> AsyncIterator[Portion]:
        """Read the items that count from `since` on and before `until`, aware instants.

        Raises:
            NoHistory: the export is of a shorter range.
        """
        self.check(since, until)
        done = 0
        for path in self.files:
            file = _arrow().ParquetFile(path)
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=["item"]):
                items = read_items(b"\n".join(value.as_buffer() for value in batch.column(0)))
                done += len(items)
                yield Portion([item for item in items if since <= item.at < until], done)

    async def profiles(self, asked: Collection[str] = ()) -> AsyncIterator[Sequence[Profile]]:
        """Read what is known of each member, some at a time: all that is here, whatever is asked."""
        file = _arrow().ParquetFile(self.members)
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=["profile"]):
            yield read_profiles(b"\n".join(value.as_buffer() for value in batch.column(0)))


async def export(
    history: History,
    since: datetime,
    until: datetime,
    folder: Path,
    told: Callable[[int, int], None],
    personal: Collection[str] = (),
) -> Description:
    """Write a history into an empty folder; `told` hears how many items there are, and how far it is.

    `personal` names what of profiles is written: attributes, birthday. The description comes last: without it the
    folder has no history.

    Raises:
        ParquetMissing: the extra `parquet` is not installed.
    """
    writer = _Writer(folder)
    try:
        async for portion in history.portions(since, until):
            writer.add(portion.items)
            told(writer.items, portion.done)
    finally:
        writer.close()
    await _write_members(history, folder, personal)
    description = Description(history.scheme, since, until, writer.items, writer.files, tuple(sorted(personal)))
    write_whole(folder / _DESCRIPTION, msgspec.json.encode(description))
    return description


async def _write_members(history: History, folder: Path, personal: Collection[str]) -> None:
    import pyarrow as pa

    columns = [("member_id", pa.string()), ("enrolled_at", pa.timestamp("us", tz="UTC")), ("profile", pa.binary())]
    schema = pa.schema(columns)
    with _arrow().ParquetWriter(folder / _MEMBERS, schema, compression="zstd") as writer:
        async for some in history.profiles({SPENDING, *personal}):
            rows = [
                {
                    "member_id": str(profile.member_id),
                    "enrolled_at": profile.enrolled_at,
                    "profile": write_profiles([profile]).rstrip(b"\n"),
                }
                for profile in some
            ]
            writer.write_table(pa.Table.from_pylist(rows, schema))


class _Writer:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._schema = _schema()
        self._held: list[Item] = []
        self._open: Any = None
        self._rows = 0
        self.items = self.files = 0

    def add(self, items: Sequence[Item]) -> None:
        self._held += items
        self.items += len(items)
        if len(self._held) >= _ROWS_A_GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        if self._open is not None:
            self._open.close()

    def _flush(self) -> None:
        if not self._held:
            return
        if self._open is not None and self._rows >= _ROWS_A_FILE:
            self._open.close()
            self._open = None
        if self._open is None:
            path = self._folder / _file_name(self.files)
            self._open = _arrow().ParquetWriter(path, self._schema, compression="zstd")
            self._rows, self.files = 0, self.files + 1
        import pyarrow as pa

        self._open.write_table(pa.Table.from_pylist([_row(item) for item in self._held], self._schema))
        self._rows += len(self._held)
        self._held.clear()


def _row(item: Item) -> dict[str, Any]:
    source, name, kind = "", "", "activity"
    if item.activity is not None:
        source, name = item.activity.source, item.activity.id
    elif item.receipt is not None and (content := first_content(item.receipt)) is not None:
        source, name, kind = content.source, content.id, "receipt"
    return {
        "member_id": str(item.member_id),
        "at": item.at,
        "kind": kind,
        "source": source,
        "id": name,
        "tier": item.tier,
        "points": [{"wallet": wallet, "points": points} for wallet, points in sorted(item.recorded().items())],
        "item": write_items([item]).rstrip(b"\n"),
    }


def _schema() -> Any:
    import pyarrow as pa

    points = pa.list_(pa.struct([("wallet", pa.string()), ("points", pa.int64())]))
    texts = [(name, pa.string()) for name in ("kind", "source", "id", "tier")]
    instant = pa.timestamp("us", tz="UTC")
    return pa.schema([("member_id", pa.string()), ("at", instant), *texts, ("points", points), ("item", pa.binary())])


def _file_name(number: int) -> str:
    return f"part-{number:05}.parquet"


def _arrow() -> Any:
    if find_spec("pyarrow") is None:
        raise ParquetMissing("Parquet needs pyarrow: pip install 'pointstream[parquet]'")
    from pyarrow import parquet

    return parquet
