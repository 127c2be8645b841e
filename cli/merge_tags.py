"""`pointstream codes merge`: a row a member, with their code and what else a mailing tool puts into its words."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from cli import code_pools, screen
from cli.code_pools import Session
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from libs.balances.balance import MemberBalance, WalletPoints
from libs.balances.postgres import load as load_balances
from libs.codes.postgres import Pool
from libs.contacts.consent import may_write
from libs.contacts.person import Person
from libs.contacts.postgres import load_people
from libs.language.spreadsheets import harmless
from libs.messages.content import ChannelName, Purpose
from libs.segments.reading import in_force
from libs.sweeps.tables import text as instant_text

TAGS = (
    "MEMBER_ID", "FNAME", "LNAME", "LANGUAGE", "EMAIL", "PHONE", "CODE", "CODE_STATE", "CODE_EXPIRES", "BENEFIT",
    "POINTS", "POINTS_EXPIRING", "POINTS_EXPIRE",
)  # fmt: skip
"""The columns, named as merge tags are."""
_TAKEN = ("assigned", "published")
_AT_ONCE = 500
PoolArgument = Annotated[str, typer.Argument(metavar="POOL", help="The pool's name.")]


def merge(
    pool: PoolArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the CSV is written; it has personal data.")],
    wallet: Annotated[
        str | None, typer.Option("--wallet", metavar="NAME", help="Whose points (default: the first).")
    ] = None,
    marketing: Annotated[
        bool, typer.Option("--marketing/--all", help="Addresses only of who agreed to marketing there (default).")
    ] = True,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write who has a code of a pool as CSV for a mailing tool: code, benefit and date, points and when they lapse."""
    connections = Connections(data, as_json, dsn, None, seal_key_file)

    async def work() -> int:
        async with code_pools.session(connections, tenant, programme) as at:
            found, written = await at.pool(pool), 0
            purpose: Purpose = "marketing" if marketing else "service"
            told = await _wallet(at, wallet)
            with out.open("w", encoding="utf-8", newline="") as opened:
                opened.write(_csv([TAGS]))
                async for lines in _lines(at, found, told, purpose):
                    opened.write(_csv(lines))
                    written += len(lines)
            return written

    written = finished(work, as_json=as_json)
    if as_json:
        screen.write_json({"pool": pool, "members": written, "file": str(out)})
    else:
        screen.out().print(f"{written:,} rows in {out}", markup=False)


async def _wallet(at: Session, wallet: str | None) -> tuple[str, int]:
    """The wallet whose points are told, and its decimals; ends the command when there is none of the name."""
    found = await in_force(at.connection, at.scope, at.now)
    known = {} if found is None else {each.name: each.scale for each in found.compiled.source.wallets}
    if not known or (wallet is not None and wallet not in known):
        fail(
            Exit.USAGE, f"{at.where.slug} has the wallets: {', '.join(known) or 'none'}", as_json=at.connections.as_json
        )
    name = wallet or next(iter(known))
    return name, known[name]


async def _lines(at: Session, pool: Pool, wallet: tuple[str, int], purpose: Purpose) -> AsyncIterator[list[list[str]]]:
    """Give rows in portions, in the order of the codes."""
    portion: list[dict[str, Any]] = []
    for state in _TAKEN:
        async for each in code_pools.texts(at, pool, state, None):
            if each["member_id"] is not None:
                portion.append(each)
            if len(portion) == _AT_ONCE:
                yield await _portion(at, pool, portion, wallet, purpose)
                portion = []
    if portion:
        yield await _portion(at, pool, portion, wallet, purpose)


async def _portion(
    at: Session, pool: Pool, codes: Sequence[dict[str, Any]], wallet: tuple[str, int], purpose: Purpose
) -> list[list[str]]:
    members: list[tuple[int, int, UUID]] = list(dict.fromkeys((*at.scope, each["member_id"]) for each in codes))
    people = await load_people(at.connection, members, at.connections.seal())
    balances = {each.member_id: each for each in await load_balances(at.connection, members, at.now)}
    found = []
    for each in codes:
        member_id: UUID = each["member_id"]
        points = _points(balances.get(member_id), wallet[0])
        found.append(_row(each, pool, people[*at.scope, member_id], points, wallet[1], purpose))
    return found


def _row(
    code: dict[str, Any], pool: Pool, person: Person, points: WalletPoints | None, scale: int, purpose: Purpose
) -> list[str]:
    cells = (
        str(code["member_id"]),
        person.given_name,
        person.family_name,
        person.language,
        _address(person, "email", purpose),
        _address(person, "sms", purpose),
        code["code"],
        code["state"],
        _day(code["expires_at"]),
        _benefit(pool),
        None if points is None else _number(points.available, scale),
        None if points is None else _number(points.next_expiry_points, scale),
        None if points is None else _day(points.next_expiry_at),
    )
    return [_cell(tag, each or "") for tag, each in zip(TAGS, cells, strict=True)]


def _cell(tag: str, text: str) -> str:
    """A text that no spreadsheet runs; numbers of telephones are digits behind a sign, and stay as they are."""
    return text if tag == "PHONE" else harmless(text)


def _number(points: int, scale: int) -> str:
    return str(Decimal(points).scaleb(-scale))


def _address(person: Person, channel: ChannelName, purpose: Purpose) -> str | None:
    """Where to, if the member may be written to there."""
    alive = [each.value for each in person.addresses if each.channel == channel and each.alive]
    return alive[-1] if alive and may_write(person, purpose, channel).allowed else None


def _points(balance: MemberBalance | None, wallet: str) -> WalletPoints | None:
    return None if balance is None else next((each for each in balance.wallets if each.wallet == wallet), None)


def _benefit(pool: Pool) -> str | None:
    benefit = pool.rules.benefit
    if benefit is None:
        return None
    if benefit.percent is not None:
        return f"{benefit.percent} %"
    return f"{benefit.amount_minor} {pool.rules.currency or ''}".strip()


def _day(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def _csv(lines: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue()
