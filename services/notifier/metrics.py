"""Notifier's own metrics, the only place that makes them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class NotifierMetrics:
    """What notifier counts so far: what it hears of programmes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.announcements = Counter(
            "loyalty_notifier_programme_announcements_total", "Programme versions heard of.", registry=registry
        )
        self.webhooks = WebhookMetrics(registry)


class WebhookMetrics:
    """How webhooks go: what was queued, how attempts ended, and what waits."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.queued = Counter("loyalty_webhook_queued_total", "Messages kept for endpoints.", registry=registry)
        self.unreadable = Counter(
            "loyalty_webhook_unreadable_total", "Records of output topics that are no event of ours.", registry=registry
        )
        self.attempts = Counter(
            "loyalty_webhook_attempts_total",
            "Attempts at messages, by what became of them: delivered, failed, gone.",
            ["outcome"],
            registry=registry,
        )
        self.seconds = Histogram(
            "loyalty_webhook_attempt_seconds",
            "From the beginning of an attempt to its end.",
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0),
            registry=registry,
        )
        self.disabled = Counter(
            "loyalty_webhook_endpoints_gone_total",
            "Endpoints that answered 410 and are told nothing any more.",
            registry=registry,
        )
        self.waiting = Gauge(
            "loyalty_webhook_waiting_events",
            "Messages that wait for endpoints that are on; no more than 100,000 are counted.",
            registry=registry,
        )
        self.late = Gauge(
            "loyalty_webhook_late_seconds",
            "How long the message that waits longest has been due.",
            registry=registry,
        )
