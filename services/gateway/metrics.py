"""The gateway's metrics. Labels are operations and closed sets; never a tenant's, a member's or a receipt's id."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
UNMATCHED = "unmatched"
"""The operation of a request whose path nothing has."""


class GatewayMetrics:
    """Collectors of the HTTP door."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.requests = Counter(
            "loyalty_gateway_requests_total",
            "Requests answered, by operation and class of status.",
            ("operation", "status_class"),
            registry=registry,
        )
        self.seconds = Histogram(
            "loyalty_gateway_request_seconds",
            "From the request's head to the end of the answer.",
            ("operation",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.problems = Counter(
            "loyalty_gateway_problems_total", "Problems answered, by code.", ("code",), registry=registry
        )

        self.publish = PublishMetrics(registry)
        self.files = FileMetrics(registry)
        self.backtests = BacktestMetrics(registry)

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.requests.labels(operation, f"{status // 100}xx").inc()
        self.seconds.labels(operation).observe(seconds)


class PublishMetrics:
    """Collectors of what comes in over HTTP and is published."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.taken = Counter(
            "loyalty_gateway_events_total",
            "Events that were sent over HTTP, by what became of them: accepted, known, refused, failed.",
            ("topic", "outcome"),
            registry=registry,
        )
        self.replayed = Counter(
            "loyalty_gateway_replayed_answers_total",
            "Requests that were answered with the first answer to the same Idempotency-Key.",
            ("operation",),
            registry=registry,
        )
        self.refused = Counter(
            "loyalty_gateway_publish_failures_total",
            "Times that nothing could be published: the broker is away, its answer late, or too much waits for it.",
            ("reason",),
            registry=registry,
        )
        self.seconds = Histogram(
            "loyalty_gateway_publish_seconds",
            "From handing records to the producer until the broker has acknowledged them.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.waiting_events = Gauge(
            "loyalty_gateway_publish_waiting_events",
            "Events that the broker has not yet acknowledged.",
            registry=registry,
        )
        self.waiting_bytes = Gauge(
            "loyalty_gateway_publish_waiting_bytes", "Bytes of the events that wait for the broker.", registry=registry
        )


class BacktestMetrics:
    """Collectors of backtests that are asked for over HTTP."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.backtests = Counter(
            "loyalty_gateway_backtests_total",
            "Backtests, by what became of them: asked, known, done, failed, cancelled.",
            ("outcome",),
            registry=registry,
        )


class FileMetrics:
    """Collectors of files that are sent over HTTP."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.files = Counter(
            "loyalty_gateway_files_total",
            "Files, by what became of them: received, known, done, failed, cancelled.",
            ("outcome",),
            registry=registry,
        )
        self.rows = Counter(
            "loyalty_gateway_file_rows_total",
            "Documents of files, by what became of them: published, rejected.",
            ("outcome",),
            registry=registry,
        )
