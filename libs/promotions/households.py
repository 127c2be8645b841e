"""The document's word on households: members who let each other spend their points, how far, and who may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.history import first_day
from libs.promotions.parts import Misplaced, Name, NonNegative, Part

Role = Literal["owner", "adult", "child"]
Roles = Annotated[tuple[Role, ...], Field(max_length=3)]
SpendingPeriod = Literal["day", "week", "month", "year", "ever"]


class HouseholdLimit(Part):
    """How many points of the others a member may spend in a period of the programme's zone.

    It holds for members in these `roles`; without, for all.
    """

    period: SpendingPeriod
    points: NonNegative
    roles: Roles = ()


class HouseholdTerms(Part):
    """What members of a household may spend of each other's points.

    `pooled` shares all of them, `percentage` so many `percent` of each lot, rounded down, `own` none: each spends what
    is theirs. Only these `wallets` are shared; without, all. Others' points are spent by these `spenders`, within every
    limit that holds for them; one's own points may be spent by everybody, without a limit.
    """

    mode: Literal["pooled", "percentage", "own"] = "pooled"
    percent: Annotated[int, Field(strict=True, ge=1, le=99)] | None = None
    wallets: Annotated[tuple[Name, ...], Field(max_length=16)] = ()
    spenders: Roles = ("owner", "adult")
    limits: Annotated[tuple[HouseholdLimit, ...], Field(max_length=64)] = ()
    most_members: Annotated[int, Field(strict=True, ge=2, le=50)] = 8
    invitation_days: Annotated[int, Field(strict=True, ge=1, le=365)] = 14

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if (self.percent is not None) != (self.mode == "percentage"):
            raise Misplaced("percent", "it says how much of each lot is shared where the mode is percentage")
        return self

    def shares(self, wallet: str) -> bool:
        """Whether points of a wallet are shared at all."""
        return self.mode != "own" and (not self.wallets or wallet in self.wallets)

    def shared(self, amount: int) -> int:
        """How many points are shared of a lot that so many were credited to."""
        return amount if self.percent is None else amount * self.percent // 100

    def most(self, role: Role, today: date, used_since: Callable[[date], int]) -> int | None:
        """How many points of the others a member may still spend; None for as many as there are.

        `used_since` tells how many were spent since the first day of a period.
        """
        if role not in self.spenders:
            return 0
        left = [
            max(0, limit.points - used_since(first_day(limit.period, today)))
            for limit in self.limits
            if not limit.roles or role in limit.roles
        ]
        return min(left, default=None)


def check_households(terms: HouseholdTerms | None, wallets: Sequence[str]) -> None:
    """Refuse wallets that nobody knows.

    Raises:
        Misplaced: with the path below the programme.
    """
    for at, wallet in enumerate(() if terms is None else terms.wallets):
        if wallet not in wallets:
            raise Misplaced(f"household.wallets[{at}]", f"no wallet {wallet!r}", ", ".join(wallets))
