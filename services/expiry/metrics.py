"""Expiry's own metrics, the only place that makes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from libs.sweeps.outlook import Lapse

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class ExpiryMetrics:
    """How sweeps go: what was written down, how long members were locked for it, and how many wait."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.announcements = Counter(
            "loyalty_expiry_programme_announcements_total", "Programme versions heard of.", registry=registry
        )
        self.members = Counter(
            "loyalty_expiry_members_total", "Members whose points a sweep let lapse.", registry=registry
        )
        self.lots = Counter("loyalty_expiry_lots_total", "Lots that a sweep let lapse.", registry=registry)
        self.step_seconds = Histogram(
            "loyalty_expiry_step_seconds",
            "How long a step of a sweep held its members locked.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.fenced = Counter(
            "loyalty_expiry_fenced_total",
            "Chunks given up because another worker took them over or the sweep rests.",
            registry=registry,
        )
        self.long_steps = Counter(
            "loyalty_expiry_long_steps_total",
            "Steps of a sweep that held their members locked for longer than is allowed (`sweep.lock`).",
            registry=registry,
        )
        self.running = Gauge("loyalty_expiry_sweeps", "Sweeps that run.", registry=registry)
        self.spared_lots = Counter(
            "loyalty_expiry_spared_lots_total", "Lots that did not lapse, for something spared them.", registry=registry
        )
        self.members_left = Gauge(
            "loyalty_expiry_waiting_members", "Members to whom running sweeps have not come.", registry=registry
        )
        self._beside_sweeps(registry)
        self._of_forecasts(registry)

    def _beside_sweeps(self, registry: CollectorRegistry) -> None:
        self.reinstatements = Counter(
            "loyalty_expiry_reinstatements_total",
            "Shares of requests to give back what lapsed, sent.",
            registry=registry,
        )
        self.boundaries_moved = Counter(
            "loyalty_expiry_boundaries_moved_total",
            "Boundaries ahead that newer zone data put at another instant.",
            registry=registry,
        )
        self.reminders = Counter(
            "loyalty_expiry_reminders_total", "Members told of on loyalty.reminders.", registry=registry
        )
        self.reminders_skipped = Counter(
            "loyalty_expiry_reminders_skipped_total",
            "Steps of reminder series that came too late, wholly or for the rest of their members.",
            registry=registry,
        )
        self.reminders_running = Gauge(
            "loyalty_expiry_running_reminders", "Steps of reminder series that run.", registry=registry
        )

    def _of_forecasts(self, registry: CollectorRegistry) -> None:
        self.foreseen = Counter(
            "loyalty_expiry_foreseen_members_total",
            "Members whose points were added up anew for what lapses when.",
            registry=registry,
        )
        of_wallet = ("tenant", "programme", "wallet")
        self.next_points = Gauge(
            "loyalty_expiry_next_points",
            "Points that lapse at the next boundary of a wallet, as the last forecast says.",
            of_wallet,
            registry=registry,
        )
        self.next_minor = Gauge(
            "loyalty_expiry_next_worth_minor",
            "What they are worth, in the minor unit of the programme's currency.",
            of_wallet,
            registry=registry,
        )
        self.next_at = Gauge(
            "loyalty_expiry_next_timestamp_seconds", "When they lapse, as Unix time.", of_wallet, registry=registry
        )
        self.forecast_at = Gauge(
            "loyalty_expiry_forecast_timestamp_seconds",
            "When the last forecast of a programme was made, as Unix time.",
            ("tenant", "programme"),
            registry=registry,
        )
        self._wallets: dict[tuple[str, str], set[str]] = {}

    def show_next(self, programme: tuple[str, str], as_of: datetime, coming: Iterable[Lapse]) -> None:
        """Show what a forecast says of each wallet's next boundary; `programme` is its tenant and name."""
        gauges = (self.next_points, self.next_minor, self.next_at)
        before, now = self._wallets.get(programme, set()), set()
        for each in coming:
            now.add(each.wallet)
            self.next_points.labels(*programme, each.wallet).set(each.whole.points)
            self.next_minor.labels(*programme, each.wallet).set(each.whole.worth_minor or 0)
            self.next_at.labels(*programme, each.wallet).set(each.lapses_at.timestamp() if each.lapses_at else 0)
        for wallet in before - now:
            for gauge in gauges:
                gauge.remove(*programme, wallet)
        self._wallets[programme] = now
        self.forecast_at.labels(*programme).set(as_of.timestamp())
