"""What a clock would ask of a standing."""

from __future__ import annotations

from datetime import datetime

from libs.tiers.decide import TierStanding


def next_change_at(standing: TierStanding | None) -> datetime | None:
    """When the clock may next change a standing that `decide` gave; None for never."""
    return None if standing is None else standing.due_at
