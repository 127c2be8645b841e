"""Where a member stands in the tier sets of a programme, and how it came to that."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from libs.history.days import MemberDay, MemberDays, Sum
from libs.ledger.zones import load_zone
from libs.promotions.tiers import TierSet
from libs.promotions.wallets import Wallet
from libs.runtime import sql
from libs.tiers.decide import TierStanding
from services.gateway.store import Member, Reading

_SQL = sql.load("services.gateway", "tiers.sql")
_STANDING = [each.name for each in fields(TierStanding)]


@dataclass(frozen=True, slots=True)
class MemberTiers:
    """The tier sets and wallets in force, where the member was told to stand in each set, and what the member did."""

    zone: ZoneInfo
    sets: tuple[TierSet, ...]
    standings: dict[str, TierStanding]
    days: MemberDays
    wallets: tuple[Wallet, ...] = ()


class KeptChange(NamedTuple):
    """A change of a member's tier, as it was kept."""

    tier_set: str
    number: int
    from_level: str | None
    to_level: str | None
    reason: str
    effective_at: datetime
    until: datetime | None
    programme_version: int
    figures: list[dict[str, Any]]
    recorded_at: datetime


async def tiers_of(reading: Reading, member: Member, now: datetime) -> MemberTiers | None:
    """Return a member's tiers; None where the programme has none."""
    found = await reading.fetch(_SQL["sets"], member.programme_id, now)
    if not found:
        return None
    of_member = (member.programme_id, member.member_id)
    sets = msgspec.json.decode(found[0]["tier_sets"])
    standings = {
        row["tier_set"]: TierStanding(**{name: row[name] for name in _STANDING})
        for row in await reading.fetch(_SQL["standings"], *of_member)
    }
    days = [_day(row) for row in await reading.fetch(_SQL["days"], *of_member)]
    parsed = tuple([TierSet.model_validate(each) for each in sets])
    wallets = tuple([Wallet.model_validate(each) for each in msgspec.json.decode(found[0]["wallets"])])
    return MemberTiers(load_zone(found[0]["zone"]), parsed, standings, MemberDays(tuple(days)), wallets)


async def changes_of(reading: Reading, member: Member, most: int) -> list[KeptChange]:
    """Return a member's last changes of tier, newest first."""
    rows = await reading.fetch(_SQL["changes"], member.programme_id, member.member_id, most)
    return [KeptChange(**{**dict(row), "figures": msgspec.json.decode(row["figures"])}) for row in rows]


def _day(row: Any) -> MemberDay:
    parts = {} if row["parts"] is None else msgspec.json.decode(row["parts"])
    return MemberDay(row["day"], Sum(row["visits"], row["spend_minor"], row["points"], parts))
