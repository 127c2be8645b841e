"""The outcome for one event: what judging answers, and what is to be credited for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from libs.ledger.decide import decide_credit
from libs.ledger.model import Lot
from libs.promotions.evaluation import Evaluation
from libs.promotions.pages import Outcome


class NewCredit(Struct, frozen=True):
    """A lot to be made: its wallet and points, when it becomes active, lapses, and whether it was carried."""

    wallet: str
    points: int
    earned_at: datetime
    active_from: datetime
    expires_at: datetime | None
    carried: bool
    version: int

    def lot(self, head_seq: int, recorded_at: datetime) -> Lot:
        """The lot that it makes of a member whose last number is `head_seq`."""
        return decide_credit(
            head_seq,
            self.wallet,
            self.points,
            earned_at=self.earned_at,
            recorded_at=recorded_at,
            active_from=self.active_from,
            expires_at=self.expires_at,
            policy_version=self.version,
        )


class Verdict(Struct, frozen=True):
    """The outcome for one event. `judged` is what was judged where that is not the event's own payload."""

    outcome: Outcome
    reason: str | None
    judged_at: datetime
    evaluation: Evaluation | None = None
    credits: Sequence[NewCredit] = ()
    judged: Any = None
    rate: tuple[int, int] | None = None

    @property
    def stands(self) -> bool:
        """Whether what it gives beside points is given: not while its points await somebody's word."""
        return self.evaluation is not None and (bool(self.credits) or not self.evaluation.grants)
