"""Exchange rates, as read in the transaction of a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from libs.runtime import sql
from services.gateway.door.cursors import Place
from services.gateway.store import Reading

_SQL = sql.load("services.gateway", "rates.sql")


@dataclass(frozen=True, slots=True)
class Rate:
    """A version of a rate: what one unit of `currency` is worth in `into`, times 10^9."""

    programme_id: int
    programme: str
    into: str
    currency: str
    version: int
    rate_e9: int
    valid_from: datetime
    recorded_at: datetime

    @property
    def place(self) -> Place:
        """Where the list goes on after this rate."""
        return Place(self.programme_id, text=f"{self.currency} {self.version}")


async def rates(
    reading: Reading, programme: str | None, currency: str | None, after: Place | None, count: int
) -> list[Rate]:
    """Return rates of the tenant, by programme and currency, the newest version first."""
    number, (last, version) = (0, ("", "0")) if after is None else (after.seq, str(after.text).split(" "))
    bounds = (number, last, int(version))
    return [Rate(**row) for row in await reading.fetch(_SQL["rates"], programme, currency, *bounds, count)]
