"""The isolated copy of a history: its items in chunks, all of a member's in one, from which everything is computed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

import msgspec

from libs.backtest.frames import append_frame, frames, sync, sync_folder, write_whole
from libs.backtest.history import History, Item, read_items, write_items

_HELD = 4096
"""Items that are held before they are written."""


class Copied(msgspec.Struct, frozen=True):
    """A finished copy: how many items it has."""

    items: int


async def copy(
    history: History, since: datetime, until: datetime, folder: Path, chunks: int, told: Callable[[int, int], None]
) -> Copied:
    """Copy what counts from `since` on and before `until`; `told` hears how many items there are, and how far it is.

    A copy is one snapshot, so one that was cut off is made anew.
    """
    _empty(folder)
    held: list[list[Item]] = [[] for _ in range(chunks)]
    items = waiting = 0
    async for portion in history.portions(since, until):
        for item in portion.items:
            held[chunk_of(item.member_id, chunks)].append(item)
        items += len(portion.items)
        waiting += len(portion.items)
        if waiting >= _HELD:
            _flush(folder, held)
            waiting = 0
        told(items, portion.done)
    _flush(folder, held)
    return _complete(folder, Copied(items))


def copied(folder: Path) -> Copied | None:
    """What a finished copy has; None when there is none."""
    path = folder / _COMPLETE
    return msgspec.json.decode(path.read_bytes(), type=Copied) if path.exists() else None


def chunk_of(member_id: UUID, chunks: int) -> int:
    """Which chunk has a member's items."""
    return int.from_bytes(blake2b(member_id.bytes, digest_size=8).digest(), "big") % chunks


def chunk_names(chunks: int) -> list[str]:
    """The names of chunks, in order."""
    return [f"chunk-{number:04}" for number in range(chunks)]


def items_of(path: Path) -> list[Item]:
    """The items of a chunk; none when nobody fell into it."""
    return [item for body in frames(path) for item in read_items(body)] if path.exists() else []


_COMPLETE = "complete.json"


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _complete(folder: Path, copied: Copied) -> Copied:
    """Say so, once the disk has all of it."""
    for path in folder.iterdir():
        with path.open("rb+") as stream:
            sync(stream)
    sync_folder(folder)
    write_whole(folder / _COMPLETE, msgspec.json.encode(copied))
    return copied


def _flush(folder: Path, held: list[list[Item]]) -> None:
    for name, items in zip(chunk_names(len(held)), held, strict=True):
        if items:
            with (folder / name).open("ab") as stream:
                append_frame(stream, write_items(items))
            items.clear()
