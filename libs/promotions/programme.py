"""The programme: one versioned document that says what earns points, and its validation.

All points are integers in the wallet's minor unit (a wallet of scale 2 writes one point as 100), all amounts integers
in the currency's minor unit. `parse_programme` in `document.py` reads it and reports errors by path.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.allowances import SharedLimit, Stacking
from libs.promotions.announced import check_promotions
from libs.promotions.audience import FactField
from libs.promotions.before_expiry import check_frames, with_periods
from libs.promotions.campaigns import Campaign, phase_of
from libs.promotions.catalogue import Product
from libs.promotions.challenges import check_challenges
from libs.promotions.choices import Choice, check_choices
from libs.promotions.declarations import ActivityType, check_arrivals, check_facts, check_places
from libs.promotions.discounts import Discounting
from libs.promotions.exchange_rates import ExchangeRate, check_rates
from libs.promotions.experiments import Experiment, check_experiments
from libs.promotions.expiry_checks import check_expiry
from libs.promotions.extensions import Extend, check_extensions
from libs.promotions.gifts import StatusPoints
from libs.promotions.households import HouseholdTerms, check_households
from libs.promotions.lapsing import Reinstatement, SweepApproval
from libs.promotions.messages import Messages
from libs.promotions.occasions import check_occasions
from libs.promotions.partners import Partner, check_partners
from libs.promotions.parts import Misplaced, Part, Zone, refuse_repeats, unless_written
from libs.promotions.paying import Payment, check_payment
from libs.promotions.payouts import Multiplier, Payout
from libs.promotions.places import Store
from libs.promotions.proposals import check_proposals
from libs.promotions.referral import Referral, check_wallets
from libs.promotions.reminders import check_reminders
from libs.promotions.scenario_triggers import with_segments
from libs.promotions.scenarios import Scenarios, check_scenarios
from libs.promotions.segments import Segments, check_segments
from libs.promotions.spared import check_spared
from libs.promotions.tiers import TierSets, check_sets, driving_levels, leading_set
from libs.promotions.trades import Trades, check_trades
from libs.promotions.transfers import Transfers, check_transfers
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

    `claim_days` is how long a receipt without a known member may be claimed, in days of 24 hours. `public` lets anybody
    read its rules and use its calculator. `limits` hold for all campaigns together. `stores` say where receipts come
    from, `products` what an SKU is. Where `activities`, `attributes`, `partners` or `segments` are declared, campaigns
    may use no others. `exchange_rates` join those that are known when the document is published.
    """

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    zone: Zone
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    wallets: Annotated[tuple[Wallet, ...], Field(max_length=16)]
    rounding: Literal["floor", "half_up", "ceil"] = "floor"
    campaigns: Annotated[tuple[Campaign, ...], Field(max_length=100_000)] = ()
    returns: Returns = unless_written(Returns())
    claim_days: Annotated[int, Field(strict=True, ge=0, le=3_650)] = unless_written(60)
    public: bool = unless_written(False)
    reinstatement: Reinstatement = unless_written(Reinstatement())
    sweep_approval: SweepApproval = unless_written(SweepApproval())
    limits: Annotated[tuple[SharedLimit, ...], Field(max_length=64)] = unless_written(())
    stacking: Stacking = unless_written(Stacking())
    activities: Annotated[tuple[ActivityType, ...], Field(max_length=1_000)] = unless_written(())
    attributes: Annotated[tuple[FactField, ...], Field(max_length=200)] = unless_written(())
    stores: Annotated[tuple[Store, ...], Field(max_length=100_000)] = unless_written(())
    products: Annotated[tuple[Product, ...], Field(max_length=1_000_000)] = unless_written(())
    partners: Annotated[tuple[Partner, ...], Field(max_length=10_000)] = unless_written(())
    exchange_rates: Annotated[tuple[ExchangeRate, ...], Field(max_length=10_000)] = unless_written(())
    tier_sets: TierSets = unless_written(())
    referral: Referral | None = None
    segments: Segments = unless_written(())
    experiments: Annotated[tuple[Experiment, ...], Field(max_length=64)] = unless_written(())
    payment: Payment | None = None
    transfers: Transfers | None = None
    trades: Trades | None = None
    household: HouseholdTerms | None = None
    choices: Annotated[tuple[Choice, ...], Field(max_length=256)] = unless_written(())
    messages: Messages = unless_written(Messages())
    scenarios: Scenarios = unless_written(())

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, document: Any) -> Any:
        return with_segments(with_periods(document))

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
        refuse_repeats("partners[{}].id", [partner.id for partner in self.partners])
        self._check_wallets()
        self._check_limits()
        self._check_groups()
        self._check_combinations()
        check_places(self.campaigns, self.stores)
        check_partners(self.campaigns, self.partners)
        check_rates(self.exchange_rates, self.currency)
        check_facts(self.campaigns, self.attributes, self.activities)
        check_arrivals(self.stores, self.activities)
        wallets = [wallet.name for wallet in self.wallets]
        check_sets(self.tier_sets, wallets)
        check_segments(self.segments, self.campaigns, self.attributes, self.tier_sets, wallets)
        check_frames(self.campaigns, self.wallets)
        check_reminders(self.wallets, [segment.name for segment in self.segments])
        check_occasions(self.campaigns, self.tier_sets)
        check_wallets(self.referral, wallets)
        check_spared(self.wallets, self.tier_sets, self.segments)
        check_challenges(self.campaigns, self.segments)
        check_experiments(self.experiments, self.campaigns)
        check_scenarios(self.scenarios, self.wallets, self.segments, self.tier_sets, self.campaigns, self.attributes)
        check_proposals(self.messages.proposals, self.segments)
        check_promotions(self.messages.promotions, self.campaigns, self.segments)
        self._check_tier_points()
        check_extensions(self.campaigns, self.wallets)
        check_payment(self.payment, wallets, driving_levels(self.tier_sets))
        check_transfers(self.transfers, driving_levels(self.tier_sets))
        check_choices(self.choices)
        check_trades(self.trades, wallets, driving_levels(self.tier_sets))
        check_households(self.household, wallets)
        check_expiry(self.wallets, self.campaigns, self.tier_sets, self.segments, self.activities)
        return self

    def wallet_of(self, campaign: Campaign) -> str:
        """Name the wallet that a campaign pays into, by its first effect in points."""
        return next((self.wallet_for(effect) for _, effect in self.payouts(campaign)), self.wallets[0].name)

    def wallet_for(self, effect: Payout | Extend) -> str:
        """Name the wallet that an effect pays into, or whose points it gives a later date."""
        return effect.wallet or self.wallets[0].name

    def payouts(self, campaign: Campaign) -> list[tuple[int, Payout]]:
        """The effects of a campaign that pay points, each with its number."""
        return [(at, effect) for at, effect in enumerate(campaign.benefits) if isinstance(effect, Payout)]

    def _check_wallets(self) -> None:
        compounding: Counter[str] = Counter()
        for at, campaign in enumerate(self.campaigns):
            for number, effect in self.payouts(campaign):
                path = f"campaigns[{at}].{campaign.path_of(number)}"
                wallet = self._known_wallet(f"{path}.wallet", effect.wallet)
                compounding[wallet] += isinstance(effect, Multiplier) and effect.compounding
                if compounding[wallet] > MAX_COMPOUNDING:
                    reason = f"more than {MAX_COMPOUNDING} compounding multipliers in wallet {wallet!r}"
                    raise Misplaced(f"{path}.compounding", reason, "false")

    def _known_wallet(self, path: str, name: str | None) -> str:
        known = [wallet.name for wallet in self.wallets]
        if name is not None and name not in known:
            raise Misplaced(path, f"no wallet {name!r}", ", ".join(known))
        return name or known[0]

    def _check_limits(self) -> None:
        for at, limit in enumerate(self.limits):
            self._known_wallet(f"limits[{at}].wallet", limit.wallet)
            if limit.period == "transaction" and limit.scope != "programme":
                raise Misplaced(f"limits[{at}].scope", f"a receipt has one {limit.scope}", "programme")
        wallet = self.wallets[0].name
        counted = [(limit.scope, limit.period, limit.unit, limit.wallet or wallet) for limit in self.limits]
        refuse_repeats("limits[{}]", counted)

    def _check_tier_points(self) -> None:
        known = [one.name for one in self.tier_sets]
        for at, campaign in enumerate(self.campaigns):
            for number, effect in enumerate(campaign.benefits):
                if isinstance(effect, StatusPoints):
                    path = f"campaigns[{at}].{campaign.path_of(number)}.tier_set"
                    if not known:
                        raise Misplaced(path, "the programme has no tier set to add tier points to")
                    if effect.tier_set is None and leading_set(self.tier_sets) is None:
                        raise Misplaced(path, "no set drives the tier, so one must be named", ", ".join(known))
                    if effect.tier_set is not None and effect.tier_set not in known:
                        raise Misplaced(path, f"no tier set {effect.tier_set!r}", ", ".join(known))

    def _check_groups(self) -> None:
        first: dict[str, Campaign] = {}
        for at, campaign in enumerate(self.campaigns):
            if campaign.group is None:
                continue
            other = first.setdefault(campaign.group, campaign)
            if other.mode != campaign.mode:
                reason = f"campaign {other.id!r} gives group {campaign.group!r} another mode"
                raise Misplaced(f"campaigns[{at}].mode", reason, other.mode)
            if campaign.mode in ("best", "worst"):
                self._check_comparable(at, campaign, other)

    def _check_comparable(self, at: int, campaign: Campaign, other: Campaign) -> None:
        kind, path = self._kind(campaign), f"campaigns[{at}].{campaign.path_of(0)}"
        if kind is None:
            raise Misplaced(path, "to be compared it must pay points by one effect, or discounts alone")
        wanted = self._kind(other)
        if wanted is not None and wanted != kind:
            reason = f"to be compared it must pay in the phase and wallet of campaign {other.id!r}"
            raise Misplaced(path, reason, " in ".join(reversed(wanted)))

    def _kind(self, campaign: Campaign) -> tuple[str, str] | None:
        """What a campaign can be compared by; None when by nothing."""
        effects = campaign.benefits
        if all(isinstance(effect, Discounting) for effect in effects):
            return self.currency, "discounts"
        only = effects[0]
        if len(effects) > 1 or not isinstance(only, Payout):
            return None
        return self.wallet_of(campaign), phase_of(campaign)

    def _check_combinations(self) -> None:
        known = {campaign.id for campaign in self.campaigns} | {campaign.group for campaign in self.campaigns}
        for at, campaign in enumerate(self.campaigns):
            for field in ("excludes", "only_with"):
                for place, name in enumerate(getattr(campaign, field)):
                    path = f"campaigns[{at}].{field}[{place}]"
                    if name not in known:
                        raise Misplaced(path, f"neither a campaign nor a group is named {name!r}")
                    if name == campaign.id:
                        raise Misplaced(path, "that is the campaign itself")
