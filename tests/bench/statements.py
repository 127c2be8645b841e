"""Where PostgreSQL spends its time, statement by statement, also inside functions: for runs with `--profile` only."""

from __future__ import annotations

import re

import asyncpg

from deploy.embedded.postgres import EmbeddedPostgres
from libs.runtime import sql

_QUERIES = sql.load("tests.bench", "statements.sql")
_WIDTH = 110


async def load_extension(server: EmbeddedPostgres) -> None:
    """Have the server count statements; starts it anew."""
    connection = await asyncpg.connect(server.dsn())
    try:
        for query in ("preload", "count_nested", "time_io"):
            await connection.execute(_QUERIES[query])
    finally:
        await connection.close()
    server.stop()
    server.start()


async def begin(connection: asyncpg.Connection) -> None:
    """Count from here."""
    await connection.execute(_QUERIES["extension"])
    await connection.execute(_QUERIES["reset"])


async def table(connection: asyncpg.Connection, receipts: int) -> str:
    """Lay out the dearest statements since `begin`: microseconds and bytes of write-ahead log a receipt."""
    lines = ["   µs/receipt    calls  rows/call  log B/receipt  fsync/write µs  statement"]
    for row in await connection.fetch(_QUERIES["dearest"]):
        text = re.sub(r"\s+", " ", re.sub(r"--.*", "", row["query"])).strip()
        lines.append(
            f"{row['milliseconds'] * 1000 / receipts:13.2f} {row['calls']:8,} {row['rows'] / row['calls']:10,.0f}"
            f" {row['log_bytes'] / receipts:14,.0f} {row['io_milliseconds'] * 1000 / receipts:15.2f}  {text[:_WIDTH]}"
        )
    row = await connection.fetchrow(_QUERIES["log"])
    lines.append(
        f"write-ahead log: {row['bytes'] / receipts:,.0f} bytes a receipt, {row['records'] / receipts:.1f} records,"
        f" {row['full_pages']:,} full pages"
    )
    return "\n".join(lines)
