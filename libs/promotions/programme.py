"""The programme: one versioned document that says what earns points, and its validation.

All points are integers in the wallet's minor unit (a wallet of scale 2 writes one point as 100), all amounts integers
in the currency's minor unit. `parse_programme` in `document.py` reads it and reports errors by path.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.audience import FactField
from libs.promotions.campaigns import Campaign, phase_of
from libs.promotions.catalogue import Product
from libs.promotions.declarations import ActivityType, check_facts, check_places
from libs.promotions.parts import Misplaced, Part, Zone, refuse_repeats, unless_written
from libs.promotions.payouts import Multiplier
from libs.promotions.places import Store
from libs.promotions.wallets import Wallet

MAX_COMPOUNDING = 8

Shortfall = Literal["debt", "pending_only", "up_to_balance", "operator"]


class Returns(Part):
    """What happens when points to be taken back are not there any more.

    They become a `debt`; or only what is still pending is taken (`pending_only`), or what the member has
    (`up_to_balance`), and the rest forgiven; or an `operator` decides on the rest.
    """

    shortfall: Shortfall = "debt"


class Programme(Part):
    """The whole document. An effect that names no wallet pays into the first one.

    `claim_days` is how long a receipt without a known member may be claimed, in days of 24 hours. `stores` say where
    receipts come from, `products` what an SKU is. Where `activities` or `attributes` are declared, campaigns may use no
    others.
    """

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    zone: Zone
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    wallets: Annotated[tuple[Wallet, ...], Field(max_length=16)]
    rounding: Literal["floor", "half_up", "ceil"] = "floor"
    campaigns: Annotated[tuple[Campaign, ...], Field(max_length=100_000)] = ()
    returns: Returns = unless_written(Returns())
    claim_days: Annotated[int, Field(strict=True, ge=0, le=3_650)] = unless_written(60)
    activities: Annotated[tuple[ActivityType, ...], Field(max_length=1_000)] = unless_written(())
    attributes: Annotated[tuple[FactField, ...], Field(max_length=200)] = unless_written(())
    stores: Annotated[tuple[Store, ...], Field(max_length=100_000)] = unless_written(())
    products: Annotated[tuple[Product, ...], Field(max_length=1_000_000)] = unless_written(())

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.wallets:
            raise Misplaced("wallets", "at least one is needed")
        refuse_repeats("wallets[{}].name", [wallet.name for wallet in self.wallets])
        refuse_repeats("campaigns[{}].id", [campaign.id for campaign in self.campaigns])
        refuse_repeats("activities[{}].name", [activity.name for activity in self.activities])
        refuse_repeats("attributes[{}].name", [attribute.name for attribute in self.attributes])
        refuse_repeats("stores[{}].id", [store.id for store in self.stores])
        refuse_repeats("products[{}].sku", [product.sku for product in self.products])
        self._check_wallets()
        self._check_groups()
        check_places(self.campaigns, self.stores)
        check_facts(self.campaigns, self.attributes, self.activities)
        return self

    def wallet_of(self, campaign: Campaign) -> str:
        """Name the wallet that a campaign pays into."""
        return campaign.effect.wallet or self.wallets[0].name

    def _check_wallets(self) -> None:
        known = [wallet.name for wallet in self.wallets]
        compounding: Counter[str] = Counter()
        for at, campaign in enumerate(self.campaigns):
            wallet = self.wallet_of(campaign)
            if wallet not in known:
                raise Misplaced(f"campaigns[{at}].effect.wallet", f"no wallet {wallet!r}", ", ".join(known))
            compounding[wallet] += isinstance(campaign.effect, Multiplier) and campaign.effect.compounding
            if compounding[wallet] > MAX_COMPOUNDING:
                reason = f"more than {MAX_COMPOUNDING} compounding multipliers in wallet {wallet!r}"
                raise Misplaced(f"campaigns[{at}].effect.compounding", reason, "false")

    def _check_groups(self) -> None:
        first: dict[str, Campaign] = {}
        for at, campaign in enumerate(self.campaigns):
            if campaign.group is None:
                continue
            other = first.setdefault(campaign.group, campaign)
            if other.mode != campaign.mode:
                reason = f"campaign {other.id!r} gives group {campaign.group!r} another mode"
                raise Misplaced(f"campaigns[{at}].mode", reason, other.mode)
            if campaign.mode in ("best", "worst") and self._kind(other) != self._kind(campaign):
                reason = f"to be compared it must pay in the phase and wallet of campaign {other.id!r}"
                raise Misplaced(f"campaigns[{at}].effect", reason, " in ".join(reversed(self._kind(other))))

    def _kind(self, campaign: Campaign) -> tuple[str, str]:
        return self.wallet_of(campaign), phase_of(campaign)
