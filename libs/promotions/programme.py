"""The programme: one versioned document that says what earns points, and its validation.

All points are integers in the wallet's minor unit (a wallet of scale 2 writes one point as 100), all amounts integers
in the currency's minor unit. `parse_programme` in `document.py` reads it and reports errors by path.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from libs.promotions.expressions import SOURCE_LIMIT, ExpressionInvalid
from libs.promotions.variables import EXPRESSIONS

MAX_COMPOUNDING = 8

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Text = Annotated[str, Field(min_length=1, max_length=64)]
Texts = Annotated[tuple[Text, ...], Field(max_length=10_000)]
Points = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Positive = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
NonNegative = Annotated[int, Field(strict=True, ge=0, le=10**12)]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Mode = Literal["all", "first", "best", "worst", "exclusive"]
State = Literal["draft", "scheduled", "live", "paused", "ended"]
Phase = Literal["base", "addition"]


class Misplaced(ValueError):
    """A fault between parts: `path` is where, below the part that found it; `allowed` the values it could have."""

    def __init__(self, path: str, reason: str, allowed: str | None = None) -> None:
        super().__init__(reason)
        self.path = path
        self.allowed = allowed


class Part(BaseModel):
    """Base of everything in the document: frozen, and a key that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{name!r} is no IANA time zone, such as Europe/Rome") from error
    return name


def _local_time(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|24:00", text):
        raise ValueError(f"{text!r} is no local time; allowed: 00:00 to 24:00")
    return text


def _expression(source: str) -> str:
    try:
        EXPRESSIONS.compile(source)
    except ExpressionInvalid as invalid:
        raise ValueError(str(invalid)) from invalid
    return source


def _in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


Zone = Annotated[str, AfterValidator(_zone)]
LocalTime = Annotated[str, AfterValidator(_local_time)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
CelSource = Annotated[str, Field(min_length=1, max_length=SOURCE_LIMIT), AfterValidator(_expression)]


class NeverExpiry(Part):
    """Points of the wallet do not lapse."""

    kind: Literal["never"]


class NaturalExpiry(Part):
    """Points lapse together at the end of the calendar period they were earned in, or `extra_periods` later."""

    kind: Literal["natural"]
    period: Literal["month", "quarter", "half_year", "year"]
    extra_periods: Annotated[int, Field(strict=True, ge=0, le=120)] = 0


class Wallet(Part):
    """A kind of points. `scale` is the number of decimals that people see."""

    name: Name
    scale: Annotated[int, Field(strict=True, ge=0, le=4)] = 0
    expiry: Annotated[NeverExpiry | NaturalExpiry, Field(discriminator="kind")]


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
        _refuse_repeats("limits[{}]", [(limit.scope, limit.period) for limit in self.limits])
        for at, limit in enumerate(self.limits):
            if limit.period == "transaction" and limit.scope == "member":
                raise Misplaced(f"limits[{at}].scope", "a receipt has one member", "campaign")
        return self


class Programme(Part):
    """The whole document. An effect that names no wallet pays into the first one."""

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    zone: Zone
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    wallets: Annotated[tuple[Wallet, ...], Field(max_length=16)]
    rounding: Literal["floor", "half_up", "ceil"] = "floor"
    campaigns: Annotated[tuple[Campaign, ...], Field(max_length=100_000)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.wallets:
            raise Misplaced("wallets", "at least one is needed")
        _refuse_repeats("wallets[{}].name", [wallet.name for wallet in self.wallets])
        _refuse_repeats("campaigns[{}].id", [campaign.id for campaign in self.campaigns])
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


def _refuse_repeats(path: str, names: Sequence[object]) -> None:
    seen: set[object] = set()
    for at, name in enumerate(names):
        if name in seen:
            raise Misplaced(path.format(at), f"{name!r} is declared twice")
        seen.add(name)
