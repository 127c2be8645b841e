"""A file of members who are to get lapsed points back: whom each row names, and how many points."""

from __future__ import annotations

from pathlib import Path

import asyncpg

from libs.contracts.identifiers import IdentifierNames
from libs.contracts.mapping_values import Misfit, as_minor_units
from libs.contracts.rejection import Rejection
from libs.intake.rows import Row, cells_of, read_rows, unpacked
from libs.segments.lists import UNKNOWN, Entry, entry_of
from libs.segments.reading import find
from libs.sweeps.reinstating import Wish

POINTS = "points"
_MOST_TOLD = 10


class FileHasFaults(ValueError):
    """Rows of the file name nobody, or no number of points: nothing of it is done."""


async def wishes_of_file(
    connection: asyncpg.Connection,
    scope: tuple[int, int],
    file: Path,
    names: IdentifierNames | None,
    scale: int,
    points: int | None,
) -> list[Wish]:
    """Return what the rows of a CSV ask for; `points` where a row does not say how many, None for all that lapsed.

    Raises:
        FileHasFaults: with the first faults and their lines.
        libs.intake.rows.FileUnreadable: nothing can be made of it.
    """
    with file.open("rb") as packed:
        rows = list(read_rows(unpacked(packed), "csv"))
    read = [_read(row, names, scale, points) for row in rows]
    named = [each for each in read if not isinstance(each, Rejection)]
    found = iter(await find(connection, scope, [entry for entry, _ in named]))
    wishes: list[Wish] = []
    faults: list[str] = []
    for row, each in zip(rows, read, strict=True):
        member_id = None if isinstance(each, Rejection) else next(found)
        if isinstance(each, Rejection) or member_id is None:
            why = each if isinstance(each, Rejection) else UNKNOWN
            faults.append(f"line {row.line}: expected {why.detail}")
        else:
            wishes.append(Wish(member_id, each[1]))
    if faults:
        more = f" and {len(faults) - _MOST_TOLD:,} more" if len(faults) > _MOST_TOLD else ""
        raise FileHasFaults("; ".join(faults[:_MOST_TOLD]) + more)
    if not wishes:
        raise FileHasFaults("it has no rows")
    return wishes


def _read(
    row: Row, names: IdentifierNames | None, scale: int, points: int | None
) -> tuple[Entry, int | None] | Rejection:
    cells = cells_of(row)
    if isinstance(cells, Rejection):
        return cells
    entry = entry_of(cells, names)
    if isinstance(entry, Rejection):
        return entry
    if POINTS not in cells:
        return entry, points
    try:
        wanted = as_minor_units(cells[POINTS], scale, ".")
    except Misfit as misfit:
        return Rejection("field", "/points", str(misfit))
    return (entry, wanted) if wanted > 0 else Rejection("field", "/points", "more than 0")
