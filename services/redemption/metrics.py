"""Redemption's own metrics, the only place that makes them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class RedemptionMetrics:
    """What redemption counts: its requests, holds that end, codes that are none, and what it hears of programmes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.announcements = Counter(
            "loyalty_redemption_programme_announcements_total", "Programme versions heard of.", registry=registry
        )
        self.requests = Counter(
            "loyalty_redemption_requests_total",
            "Requests to spend points, by what was asked and what came of it.",
            ("operation", "outcome"),
            registry=registry,
        )
        self.taken = Counter(
            "loyalty_redemption_commands_total",
            "Requests that came over the topic, by what became of them.",
            ("outcome",),
            registry=registry,
        )
        self.seconds = Histogram(
            "loyalty_redemption_request_seconds",
            "From the request to its commit.",
            ("operation",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.wishes = Counter(
            "loyalty_redemption_wishes_reached_total",
            "Wishes that came within reach and were told of.",
            registry=registry,
        )
        self.standing_orders = Counter(
            "loyalty_redemption_standing_orders_total",
            "Rewards that standing orders have ordered.",
            registry=registry,
        )
        self.expired = Counter(
            "loyalty_redemption_holds_expired_total", "Holds that ended because their time was over.", registry=registry
        )
        self.code_misses = Counter(
            "loyalty_redemption_code_misses_total",
            "Codes and card numbers that are none, by why; `limited` were not even looked at, for there were too many.",
            ("reason",),
            registry=registry,
        )
        self.short = Counter(
            "loyalty_redemption_cart_parts_short_total",
            "Codes, cards and points of carts that could not be had again, or given back, and want somebody to look.",
            registry=registry,
        )
        self.games = Counter(
            "loyalty_redemption_games_ended_total", "Games that ended because their time was over.", registry=registry
        )
        self.exhausted = Gauge(
            "loyalty_redemption_exhausted_pools",
            "Pools of codes that have none left, and were asked for one.",
            registry=registry,
        )

    def missed(self, reason: str) -> None:
        """Count a code or card number that is none."""
        self.code_misses.labels(reason).inc()

    def served(self, operation: str, outcome: str, seconds: float) -> None:
        """Count a request."""
        self.requests.labels(operation, outcome).inc()
        self.seconds.labels(operation).observe(seconds)
