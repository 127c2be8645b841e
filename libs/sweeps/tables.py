"""What finance takes away: tables as comma-separated values, and as workbooks, with the same numbers."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from typing import NamedTuple
from zoneinfo import ZoneInfo

import xlsxwriter

from libs.language.spreadsheets import harmless
from libs.sweeps.liability import Outstanding
from libs.sweeps.outlook import Lapse, Outlook, Standing, Worth, money

Cell = str | int | None
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTH = 22


class Table(NamedTuple):
    """A table with a name: its columns, and its rows."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def forecast_tables(outlook: Outlook, found: Iterable[Lapse], zone: ZoneInfo, currency: str) -> list[Table]:
    """Return the tables of a forecast: what lapses, whole and in parts, and where the points are."""
    as_of = text(outlook.as_of)
    rows: list[tuple[Cell, ...]] = [
        (
            as_of,
            None if each.lapses_at is None else text(each.lapses_at),
            None if each.lapses_at is None else last_day(each.lapses_at, zone).isoformat(),
            each.wallet,
            part.split or "all",
            part.name,
            part.lots,
            part.points,
            part.worth_minor,
            part.spared,
            currency,
        )
        for each in found
        for part in (each.whole, *each.parts)
    ]
    about = ("as_of", "lapses_at", "last_day", "wallet", "split", "name")
    columns = (*about, "lots", "points", "worth_minor", "spared", "currency")
    names = Standing.__struct_fields__
    standing = tuple([(as_of, *[getattr(each, name) for name in names]) for each in outlook.standing])
    return [Table("forecast", columns, tuple(rows)), Table("standing", ("as_of", *names), standing)]


def liability_table(
    at: datetime, known_at: datetime | None, found: Iterable[Outstanding], worth: Worth, currency: str
) -> Table:
    """Return the table of what was outstanding at an instant."""
    rows: list[tuple[Cell, ...]] = [
        (
            text(at),
            None if known_at is None else text(known_at),
            *each,
            each.points,
            money(each.points, each.wallet, worth),
            currency,
        )
        for each in found
    ]
    columns = ("at", "known_at", *Outstanding._fields, "points", "worth_minor", "currency")
    return Table("liability", columns, tuple(rows))


def as_csv(table: Table) -> str:
    """Write a table as comma-separated values, which a spreadsheet opens without running anything."""
    stream = StringIO()
    writer = csv.writer(stream)
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return stream.getvalue()


def as_xlsx(tables: Sequence[Table]) -> bytes:
    """Write tables as a workbook, a sheet each; numbers stay numbers, and texts are never formulas."""
    stream = BytesIO()
    # Row by row, so that a wide programme takes no more memory than a small one.
    with xlsxwriter.Workbook(stream, {"constant_memory": True}) as book:
        for table in tables:
            sheet = book.add_worksheet(table.name)
            sheet.set_column(0, len(table.columns) - 1, _WIDTH)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, table.columns, book.add_format({"bold": True}))
            for number, row in enumerate(table.rows, start=1):
                for place, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(number, place, cell)
                    elif cell is not None:
                        sheet.write_number(number, place, cell)
    return stream.getvalue()


def last_day(boundary: datetime, zone: ZoneInfo) -> date:
    """Return the last day on which what lapses at a boundary is good: it is the first instant without that date."""
    return (boundary - timedelta(microseconds=1)).astimezone(zone).date()


def text(instant: datetime) -> str:
    """Write an instant of UTC."""
    return instant.isoformat().replace("+00:00", "Z")
