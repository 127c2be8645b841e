"""Earning's own metrics, the only place that makes them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.earning.domain import BatchDecision


class EarningMetrics:
    """Business counters of earning; tenants are few and named, campaigns by their id in the programme."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._receipts = Counter(
            "loyalty_receipts_total", "Receipts decided, by outcome.", ("outcome",), registry=registry
        )
        self._points = Counter(
            "loyalty_points_credited_total", "Points credited.", ("tenant", "wallet"), registry=registry
        )
        self._rule_errors = Counter(
            "loyalty_rule_errors_total", "Expressions that failed, by campaign.", ("campaign",), registry=registry
        )
        self.programmes = Gauge("loyalty_programmes", "Programmes loaded.", registry=registry)
        self.reload_failures = Counter(
            "loyalty_programme_reload_failures_total", "Times that programmes could not be loaded.", registry=registry
        )

    def decided(self, batch: BatchDecision) -> None:
        """Count a batch; once it is saved, though its commit may still fail and be repeated."""
        for outcome, count in batch.outcomes.items():
            self._receipts.labels(outcome).inc(count)
        points: dict[tuple[str, str], int] = {}
        for new in batch.lots:
            key = (new.programme.tenant, new.lot.wallet)
            points[key] = points.get(key, 0) + new.lot.amount
        for (tenant, wallet), amount in points.items():
            self._points.labels(tenant, wallet).inc(amount)
        for campaign, count in batch.rule_errors.items():
            self._rule_errors.labels(campaign).inc(count)
