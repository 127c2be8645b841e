"""What may happen to points that are lent, each time to the stores and to the model."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from libs.contracts.trades import TradeAsk
from tests.integration.redemption.machine_carts import CartRules
from tests.integration.redemption.machine_points import WHO
from tests.integration.redemption.stores import LENDING
from tests.support.plain_points import ROME

MOST, FEE, SHARE, DAYS = (int(LENDING[name]) for name in ("most", "fee_percent", "repays_percent", "days"))


class LoanRules(CartRules):
    """Later credits repay what is lent, and it falls due; `PointRules.wait` lets it."""

    @rule(who=WHO, points=st.integers(5, 60))
    def borrow(self, who: int, points: int) -> None:
        self.look()  # so that no hold ends while something is due, but in its turn
        purse, fee = self.points.purses[who], -(-points * FEE // 100)
        fits = not self.merged(who) and not purse.owed and purse.lent + points + fee <= MOST
        self.spend("lend", self.name(), fits=fits, **self.whose(who), points=points, trade=TradeAsk())
        if fits:
            self.points.lend(who, points, fee, SHARE, day_after(self.now, DAYS + 1))


def day_after(instant: datetime, days: int) -> datetime:
    """When so many days later begins in Rome, where the clocks are never changed at midnight."""
    day = instant.astimezone(ROME).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=ROME)
