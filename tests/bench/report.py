"""Findings as figures under fixed names, and as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.drain import Drained, together
from tests.bench.latency import Latency
from tests.bench.programmes import BASE


@dataclass(slots=True)
class Findings:
    """What the parts of the benchmark found; None for a part that was skipped."""

    plain: list[Drained] = field(default_factory=list)
    """Backlogs of purchases alone; those of `life` were drained between them."""
    life: list[Drained] = field(default_factory=list)
    """Backlogs with returns and repeats among the purchases."""
    rules: list[tuple[str, Drained]] = field(default_factory=list)
    """Smaller backlogs under other rules, each between two under the base."""
    latency: Latency | None = None
    pgbench: list[float] = field(default_factory=list)
    credits: float | None = None
    credits_cpu: float | None = None
    """Seconds of PostgreSQL a million reference credits."""
    consume: float | None = None
    verified: list[str] | None = None


def figures(found: Findings) -> dict[str, Any]:
    """Return the figures of a run; those of parts that were skipped are None."""
    drained = together(found.plain) if found.plain else None
    life = together(found.life) if found.life else None
    latency = found.latency
    rate = drained.per_second if drained else None
    cpu = drained.cpu if drained else None
    pgbench = sum(found.pgbench) / len(found.pgbench) if found.pgbench else None

    def per_million(seconds: float | None) -> float | None:
        return _rounded(drained.per_million(seconds), 1) if drained and seconds is not None else None

    return {
        "receipts": drained.receipts if drained else None,
        "receipts_per_second": _rounded(rate),
        "life_receipts": life.receipts if life else None,
        "life_per_second": _rounded(life.per_second if life else None),
        "life_ratio": _rounded(life.per_second / rate if life and rate else None, 3),
        "life_cpu_ratio": _rounded(life.cpu_microseconds / drained.cpu_microseconds if life and drained else None, 3),
        "life_cpu_seconds_per_million": _rounded(life.per_million(life.cpu.total) if life else None, 1),
        "life_cpu_seconds_per_million_worker": _rounded(life.per_million(life.cpu.worker) if life else None, 1),
        "life_cpu_seconds_per_million_postgres": _rounded(life.per_million(life.cpu.postgres) if life else None, 1),
        "life_cpu_seconds_per_million_broker": _rounded(life.per_million(life.cpu.broker) if life else None, 1),
        "latency_p50_ms": _rounded(latency.p50_ms if latency else None, 1),
        "latency_p99_ms": _rounded(latency.p99_ms if latency else None, 1),
        "latency_max_ms": _rounded(latency.most_ms if latency else None, 1),
        "latency_rate_per_second": latency.rate if latency else None,
        "latency_producer_late_ms": _rounded(latency.late_ms if latency else None, 1),
        "cpu_seconds_per_million": per_million(cpu.total if cpu else None),
        "cpu_seconds_per_million_worker": per_million(cpu.worker if cpu else None),
        "cpu_seconds_per_million_postgres": per_million(cpu.postgres if cpu else None),
        "cpu_seconds_per_million_broker": per_million(cpu.broker if cpu else None),
        "cores_busy_with_others": _rounded(drained.others if drained else None, 2),
        "worker_rss_mb": _rounded(drained.rss_mb if drained else None),
        "pgbench_tps": _rounded(pgbench),
        "pgbench_tps_runs": [round(tps) for tps in found.pgbench],
        "ratio_to_pgbench": _rounded(rate / pgbench if rate and pgbench else None, 2),
        "reference_credits_per_second": _rounded(found.credits),
        "reference_credits_cpu_seconds_per_million_postgres": _rounded(found.credits_cpu, 1),
        "reference_consume_per_second": _rounded(found.consume),
        "rules_cost_ratio": _cost_ratios(found.rules),
        "violations": found.verified,
    }


def _cost_ratios(drained: Sequence[tuple[str, Drained]]) -> dict[str, float]:
    """What a receipt costs under each rules against the base around it, in seconds of worker and PostgreSQL."""
    around = zip(drained, drained[1:], drained[2:], strict=False)
    return {
        rules: round(_cost([one]) / _cost([before, after]), 3)
        for (_, before), (rules, one), (_, after) in around
        if rules != BASE
    }


def _cost(drained: Sequence[Drained]) -> float:
    return sum(one.cpu.worker + one.cpu.postgres for one in drained) / sum(one.receipts for one in drained)


def _rounded(value: float | None, digits: int | None = None) -> float | None:
    return None if value is None else round(value, digits)


def table(found: dict[str, Any]) -> str:
    """Lay figures out, one a line."""
    rows = [(name, value) for name, value in found.items() if name != "environment"]
    rows += list(found["environment"].items())
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {_text(value)}" for name, value in rows)


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
