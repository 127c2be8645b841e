"""Pools of codes at the command line: generated, brought along, written out; the commands are in `cli/codes.py`."""

from __future__ import annotations

import asyncio
import csv
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import msgspec
import orjson

from cli.connections import Connections
from cli.exits import Exit
from cli.failures import fail
from cli.programmes import Programme, the_programme
from libs.codes import postgres as codes
from libs.codes.guessing import guessable
from libs.codes.keeping import CodeKeeper, Kept
from libs.codes.pattern import Pattern, canonical
from libs.codes.rules import PoolRules, RulesWrong, read_rules

AT_ONCE = 20_000
"""Codes that go in with one statement, or come out."""


@dataclass(frozen=True, slots=True)
class Session:
    """A command's connection, the programme that it is about, its clock and what opens codes."""

    connections: Connections
    connection: asyncpg.Connection
    where: Programme
    keeper: CodeKeeper
    now: datetime

    @property
    def scope(self) -> tuple[int, int]:
        """Tenant and programme."""
        return (self.where.tenant_id, self.where.programme_id)

    async def pool(self, name: str) -> codes.Pool:
        """Return a pool with its counts; ends the command when there is none of this name."""
        found = await codes.load_pools(self.connection, *self.scope, name)
        if not found:
            fail(Exit.FAILED, f"{self.where.slug} has no pool {name}", as_json=self.connections.as_json)
        return found[0]


@asynccontextmanager
async def session(connections: Connections, tenant: str | None, programme: str | None) -> AsyncIterator[Session]:
    """Connect to the database of a platform, and find the programme."""
    keeper = CodeKeeper.from_seal_key(connections.seal_key())
    connection = await asyncpg.connect(connections.dsn())
    try:
        where = await the_programme(connection, tenant, programme, as_json=connections.as_json)
        yield Session(connections, connection, where, keeper, connections.clock().now())
    finally:
        await connection.close()


def rules_in(text: str | None, *, as_json: bool) -> PoolRules | None:
    """Read rules out of JSON, or of a file that holds it; ends the command when they are none."""
    if text is None:
        return None
    try:
        written = text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8")
        return read_rules(_with_instants(orjson.loads(written)))
    except OSError as error:
        fail(Exit.USAGE, f"--rules: {error}", as_json=as_json)
    except (orjson.JSONDecodeError, RulesWrong) as error:
        fail(Exit.USAGE, f"--rules: {error}", as_json=as_json)


def _with_instants(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    read = dict(document)
    for name in ("valid_from", "valid_until"):
        if isinstance(read.get(name), str):
            try:
                read[name] = msgspec.convert(read[name], datetime)
            except msgspec.ValidationError:
                raise RulesWrong(f"{name}: an RFC 3339 date-time with an offset") from None
    return read


async def generate(at: Session, pool: codes.Pool, many: int, seen: Callable[[int], None]) -> int:
    """Put so many new codes into a pool and return how many texts were drawn for it; `seen` hears how many are in.

    Ends the command when the pool is not generated, or could be guessed with so many in it.
    """
    pattern, tenant_id = check_generated(at, pool, many), at.scope[0]

    async def draw(wanted: int) -> list[Kept]:
        return await asyncio.to_thread(codes.made, at.keeper, tenant_id, pattern, wanted, os.urandom)

    done, drawn, ready = 0, 0, await draw(min(AT_ONCE, many))
    while ready:
        wanted = min(AT_ONCE, max(many - done - len(ready), 0))
        # The next codes are made while these go in.
        new, following = await asyncio.gather(
            codes.add(at.connection, tenant_id, pool.pool_id, ready, at.now), draw(wanted)
        )
        done, drawn = done + len(new), drawn + len(ready)
        ready = following or await draw(min(AT_ONCE, many - done))
        seen(done)
    return drawn


def check_generated(at: Session, pool: codes.Pool, many: int) -> Pattern:
    """Return what codes of a pool look like; ends the command when so many more can't be generated."""
    as_json = at.connections.as_json
    if pool.pattern is None:
        fail(Exit.USAGE, f"the codes of {pool.name} are brought along: use `codes import`", as_json=as_json)
    why = guessable(pool.pattern, pool.codes + many)
    if why is not None:
        fail(Exit.USAGE, f"with {pool.codes + many:,} codes, {why.detail}", as_json=as_json)
    return pool.pattern


class Imported(NamedTuple):
    """What came of a file: lines with a code, codes that went in, lines that are none, lines with one known already."""

    read: int
    added: int
    wrong: list[int]
    known: list[int]


async def bring(at: Session, pool: codes.Pool, file: Path, seen: Callable[[int], None], *, dry_run: bool) -> Imported:
    """Put the codes of a file into a pool: the first column of each line, a heading `code` passed over."""
    read, added, wrong, known = 0, 0, [], []
    names: set[object] = set()
    rest = _lines(file)
    while lines := list(islice(rest, AT_ONCE)):
        kept = {}
        for number, text in lines:
            read += 1
            if not canonical(text):
                wrong.append(number)
                continue
            one = at.keeper.close(at.scope[0], text)
            if one.code_id in names:
                known.append(number)
                continue
            names.add(one.code_id)
            kept[one.code_id] = (number, one)
        if dry_run:
            added += len(kept)
        else:
            new = await codes.add(
                at.connection, at.scope[0], pool.pool_id, [one for _, one in kept.values()], at.now
            )  # fmt: skip
            added += len(new)
            known += [number for code_id, (number, _) in kept.items() if code_id not in new]
        seen(read)
    return Imported(read, added, wrong, sorted(known))


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        for number, row in enumerate(csv.reader(opened), start=1):
            text = row[0].strip() if row else ""
            if text and not (number == 1 and text.lower() == "code"):
                yield number, text


async def texts(at: Session, pool: codes.Pool, state: str | None, most: int | None) -> AsyncIterator[dict[str, Any]]:
    """Give codes of a pool in the order of their numbers, opened; so many at most."""
    after, left = 0, most
    while left is None or left > 0:
        count = AT_ONCE if left is None else min(AT_ONCE, left)
        query = codes.QUERIES["codes_of_pool"]
        rows = await at.connection.fetch(query, at.scope[0], pool.pool_id, after, state, count)
        for row in rows:
            text = at.keeper.open(at.scope[0], row["code_id"], row["sealed"])
            yield {**{name: row[name] for name in _SHOWN}, "code": text}
        if len(rows) < count:
            return
        after, left = rows[-1]["number"], None if left is None else left - len(rows)


_SHOWN = ("number", "code_id", "state", "uses", "member_id", "expires_at")
