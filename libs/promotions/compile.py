"""Compiling a programme: everything that does not depend on the receipt is done here, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo

from libs.promotions.campaigns import Campaign
from libs.promotions.conditions import LINE_KINDS, RECEIPT_KINDS, Check, compile_checks, compile_line_test
from libs.promotions.effects import CompiledEffect, Phase, common_denominator, compile_effect, phase_rank
from libs.promotions.index import Entry, Timeline
from libs.promotions.limits import TRANSACTION, CompiledLimit, compile_limit
from libs.promotions.programme import Programme
from libs.promotions.wallets import Wallet

RUNNING = ("live", "scheduled")
"""States in which a campaign is judged; a scheduled one is live as soon as its frame has begun."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledCampaign:
    """One running campaign. `precedence` sorts the stronger first: by priority, then id."""

    id: str
    source: Campaign
    precedence: tuple[int, str]
    phase: Phase
    effect: CompiledEffect
    wallet: str
    denominator: int
    feeds_multipliers: bool
    indexed_by: str | None
    checks: tuple[Check, ...]
    limits: tuple[CompiledLimit, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledProgramme:
    """A programme ready to judge receipts.

    `wallets` holds scale and expiry policy by name; `denominators` that of exact amounts by wallet; `counter_limits`
    the points allowed by (campaign, scope, period) whatever triggers the campaign, `transaction` limits left out.
    `campaigns` are those for purchases, in the order of computing, `counted` is the timeline of those that have a
    counter. `activities` holds, by the name of an activity, the same programme with the campaigns for that one instead;
    so purchases and activities never see each other's campaigns, nor pay for having them looked at.
    """

    version: int
    source: Programme
    zone: tzinfo
    currency: str
    rounding: str
    wallets: Mapping[str, Wallet]
    denominators: Mapping[str, int]
    campaigns: tuple[CompiledCampaign, ...]
    timeline: Timeline
    counted: Timeline | None
    grouped: bool
    counter_limits: Mapping[tuple[str, str, str], int]
    activities: Mapping[str, CompiledProgramme]


def compile_programme(programme: Programme) -> CompiledProgramme:
    """Compile a validated programme. Takes milliseconds for a thousand campaigns: do it beside the loop, not in it."""
    running = [campaign for campaign in programme.campaigns if campaign.state in RUNNING]
    by_activity: defaultdict[str | None, list[Campaign]] = defaultdict(list)
    for campaign in running:
        by_activity[campaign.trigger.activity if campaign.trigger.kind == "activity" else None].append(campaign)
    purchases = by_activity.pop(None, [])
    activities = {name: _compile(programme, own, own, {}) for name, own in by_activity.items() if name is not None}
    return _compile(programme, purchases, running, activities)


def _compile(
    programme: Programme,
    campaigns: Sequence[Campaign],
    counted_campaigns: Sequence[Campaign],
    activities: Mapping[str, CompiledProgramme],
) -> CompiledProgramme:
    running = sorted(campaigns, key=lambda campaign: (phase_rank(campaign), _precedence(campaign)))
    denominators = {
        wallet.name: common_denominator([one for one in running if programme.wallet_of(one) == wallet.name])
        for wallet in programme.wallets
    }
    multiplied = {programme.wallet_of(one) for one in running if one.effect.kind == "multiplier"}
    compiled = tuple(_compile_campaign(one, programme, denominators, multiplied) for one in running)
    entries = [_entry(rank, campaign) for rank, campaign in enumerate(compiled)]
    counted = [entry for entry in entries if _has_counter(compiled[entry.rank])]
    return CompiledProgramme(
        version=programme.version,
        source=programme,
        zone=UTC if programme.zone == "UTC" else ZoneInfo(programme.zone),
        currency=programme.currency,
        rounding=programme.rounding,
        wallets=MappingProxyType({wallet.name: wallet for wallet in programme.wallets}),
        denominators=MappingProxyType(denominators),
        campaigns=compiled,
        timeline=Timeline(entries),
        counted=Timeline(counted) if counted else None,
        grouped=any(one.mode != "all" for one in running),
        counter_limits=MappingProxyType(_counter_limits(counted_campaigns)),
        activities=MappingProxyType(dict(activities)),
    )


def _compile_campaign(
    campaign: Campaign, programme: Programme, denominators: Mapping[str, int], multiplied: set[str]
) -> CompiledCampaign:
    wallet = programme.wallet_of(campaign)
    phase = phase_rank(campaign)
    indexed_by = _indexed_by(campaign)
    return CompiledCampaign(
        id=campaign.id,
        source=campaign,
        precedence=_precedence(campaign),
        phase=phase,
        effect=compile_effect(campaign, wallet, denominators[wallet]),
        wallet=wallet,
        denominator=denominators[wallet],
        feeds_multipliers=phase is not Phase.ADDITION and wallet in multiplied,
        indexed_by=indexed_by,
        checks=compile_checks(campaign, indexed_by),
        limits=tuple(compile_limit(campaign.id, limit) for limit in campaign.limits),
    )


def _precedence(campaign: Campaign) -> tuple[int, str]:
    return -campaign.priority, campaign.id


def _indexed_by(campaign: Campaign) -> str | None:
    return next((kind for kind in (*LINE_KINDS, *RECEIPT_KINDS) if getattr(campaign.when, kind)), None)


def _entry(rank: int, campaign: CompiledCampaign) -> Entry:
    when, kind = campaign.source.when, campaign.indexed_by
    values = () if kind is None else getattr(when, kind)
    line_test = compile_line_test(when, without=kind) if kind in LINE_KINDS else None
    return Entry(rank, campaign.source.frame, kind, values, line_test)


def _has_counter(campaign: CompiledCampaign) -> bool:
    return any(limit.period != TRANSACTION for limit in campaign.limits)


def _counter_limits(campaigns: Sequence[Campaign]) -> dict[tuple[str, str, str], int]:
    return {
        (campaign.id, limit.scope, limit.period): limit.points
        for campaign in campaigns
        for limit in campaign.limits
        if limit.period != TRANSACTION
    }
