"""The stream's own metrics: every service that consumes or publishes exports the same families."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_RECORDS = (1, 3, 10, 30, 100, 300, 1000, 3000)


class StreamMetrics:
    """Collectors of the batch loop and the outbox. Labels are topics, partitions and closed sets; never a member."""

    def __init__(self, registry: CollectorRegistry, service: str) -> None:
        names = ("service",)
        self.service = service
        self.records = Counter(
            "loyalty_stream_records_total",
            "Records applied, by outcome.",
            (*names, "topic", "outcome"),
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "loyalty_stream_batch_seconds",
            "From fetch to commit of a batch.",
            names,
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch_records = Histogram(
            "loyalty_stream_batch_records", "Records in a batch.", names, buckets=_RECORDS, registry=registry
        )
        self.retries = Counter(
            "loyalty_stream_retries_total", "Batches run again, by cause.", (*names, "cause"), registry=registry
        )
        self.lag = Gauge(
            "loyalty_stream_lag_records",
            "Records between the position and the end.",
            (*names, "topic", "partition"),
            registry=registry,
        )
        self.halted = Gauge(
            "loyalty_stream_halted_partitions",
            "Partitions that stand still until an operator lifts the halt.",
            (*names, "topic"),
            registry=registry,
        )
        self.claims = Counter("loyalty_stream_claims_total", "Partitions taken over.", names, registry=registry)
        self.fenced = Counter(
            "loyalty_stream_fenced_total",
            "Partitions lost to another worker with work in hand.",
            names,
            registry=registry,
        )
        self.dead_letters = Counter(
            "loyalty_dead_letters_total",
            "Records quarantined, by reason.",
            (*names, "topic", "reason"),
            registry=registry,
        )
        self.published = Counter(
            "loyalty_outbox_events_total", "Events acknowledged by the broker.", (*names, "topic"), registry=registry
        )
        self.unpublished = Gauge(
            "loyalty_outbox_unpublished_events", "Committed events not yet acknowledged.", names, registry=registry
        )
        self.publish_failures = Counter(
            "loyalty_outbox_failures_total", "Times that publishing broke and began again.", names, registry=registry
        )
