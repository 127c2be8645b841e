"""The document's effect that gives points a member has a later date; earning does it, the engine only grants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.expiry import NeverExpiry
from libs.promotions.gifts import CompiledGift
from libs.promotions.parts import Days, Misplaced, Name, Part, unless_written

if TYPE_CHECKING:
    from libs.promotions.campaigns import Campaign
    from libs.promotions.wallets import Wallet

EXTENSION = "extension"
"""The kind under which a later date is granted; the reference names the wallet."""


class Extend(Part):
    """Points of `wallet` (the first) lapse so many `boundaries` later, or at the end of the period so many `days` on.

    `lots` are those that lapse `next`, or `all` that have a date; of these only what was earned at least
    `older_than_days` and at most `younger_than_days` before. It is counted from the date that each lot has, or
    `from_now`, so that once more in the same period changes nothing. No point lives longer than `most_days` from when
    it was earned. Of a member who has more than `most_points` of them, lots are taken whole, what lapses first first.
    """

    kind: Literal["extend"]
    wallet: Name | None = unless_written(None)
    boundaries: Annotated[int, Field(strict=True, ge=1, le=40)] | None = unless_written(None)
    days: Days | None = unless_written(None)
    lots: Literal["next", "all"] = "next"
    from_now: Annotated[bool, Field(strict=True)] = unless_written(False)
    older_than_days: Days | None = unless_written(None)
    younger_than_days: Days | None = unless_written(None)
    most_days: Days | None = unless_written(None)
    most_points: Annotated[int, Field(strict=True, ge=1, le=10**12)] | None = unless_written(None)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.boundaries is None) == (self.days is None):
            raise Misplaced("boundaries", "either so many boundaries or so many days")
        return self


def compile_extension(wallet: str) -> CompiledGift:
    """Compile the effect: once, whatever was bought or done."""
    return CompiledGift(EXTENSION, wallet, 1, None, None, in_steps=False)


def extensions_of(campaign: Campaign) -> list[Extend]:
    """The effects of a campaign that give points a later date."""
    return [effect for effect in campaign.benefits if isinstance(effect, Extend)]


def check_extensions(campaigns: Sequence[Campaign], wallets: Sequence[Wallet]) -> None:
    """Refuse later dates in wallets that there are not, and for points that never lapse.

    Raises:
        Misplaced: there is one.
    """
    by_name = {wallet.name: wallet for wallet in wallets}
    for at, campaign in enumerate(campaigns):
        for number, effect in enumerate(campaign.benefits):
            if not isinstance(effect, Extend):
                continue
            path = f"campaigns[{at}].{campaign.path_of(number)}.wallet"
            wallet = by_name.get(effect.wallet or wallets[0].name)
            if wallet is None:
                raise Misplaced(path, f"no wallet {effect.wallet!r}", ", ".join(by_name))
            if isinstance(wallet.expiry, NeverExpiry) and not wallet.expiry_for:
                raise Misplaced(path, f"points of wallet {wallet.name!r} never lapse")
