"""Files of records in compressed frames: read a frame at a time, and there as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

import cramjam

_T = TypeVar("_T")
_RECORDS = 256
"""Records a frame: what is in memory of a file that is being read."""


def append_frame(stream: BinaryIO, body: bytes) -> None:
    """Write one frame at the end of an open file."""
    packed = bytes(cramjam.zstd.compress(body, 1))
    stream.write(len(packed).to_bytes(4, "big") + packed)


def frames(path: Path) -> Iterator[bytes]:
    """The frames of a file, one after the other."""
    with path.open("rb") as stream:
        while head := stream.read(4):
            yield bytes(cramjam.zstd.decompress(stream.read(int.from_bytes(head, "big"))))


def write_file(path: Path, records: Iterable[_T], write: Callable[[Sequence[_T]], bytes]) -> None:
    """Write a file of records, durably: after this it is there as a whole, whatever stops the machine."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with beside.open("wb") as stream:
        rest = iter(records)
        while some := list(islice(rest, _RECORDS)):
            append_frame(stream, write(some))
        sync(stream)
    beside.replace(path)
    sync_folder(path.parent)


def write_whole(path: Path, body: bytes) -> None:
    """Write a small file, durably, in place of whatever was there."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with beside.open("wb") as stream:
        stream.write(body)
        sync(stream)
    beside.replace(path)
    sync_folder(path.parent)


def sync(stream: BinaryIO) -> None:
    """Have the disk take what was written."""
    stream.flush()
    os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Have the disk take the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
