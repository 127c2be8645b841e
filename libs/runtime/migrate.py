"""Migrations: numbered plain SQL, applied once each, in order, under an advisory lock.

A database that is newer than the code is refused; so is one in which an applied file has since been changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources

import asyncpg

from libs.runtime import sql

ROLES = ("owner", "earning", "redemption", "expiry", "notifier", "gateway", "operator")
_LOCK = 7_310_422
_QUERIES = sql.load("libs.runtime", "migrate.sql")


class MigrationError(Exception):
    """The database and the files disagree; the message says how."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the file, in hex."""
        return sha256(self.text.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Return every migration that this code knows, in order."""
    folder = resources.files("deploy.schema").joinpath("migrations")
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda item: item.name)
    return [Migration(item.name.removesuffix(".sql"), item.read_text(encoding="utf-8")) for item in files]


async def ensure_roles(superuser_dsn: str, passwords: Mapping[str, str]) -> None:
    """Make the roles of the platform, or set their passwords anew.

    `passwords` has one entry for each of `ROLES`. None of the roles is a superuser or bypasses row-level security.

    Raises:
        asyncpg.PostgresError: the connection may not create roles.
    """
    connection = await asyncpg.connect(superuser_dsn)
    try:
        for role in ROLES:
            statement = await connection.fetchval(_QUERIES["make_role"], f"pointstream_{role}", passwords[role])
            await connection.execute(statement)
        await connection.execute(_QUERIES["role_settings"])
    finally:
        await connection.close()


async def ensure_database(superuser_dsn: str, name: str) -> None:
    """Make the database `name`, owned by the owner role, unless it is there."""
    connection = await asyncpg.connect(superuser_dsn)
    try:
        statement = await connection.fetchval(_QUERIES["make_database"], name)
        if statement is not None:
            await connection.execute(statement)
    finally:
        await connection.close()


async def applied(connection: asyncpg.Connection) -> dict[str, str]:
    """Return name → checksum of the migrations that this database has; empty before the first."""
    if not await connection.fetchval(_QUERIES["has_ledger_of_migrations"]):
        return {}
    return {row["name"]: row["checksum"] for row in await connection.fetch(_QUERIES["applied"])}


def pending(known: list[Migration], done: Mapping[str, str]) -> list[Migration]:
    """Return what is still to be applied.

    Raises:
        MigrationError: the database has a migration that this code doesn't know, or an applied file changed.
    """
    names = {migration.name for migration in known}
    if strangers := sorted(set(done) - names):
        raise MigrationError(f"the database is newer than this code: it has {', '.join(strangers)}")
    for migration in known:
        if migration.name in done and done[migration.name] != migration.checksum:
            raise MigrationError(f"migration {migration.name} was changed after it was applied")
    return [migration for migration in known if migration.name not in done]


async def migrate(superuser_dsn: str, *, dry_run: bool = False) -> list[str]:
    """Bring the database up to this code; return the names of what was (or, in a dry run, would be) applied.

    Everything is made as the role `pointstream_owner`, which the connecting role must be able to become.

    Raises:
        MigrationError: see `pending`.
        asyncpg.PostgresError: a migration failed; it left nothing behind.
    """
    connection = await asyncpg.connect(superuser_dsn)
    try:
        await connection.execute(_QUERIES["lock_timeout"])
        await connection.fetchval(_QUERIES["lock"], _LOCK)
        todo = pending(migrations(), await applied(connection))
        if dry_run:
            return [migration.name for migration in todo]
        await connection.execute(_QUERIES["ledger_of_migrations"])
        for migration in todo:
            async with connection.transaction():
                await connection.execute(_QUERIES["become_owner"])
                await connection.execute(migration.text)
                await connection.execute(_QUERIES["become_self"])
                await connection.execute(_QUERIES["record"], migration.name, migration.checksum)
        return [migration.name for migration in todo]
    finally:
        await connection.close()
