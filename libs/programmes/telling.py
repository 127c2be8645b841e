"""Plans, versions and switches as JSON: what commands write with `--json`, and the gateway answers."""

from __future__ import annotations

from typing import Any

from libs.programmes.budgets import Budget
from libs.programmes.plan import Plan
from libs.programmes.switchboard import Switch
from libs.programmes.versions import StoredVersion
from libs.promotions.diff import Change


def told_plan(plan: Plan) -> dict[str, Any]:
    """Write what publishing would do."""
    return {
        "unchanged": plan.unchanged,
        "base": None if plan.base is None else plan.base.number,
        "version": plan.programme.version,
        "active_from": plan.active_from.isoformat(),
        "summary": plan.summary,
        "changes": [told_change(change) for change in plan.changes],
        "words": list(plan.words),
    }


def told_change(change: Change) -> dict[str, Any]:
    """Write one difference; what was not there before, or is there no more, is left out."""
    told: dict[str, Any] = {"path": change.path, "what": change.what}
    if change.what != "added":
        told["old"] = change.old
    if change.what != "removed":
        told["new"] = change.new
    return told


def told_version(version: StoredVersion, *, in_force: bool) -> dict[str, Any]:
    """Write what is known of a version beside its document."""
    return {
        "version": version.number,
        "hash": version.hash,
        "active_from": version.active_from.isoformat(),
        "in_force": in_force,
        "published_at": version.recorded_at.isoformat(),
        "published_by": version.published_by,
        "note": version.note,
        "summary": version.summary,
        "restores": version.restores,
    }


def told_switch(switch: Switch) -> dict[str, Any]:
    """Write a switch, and what is known of who turned it."""
    return {
        "kind": switch.kind,
        "value": switch.value,
        "off_at": switch.off_at.isoformat(),
        "off_by": switch.off_by,
        "off_note": switch.off_note,
        "on_at": None if switch.on_at is None else switch.on_at.isoformat(),
        "on_by": switch.on_by,
        "on_note": switch.on_note,
    }


def told_budget(budget: Budget) -> dict[str, Any]:
    """Write what is used of a limit."""
    return {
        "unit": budget.unit,
        "scope": budget.scope,
        "period": budget.period,
        "within": budget.within,
        "total": budget.total,
        "used": budget.used,
        "percent": budget.percent,
        "mark": budget.mark,
    }
