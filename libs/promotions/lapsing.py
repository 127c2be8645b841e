"""The document's word on what lapses: what may come back afterwards, and when writing it down takes two people."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from libs.promotions.parts import NonNegative, Part


class Reinstatement(Part):
    """What of lapsed points may be given back to members, by people who may correct points.

    Within `within_days` times 24 hours of their lapse; 0 for nothing. `most_points_per_member` bounds what may come
    back to a member of one wallet, of what lapsed within the window. A request for more than `approval_above` points
    in all waits until somebody else than who asked agrees. Points are in the wallet's minor unit.
    """

    within_days: Annotated[int, Field(strict=True, ge=0, le=3_650)] = 90
    most_points_per_member: NonNegative | None = None
    approval_above: NonNegative = 10_000


class SweepApproval(Part):
    """When what lapses at a boundary is written down only after somebody has agreed who did not publish the programme.

    It takes it when more than `above_points` of any wallet lapse, or points worth more than `above_minor` in the
    programme's currency, as the wallets' `worth` says. Null for no such bound.
    """

    above_points: NonNegative | None = None
    above_minor: NonNegative | None = None
