"""Expiry's own metrics, the only place that makes them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

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
        self.running = Gauge("loyalty_expiry_sweeps", "Sweeps that run.", registry=registry)
        self.members_left = Gauge(
            "loyalty_expiry_waiting_members", "Members to whom running sweeps have not come.", registry=registry
        )
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
