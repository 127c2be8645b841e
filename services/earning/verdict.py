"""The outcome for one receipt, and the member that it concerns: what deciding and announcing share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from libs.promotions.evaluation import Evaluation
from libs.promotions.facts import MemberFacts
from libs.promotions.pages import Outcome


@dataclass(slots=True)
class Standing:
    """A member as the batch has come to it: the last number given, and where the member's events go."""

    facts: MemberFacts
    seq: int
    spread: int
    text: str
    key: bytes


class Verdict(NamedTuple):
    """The outcome for one receipt, before anything is written down."""

    outcome: Outcome
    reason: str | None
    judged_at: datetime
    evaluation: Evaluation | None
    credits: Sequence[tuple[str, int, datetime | None, bool]]  # wallet, points, expiry, carried
