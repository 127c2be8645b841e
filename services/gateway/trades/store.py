"""Trades as the gateway reads them: what was given to charities, and the donation behind a receipt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from libs.contracts.trades import TradeView
from libs.promotions.programme import Programme
from libs.runtime import sql
from services.gateway.store import Reading
from services.gateway.trades.views import GivenView

_SQL = sql.load("services.gateway", "trades.sql")
NOTHING = GivenView(donations=0, points=0, worth_minor=0)
_VIEW = {"kind": "trade_kind", "wallet": "trade_wallet", "points": "trade_points", "other": "trade_other",
         "currency": "trade_currency", "rate_points": "trade_rate_points", "rate_other": "trade_rate_other",
         "lot": "opens"}  # fmt: skip
"""What of a trade goes by another name beside the redemption that it is."""


class Given(NamedTuple):
    """What was given, by charity with its campaigns, and by campaign."""

    charities: Mapping[str, GivenView]
    pools: Mapping[str, GivenView]


class Donation(NamedTuple):
    """A donation, with the document by whose rate it was made."""

    programme: str
    member_id: UUID
    points: int
    wallet: str
    worth_minor: int
    currency: str
    charity: str
    pool: str | None
    traded_at: datetime
    document: Programme

    @property
    def zone(self) -> ZoneInfo:
        """The programme's zone then."""
        return ZoneInfo(self.document.zone)


def trade_view(row: Any) -> TradeView | None:
    """The trade that a redemption is; None for most."""
    if row["trade_kind"] is None:
        return None
    return TradeView(**{name: row[_VIEW.get(name, name)] for name in TradeView.model_fields})


async def given(reading: Reading, programme_id: int) -> Given:
    """Return what members gave."""
    charities: dict[str, GivenView] = {}
    pools: dict[str, GivenView] = {}
    for row in await reading.fetch(_SQL["pools"], programme_id):
        one = GivenView(donations=row["donations"], points=row["points"], worth_minor=row["worth_minor"])
        before = charities.get(row["party"], NOTHING)
        charities[row["party"]] = GivenView(
            donations=before.donations + one.donations,
            points=before.points + one.points,
            worth_minor=before.worth_minor + one.worth_minor,
        )
        if row["pool"] is not None:
            pools[row["pool"]] = one
    return Given(charities, pools)


async def donation(reading: Reading, redemption_id: UUID) -> Donation | None:
    """Return a donation of the tenant."""
    rows = await reading.fetch(_SQL["donation"], redemption_id)
    if not rows:
        return None
    row = rows[0]
    own = {name: row[name] for name in Donation._fields if name != "document"}
    return Donation(**own, document=Programme.model_validate(msgspec.json.decode(row["document"])))
