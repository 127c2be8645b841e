"""Which programme a command is about: named by the slugs of its tenant and itself, or the only one there is."""

from __future__ import annotations

from typing import Annotated, NamedTuple, TypeAlias

import asyncpg
import typer

from cli.exits import Exit
from cli.failures import fail
from libs.runtime import sql

_QUERIES = sql.load("cli", "programmes.sql")
_SHOWN = 10

TenantOption: TypeAlias = Annotated[
    str | None, typer.Option("--tenant", metavar="SLUG", help="Whose programme (default: the only one there is).")
]
ProgrammeOption: TypeAlias = Annotated[
    str | None, typer.Option("--programme", metavar="SLUG", help="Which one, where the tenant has several.")
]


class Programme(NamedTuple):
    """A programme as rows and as people name it."""

    tenant_id: int
    programme_id: int
    tenant: str
    name: str
    zone: str
    currency: str

    @property
    def slug(self) -> str:
        """Tenant and programme, as people write them."""
        return f"{self.tenant}/{self.name}"

    def source(self, what: str) -> str:
        """The source of events that we publish ourselves, which belongs to the programme without being registered."""
        return f"/pointstream/{self.tenant}/{self.name}/{what}"


async def matching(connection: asyncpg.Connection, tenant: str | None, programme: str | None) -> list[Programme]:
    """Return the programmes that these slugs leave open."""
    return [Programme(*row) for row in await connection.fetch(_QUERIES["programmes"], tenant, programme)]


async def the_programme(
    connection: asyncpg.Connection, tenant: str | None, programme: str | None, *, as_json: bool
) -> Programme:
    """Return the one programme that is meant; ends the command when there is none, or more than one."""
    found = await matching(connection, tenant, programme)
    if not found:
        wanted = f"{tenant or 'any tenant'}/{programme or 'any programme'}"
        fail(Exit.FAILED, f"there is no programme {wanted}", as_json=as_json)
    if len(found) > 1:
        known = ", ".join(each.slug for each in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        fail(Exit.USAGE, f"say which with --tenant and --programme: {known}", as_json=as_json)
    return found[0]


async def the_tenant(connection: asyncpg.Connection, tenant: str | None, *, as_json: bool) -> int:
    """Return the one tenant that is meant; ends the command when there is none, or more than one."""
    found = {each.tenant: each.tenant_id for each in await matching(connection, tenant, None)}
    if not found:
        fail(Exit.FAILED, f"there is no tenant {tenant or 'yet'}", as_json=as_json)
    if len(found) > 1:
        fail(Exit.USAGE, f"say which with --tenant: {', '.join(list(found)[:_SHOWN])}", as_json=as_json)
    return next(iter(found.values()))
