"""Hundreds of rules for what goes together, one for each pair of articles."""

from __future__ import annotations

from typing import Any

PAIRS = 500


def with_pairs(document: dict[str, Any]) -> dict[str, Any]:
    """The document with a rule for each pair of a main article and what goes with it."""
    rules = [
        {
            "id": f"pair-{number}",
            "name": f"{number} points for main {number} with side {number}",
            "state": "live",
            "when": {"skus": [f"main-{number}"]},
            "effect": {"kind": "together", "points": number, "with": {"skus": [f"side-{number}"]}},
        }
        for number in range(1, PAIRS + 1)
    ]
    return document | {"campaigns": [*document["campaigns"], *rules]}
