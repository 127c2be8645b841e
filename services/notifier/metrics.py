"""Notifier's own metrics, the only place that makes them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class NotifierMetrics:
    """What notifier counts so far: what it hears of programmes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.announcements = Counter(
            "loyalty_notifier_programme_announcements_total", "Programme versions heard of.", registry=registry
        )
