"""The isolated copy of a history: its items in chunks, all of a member's in one, from which everything is computed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

import msgspec

from libs.backtest.frames import append_frame, frames, sync, sync_folder, write_whole
from libs.backtest.history import History, Item, Profile, read_items, read_profiles, write_items, write_profiles
from libs.backtest.merges import Merges

_HELD = 4096
"""Items that are held before they are written."""


class Copied(msgspec.Struct, frozen=True):
    """A finished copy: how many items it has."""

    items: int


async def copy(
    history: History,
    since: datetime,
    until: datetime,
    folder: Path,
    chunks: int,
    told: Callable[[int, int], None],
    *,
    profiles: bool = False,
    asked: Collection[str] = (),
) -> Copied:
    """Copy what counts from `since` on and before `until`; `told` hears how many items there are, and how far it is.

    With `profiles`, what is known of the members is copied too; of what is `asked` beside it no more than is named.
    A copy is one snapshot, so one that was cut off is made anew.
    """
    _empty(folder)
    held: list[list[Item]] = [[] for _ in range(chunks)]
    merges = Merges(history.scheme.merges)
    items = waiting = 0
    async for portion in history.portions(since, until):
        for item in portion.items:
            held[chunk_of(merges.home(item.member_id), chunks)].append(item)
        items += len(portion.items)
        waiting += len(portion.items)
        if waiting >= _HELD:
            _flush(folder, held)
            waiting = 0
        told(items, portion.done)
    _flush(folder, held)
    if profiles:
        await _copy_profiles(history, folder, chunks, merges, asked)
    return _complete(folder, Copied(items))


async def _copy_profiles(history: History, folder: Path, chunks: int, merges: Merges, asked: Collection[str]) -> None:
    held: list[list[Profile]] = [[] for _ in range(chunks)]
    async for some in history.profiles(asked):
        for profile in some:
            held[chunk_of(merges.home(profile.member_id), chunks)].append(profile)
        for name, profiles in zip(chunk_names(chunks), held, strict=True):
            if profiles:
                with (folder / f"{name}{_PROFILES}").open("ab") as stream:
                    append_frame(stream, write_profiles(profiles))
                profiles.clear()


def copied(folder: Path) -> Copied | None:
    """What a finished copy has; None when there is none."""
    path = folder / _COMPLETE
    return msgspec.json.decode(path.read_bytes(), type=Copied) if path.exists() else None


def chunk_of(member_id: UUID, chunks: int) -> int:
    """Which chunk has a member's items; of who was merged with others, by the one id for all of them."""
    return int.from_bytes(blake2b(member_id.bytes, digest_size=8).digest(), "big") % chunks


def chunk_names(chunks: int) -> list[str]:
    """The names of chunks, in order."""
    return [f"chunk-{number:04}" for number in range(chunks)]


def items_of(path: Path) -> list[Item]:
    """The items of a chunk; none when nobody fell into it."""
    return [item for body in frames(path) for item in read_items(body)] if path.exists() else []


def profiles_of(path: Path) -> dict[UUID, Profile]:
    """The profiles of the members of a chunk, by member; none where they were not copied."""
    path = path.with_name(f"{path.name}{_PROFILES}")
    found = (profile for body in frames(path) for profile in read_profiles(body)) if path.exists() else ()
    return {profile.member_id: profile for profile in found}


_COMPLETE = "complete.json"
_PROFILES = "-members"


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
