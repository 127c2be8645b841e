"""An empty database, and the schema of one as text that can be compared."""

from __future__ import annotations

import asyncio
import re
import subprocess

import asyncpg

from deploy.embedded.postgres import EmbeddedPostgres, find_binaries
from libs.runtime.migrate import ensure_database


async def empty_database(server: EmbeddedPostgres, name: str) -> str:
    """Make a database that nothing was done to yet, and return its URL."""
    superuser = await asyncpg.connect(server.dsn())
    await superuser.execute(f"DROP DATABASE IF EXISTS {name}")
    await superuser.close()
    await ensure_database(server.dsn(), name)
    return server.dsn(database=name)


async def dump(dsn: str) -> list[str]:
    """The schema as `pg_dump` writes it, entries and grants sorted, whose order means nothing."""
    command = [str(find_binaries() / "pg_dump"), "--schema-only", "--exclude-table=public.migration", dsn]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True, timeout=60)
    text = re.sub(r"(?m)^\\(un)?restrict .*\n", "", done.stdout)
    lines: list[str] = []
    for entry in sorted(re.split(r"(?m)^--\n(?=-- Name: )", text)[1:]):
        body = [line for line in entry.splitlines() if line.strip("- ")]
        lines += body[:1] + sorted(body[1:]) if "; Type: ACL;" in body[0] else body
    return lines
