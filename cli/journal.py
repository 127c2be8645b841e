"""How far a file was taken in, kept by what the file holds, so that a run goes on where another stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path

from libs.intake.lines import START, Place

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to `place` everything was read, and what came of it published or reported; `done` at the end of the file.

    `report_bytes` is how long the report was then.
    """

    place: Place = START
    read: int = 0
    published: int = 0
    rejected: int = 0
    report_bytes: int = 0
    done: bool = False


class Journal:
    """The mark of one file under one name of a purpose; the same content means the same file, whatever it is called."""

    def __init__(self, folder: Path, digest: str, *purpose: str) -> None:
        name = blake2b("\x1f".join((digest, *purpose)).encode(), digest_size=16).hexdigest()
        self._path = folder / f"{name}.json"

    def load(self) -> Mark:
        """The mark, or that of the beginning when there is none that makes sense."""
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            return replace(Mark(**told), place=Place(*told["place"]))
        except (OSError, ValueError, TypeError, KeyError):
            return Mark()

    def save(self, mark: Mark) -> None:
        """Keep a mark, complete or not at all.

        Raises:
            OSError: the folder can't be written.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(asdict(mark)), encoding="utf-8")
        beside.replace(self._path)

    def forget(self) -> None:
        """Begin anew."""
        self._path.unlink(missing_ok=True)


def digest_of(path: Path, seen: Callable[[int], None] = lambda _: None) -> str:
    """Return what names the content of a file; `seen` is told the bytes read so far.

    Raises:
        OSError: it can't be read.
    """
    digest, read = blake2b(digest_size=32), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            read += len(chunk)
            seen(read)
    return digest.hexdigest()
