"""What a backtest leaves behind: the summary, the table of members, and the report."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from libs.backtest.compare import Tally
from libs.backtest.frames import write_whole
from libs.backtest.members import write_members
from libs.backtest.plan import Plan
from libs.backtest.report import report
from libs.backtest.summary import Costs, Summary
from libs.promotions.document import canonical_bytes

SUMMARY, MEMBERS, REPORT = "summary.json", "members.csv", "report.html"


class Judged(Protocol):
    """A backtest that was carried out, by whatever."""

    @property
    def plan(self) -> Plan:
        """What was asked."""

    def tallies(self) -> Iterable[Tally]:
        """What was found of each member, by id."""


class UnknownWallet(ValueError):
    """A value was given for a wallet that the programme does not have; the text names those that it has."""


def scales_of(plan: Plan) -> dict[str, int]:
    """How many decimals each wallet shows, of all that A or B know."""
    documents = [*(each.document for each in plan.scheme.versions), plan.document]
    return {wallet["name"]: wallet.get("scale", 0) for each in documents for wallet in each["wallets"]}


def costs_of(plan: Plan, values: Mapping[str, Fraction]) -> Costs:
    """What points are worth.

    Raises:
        UnknownWallet: there is no such wallet.
    """
    scales = scales_of(plan)
    for wallet in values:
        if wallet not in scales:
            raise UnknownWallet(f"there is no wallet {wallet}; known: {', '.join(sorted(scales))}")
    return Costs(values, scales, plan.scheme.currency)


def summarise(work: Judged, costs: Costs) -> dict[str, Any]:
    """Add all members up."""
    summary = Summary(work.plan, costs)
    for tally in work.tallies():
        summary.add(tally)
    return summary.told()


def write_results(work: Judged, summary: Mapping[str, Any], folder: Path, costs: Costs) -> None:
    """Write everything into a folder; the summary comes last, so where it is, all is."""
    wallets = sorted(scales_of(work.plan))
    beside = folder / f"{MEMBERS}.{os.getpid()}"
    with beside.open("w", encoding="utf-8", newline="") as stream:
        write_members(stream, work.tallies(), wallets, costs)
    beside.replace(folder / MEMBERS)
    write_whole(folder / REPORT, report(summary, scales_of(work.plan)).encode())
    write_whole(folder / SUMMARY, canonical_bytes(summary) + b"\n")
