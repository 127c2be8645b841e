"""The gateway's metrics. Labels are operations and closed sets; never a tenant's, a member's or a receipt's id."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

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

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.requests.labels(operation, f"{status // 100}xx").inc()
        self.seconds.labels(operation).observe(seconds)
