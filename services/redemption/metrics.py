"""Redemption's own metrics, the only place that makes them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class RedemptionMetrics:
    """What redemption counts so far: what it hears of programmes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.announcements = Counter(
            "loyalty_redemption_programme_announcements_total", "Programme versions heard of.", registry=registry
        )
