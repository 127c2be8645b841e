"""The directory in which files lie: each under its id, complete or not there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple
from uuid import UUID

_PART = ".part"
_CHUNK = 1024 * 1024


class TooLarge(ValueError):
    """A file has more bytes than are taken."""


class Stored(NamedTuple):
    """What came: how many bytes, and their SHA-256."""

    size: int
    digest: bytes


class Shelf:
    """Keeps files in `folder`, readable by the gateway alone. Gateways may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, file_id: UUID, chunks: AsyncIterator[bytes], most: int) -> Stored:
        """Write what comes, as it comes, and return when the disk has all of it. After an error nothing is left.

        Raises:
            TooLarge: more than `most` bytes came.
            OSError: it can't be written.
        """
        beside = self._path(file_id).with_suffix(_PART)
        await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        try:
            with await asyncio.to_thread(_create, beside) as stream:
                stored = await _write(stream, chunks, most)
            await asyncio.to_thread(beside.replace, self._path(file_id))
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        return stored

    def has(self, file_id: UUID) -> bool:
        """Whether the file lies here, and not with another gateway."""
        return self._path(file_id).exists()

    def open(self, file_id: UUID) -> BinaryIO:
        """Open a file to read it.

        Raises:
            OSError: it is not there, or can't be read.
        """
        return self._path(file_id).open("rb")

    def remove(self, file_id: UUID) -> None:
        """Remove a file, if it lies here.

        Raises:
            OSError: it can't be removed.
        """
        self._path(file_id).unlink(missing_ok=True)

    def untouched_since(self, until: datetime) -> list[UUID]:
        """Return complete files that were written by an instant, and remove half ones.

        Raises:
            OSError: the directory can't be read.
        """
        found = []
        for path in self._folder.iterdir() if self._folder.exists() else ():
            if path.stat().st_mtime > until.timestamp():
                continue
            if path.suffix == _PART:
                path.unlink(missing_ok=True)
            else:
                found.append(UUID(path.name))
        return found

    def _path(self, file_id: UUID) -> Path:
        return self._folder / str(file_id)


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


async def _write(stream: BinaryIO, chunks: AsyncIterator[bytes], most: int) -> Stored:
    digest, size, held = sha256(), 0, bytearray()

    def write() -> None:
        digest.update(held)
        stream.write(held)
        held.clear()

    async for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise TooLarge
        held += chunk
        if len(held) >= _CHUNK:
            await asyncio.to_thread(write)
    write()
    stream.flush()
    await asyncio.to_thread(os.fsync, stream.fileno())
    return Stored(size, digest.digest())
