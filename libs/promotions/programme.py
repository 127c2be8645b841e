"""The programme: one versioned document that says what earns points, and its validation.

All points are integers in the wallet's minor unit (a wallet of scale 2 writes one point as 100), all amounts integers
in the currency's minor unit. `parse_programme` in `document.py` reads it and reports errors by path.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.parts import (
    CelSource,
    Days,
    Instant,
    LocalTime,
    Misplaced,
    Name,
    NonNegative,
    Part,
    Points,
    Positive,
    Texts,
    Zone,
    refuse_repeats,
    unless_written,
)

MAX_COMPOUNDING = 8

ONLY_OF_PURCHASES = ("skus", "categories", "brands", "payments")
"""Conditions that no activity can meet."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Mode = Literal["all", "first", "best", "worst", "exclusive"]
State = Literal["draft", "scheduled", "live", "paused", "ended"]
Phase = Literal["base", "addition"]
Shortfall = Literal["debt", "pending_only", "up_to_balance", "operator"]


class NeverExpiry(Part):
    """Points of the wallet do not lapse."""

    kind: Literal["never"]


class NaturalExpiry(Part):
    """Points lapse together at the end of the calendar period they were earned in, or `extra_periods` later."""

    kind: Literal["natural"]
    period: Literal["month", "quarter", "half_year", "year"]
    extra_periods: Annotated[int, Field(strict=True, ge=0, le=120)] = 0


class PendingDays(Part):
    """Points become active exactly `days` times 24 hours after they were earned."""

    kind: Literal["after"]
    days: Days


class PendingOnDays(Part):
    """Points become active when the next of these days of the month begins in the programme's zone.

    A day that a month does not have is its last day.
    """

    kind: Literal["on_days"]
    days_of_month: Annotated[
        tuple[Annotated[int, Field(strict=True, ge=1, le=31)], ...], Field(min_length=1, max_length=31)
    ]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("days_of_month[{}]", self.days_of_month)
        return self


class PendingEvent(Part):
    """Points become active with one of these activities, at the latest `deadline_days` times 24 hours after."""

    kind: Literal["event"]
    activities: Annotated[tuple[Name, ...], Field(min_length=1, max_length=64)]
    deadline_days: Days

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("activities[{}]", self.activities)
        return self


Pending = PendingDays | PendingOnDays | PendingEvent


class Wallet(Part):
    """A kind of points. `scale` is the number of decimals that people see.

    Without `pending` points are active at once. `expiry_from` says when the clock of `expiry` starts for those that
    were pending.
    """

    name: Name
    scale: Annotated[int, Field(strict=True, ge=0, le=4)] = 0
    expiry: Annotated[NeverExpiry | NaturalExpiry, Field(discriminator="kind")]
    pending: Annotated[Pending, Field(discriminator="kind")] | None = None
    expiry_from: Literal["activation", "earning"] = unless_written("activation")


class PurchaseTrigger(Part):
    """The campaign judges purchases."""

    kind: Literal["purchase"] = "purchase"


class ActivityTrigger(Part):
    """The campaign judges activities of this name, and no purchase."""

    kind: Literal["activity"]
    activity: Name


Trigger = Annotated[PurchaseTrigger | ActivityTrigger, Field(discriminator="kind")]


class Hours(Part):
    """A daily window of local wall-clock time, half-open; it wraps midnight when `to` is before `from`."""

    from_: LocalTime = Field(alias="from")
    to: LocalTime

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.from_ in (self.to, "24:00"):
            raise Misplaced("to", "an empty window; for the whole day leave `hours` out")
        return self


class Frame(Part):
    """When a campaign runs: instants half-open, weekdays and hours in the programme's zone.

    In a window that wraps midnight, the weekday is that of the evening on which it opened.
    """

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    weekdays: tuple[Weekday, ...] = ()
    hours: Hours | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise Misplaced("ends_at", "must be after `starts_at`")
        return self


class Conditions(Part):
    """What must hold: kinds AND-ed, the values of one kind OR-ed.

    `skus`, `categories`, `brands` and `labels` choose lines (a line must meet all the kinds given); the effect,
    `min_quantity` and `min_amount_minor` then see only these. Without them they see the whole receipt.
    """

    skus: Texts = ()
    categories: Texts = ()
    brands: Texts = ()
    labels: Texts = ()
    stores: Texts = ()
    channels: Texts = ()
    partners: Texts = ()
    tiers: Texts = ()
    payments: Texts = ()
    min_total_minor: NonNegative | None = None
    min_quantity: NonNegative | None = None
    min_amount_minor: NonNegative | None = None


class PerAmount(Part):
    """`points` for every `per_minor` spent on the matching lines, in proportion; nothing below 0."""

    kind: Literal["per_amount"]
    points: Points
    per_minor: Positive
    wallet: Name | None = None
    phase: Phase = "base"


class PerQuantity(Part):
    """`points` for each full `per` pieces on the matching lines; nothing below 0."""

    kind: Literal["per_quantity"]
    points: Points
    per: Positive = 1
    wallet: Name | None = None
    phase: Phase = "addition"


class Fixed(Part):
    """`points` once for the receipt."""

    kind: Literal["fixed"]
    points: Points
    wallet: Name | None = None


class Multiplier(Part):
    """`percent` of the base points earned on the matching lines: adds `percent - 100` percent of them.

    Several multipliers add up over the base (200 twice makes three times the base). With `compounding` it also
    multiplies what the plain multipliers, and the compounding ones of higher priority, have added on its lines.
    """

    kind: Literal["multiplier"]
    percent: Annotated[int, Field(strict=True, ge=101, le=10_000)]
    wallet: Name | None = None
    compounding: bool = False


Effect = Annotated[PerAmount | PerQuantity | Fixed | Multiplier, Field(discriminator="kind")]


class Limit(Part):
    """At most `points` of a campaign in a period of the programme's zone, for all members together or for each."""

    scope: Literal["campaign", "member"] = "campaign"
    period: Literal["transaction", "day", "month", "year", "ever"]
    points: Annotated[int, Field(strict=True, ge=0, le=10**15)]


class Campaign(Part):
    """One incentive. `mode` says what its stacking `group` does; all campaigns of a group name the same mode."""

    id: Name
    name: Annotated[str, Field(min_length=1, max_length=200)]
    state: State
    trigger: Trigger = unless_written(PurchaseTrigger())
    priority: Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)] = 0
    group: Name | None = None
    mode: Mode = "all"
    frame: Frame = Frame()
    when: Conditions = Conditions()
    cel: CelSource | None = None
    effect: Effect
    limits: Annotated[tuple[Limit, ...], Field(max_length=16)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.mode != "all" and self.group is None:
            raise Misplaced("group", f"mode {self.mode!r} needs one")
        refuse_repeats("limits[{}]", [(limit.scope, limit.period) for limit in self.limits])
        for at, limit in enumerate(self.limits):
            if limit.period == "transaction" and limit.scope == "member":
                raise Misplaced(f"limits[{at}].scope", "a receipt has one member", "campaign")
        if self.trigger.kind == "activity":
            for kind in ONLY_OF_PURCHASES:
                if getattr(self.when, kind):
                    raise Misplaced(f"when.{kind}", "an activity has none, so the campaign would never pay")
        return self


class Returns(Part):
    """What happens when points to be taken back are not there any more.

    They become a `debt`; or only what is still pending is taken (`pending_only`), or what the member has
    (`up_to_balance`), and the rest forgiven; or an `operator` decides on the rest.
    """

    shortfall: Shortfall = "debt"


class Programme(Part):
    """The whole document. An effect that names no wallet pays into the first one.

    `claim_days` is how long a receipt without a known member may be claimed, in days of 24 hours.
    """

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    zone: Zone
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    wallets: Annotated[tuple[Wallet, ...], Field(max_length=16)]
    rounding: Literal["floor", "half_up", "ceil"] = "floor"
    campaigns: Annotated[tuple[Campaign, ...], Field(max_length=100_000)] = ()
    returns: Returns = unless_written(Returns())
    claim_days: Annotated[int, Field(strict=True, ge=0, le=3_650)] = unless_written(60)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.wallets:
            raise Misplaced("wallets", "at least one is needed")
        refuse_repeats("wallets[{}].name", [wallet.name for wallet in self.wallets])
        refuse_repeats("campaigns[{}].id", [campaign.id for campaign in self.campaigns])
        self._check_wallets()
        self._check_groups()
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


def phase_of(campaign: Campaign) -> Literal["base", "multiplier", "addition"]:
    """Tell the phase in which a campaign pays."""
    match campaign.effect:
        case Multiplier():
            return "multiplier"
        case Fixed():
            return "addition"
        case PerAmount(phase=phase) | PerQuantity(phase=phase):
            return phase
