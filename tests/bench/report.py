"""Findings as figures under fixed names, and as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.bench.quick import Findings


def figures(findings: Findings) -> dict[str, Any]:
    """Return the figures of a run; those of parts that were skipped are None."""
    found: dict[str, Any] = {"receipts_per_second": None, "latency_p50_ms": None, "latency_p99_ms": None}
    if (drained := findings.drained) is not None:
        found |= {
            "receipts": drained.receipts,
            "receipts_per_second": round(drained.per_second),
            "cpu_seconds_per_million": round(drained.per_million(drained.cpu.total), 1),
            "cpu_seconds_per_million_worker": round(drained.per_million(drained.cpu.worker), 1),
            "cpu_seconds_per_million_postgres": round(drained.per_million(drained.cpu.postgres), 1),
            "cpu_seconds_per_million_broker": round(drained.per_million(drained.cpu.broker), 1),
            "worker_rss_mb": round(drained.rss_mb),
        }
    found |= {"pgbench_tps": None, "reference_credits_per_second": None, "reference_consume_per_second": None}
    found["campaigns_1000_cost_ratio"] = None
    if drained is not None and (many := findings.campaigns) is not None:
        cost = [one.per_million(one.cpu.worker + one.cpu.postgres) for one in (many, drained)]
        found["campaigns_1000_cost_ratio"] = round(cost[0] / cost[1], 3)
    found |= findings.more
    return found


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
