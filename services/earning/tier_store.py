"""Where members stand in tier sets: loaded with their days, saved with every change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from libs.judging.versions import RunningProgramme
from libs.lives.life import MemberName
from libs.runtime import sql
from libs.tiers.decide import TierStanding
from services.earning import history_store
from services.earning.arrivals import Arrival
from services.earning.cases import Case
from services.earning.history import Histories
from services.earning.history_store import Scope
from services.earning.tiers import Change, MemberTiers, Place, Tiers
from services.earning.verdict import Standing

_QUERIES = sql.load("services.earning", "tiers.sql")
_STANDING = [each.name for each in fields(TierStanding)]


async def load_deeds(
    connection: asyncpg.Connection,
    programmes: Mapping[Scope, RunningProgramme],
    standings: Mapping[MemberName, Standing],
    fresh: Iterable[Arrival],
    cases: Iterable[Case],
    now: datetime,
) -> tuple[Histories | None, Tiers | None]:
    """Load what the members of a batch did before, and where they stand, as far as their programmes ask."""
    asking = {scope: each for scope, each in programmes.items() if each.history is not None}
    if not asking:
        return None, None
    tiered = [name for name in standings if name[:2] in asking and asking[name[:2]].tiered]
    found = await load_places(connection, tiered)
    histories = await history_store.load_histories(connection, asking, standings, fresh, cases, now, found)
    return histories, Tiers(found, histories, now) if tiered else None


async def load_places(connection: asyncpg.Connection, members: Sequence[MemberName]) -> dict[MemberName, MemberTiers]:
    """Return where these members, who are locked, stand; who stands nowhere yet is there too."""
    if not members:
        return {}
    found: dict[MemberName, MemberTiers] = {}
    columns = [[name[column] for name in members] for column in range(3)]
    for row in await connection.fetch(_QUERIES["places"], *columns):
        name = (row["tenant_id"], row["programme_id"], row["member_id"])
        tiers = found.setdefault(name, MemberTiers(row["enrolled_at"]))
        if row["tier_set"] is not None:
            standing = TierStanding(**{field: row[field] for field in _STANDING})
            tiers.places[row["tier_set"]] = Place(standing, row["changes"])
    return found


async def save_tiers(connection: asyncpg.Connection, now: datetime, tiers: Tiers) -> None:
    """Save where members stand now, every change on the way, and the tier that decisions see."""
    if not tiers.changed and not tiers.driven:
        return
    standings = [
        _whose(name)
        | {"tier_set": tier_set, "changes": place.changes}
        | {field: getattr(place.standing, field) for field in _STANDING}
        for (name, tier_set), place in tiers.changed.items()
    ]
    driven = [_whose(name) | {"tier": level} for name, level in tiers.driven.items()]
    changes = [_change(each) for each in tiers.changes]
    await connection.execute(_QUERIES["save_tiers"], now, *[_json(rows) for rows in (standings, changes, driven)])


def _change(each: Change) -> dict[str, Any]:
    after = each.change.after
    return _whose(each.name) | {
        "tier_set": each.tiers.name,
        "number": each.number,
        "from_level": each.change.before,
        "to_level": after.level,
        "reason": each.change.reason,
        "effective_at": after.since,
        "until": after.until,
        "programme_version": each.version,
        "figures": each.figures,
        "cause": each.cause,
    }


def _whose(name: MemberName) -> dict[str, Any]:
    return {"tenant_id": name[0], "programme_id": name[1], "member_id": name[2]}


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return orjson.dumps(rows, default=str).decode()  # keys are UUIDs of a class of their own
