"""Messages in files, for letters and agencies: a CSV a day and company, a row a message, that no spreadsheet runs."""

from __future__ import annotations

import asyncio
import csv
import io
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

from libs.language.spreadsheets import harmless
from libs.messages.content import ChannelName
from libs.messages.provider_settings import FileSettings
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed

COLUMNS = ("message_id", "address", "language", "title", "text", "link", "sender")


class FileChannel:
    """Appends letters to the file of the day. After a crash a row may be there twice: `message_id` tells."""

    name: ChannelName = "file"

    def __init__(self, settings: FileSettings, now: Callable[[], datetime]) -> None:
        self._directory, self._now = settings.directory, now
        self._one_at_a_time = asyncio.Lock()

    async def open(self) -> None:
        """Make the directory.

        Raises:
            OSError: it can't be made.
        """
        await asyncio.to_thread(self._directory.mkdir, parents=True, exist_ok=True)

    async def close(self) -> None:
        """There is nothing to close."""

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Write letters, and wait until they are on the disk."""
        day = self._now().date()
        by_tenant: dict[int, list[Letter]] = defaultdict(list)
        for letter in letters:
            by_tenant[letter.tenant_id].append(letter)
        async with self._one_at_a_time:
            try:
                for tenant_id, theirs in by_tenant.items():
                    await asyncio.to_thread(append, file_of(self._directory, tenant_id, day), theirs)
            except OSError as error:
                return [Postponed("provider-away", type(error).__name__, provider_wide=True)] * len(letters)
        return [Handed(str(letter.message_id)) for letter in letters]


def file_of(directory: Path, tenant_id: int, day: date) -> Path:
    """Where the letters of a company and a day of UTC lie."""
    return directory / str(tenant_id) / f"{day.isoformat()}.csv"


def append(path: Path, letters: Sequence[Letter]) -> None:
    """Add rows to a file, all of them in one write; a new one begins with the names of the columns.

    Raises:
        OSError: it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    if not path.exists():
        writer.writerow(COLUMNS)
    writer.writerows(map(_row, letters))
    with path.open("ab") as stream:
        stream.write(text.getvalue().encode())
        stream.flush()
        os.fsync(stream.fileno())


def _row(letter: Letter) -> list[str]:
    content = letter.content
    told = (letter.address, content.language, content.title, content.text, content.link or "", letter.sender)
    return [str(letter.message_id), *map(harmless, told)]
