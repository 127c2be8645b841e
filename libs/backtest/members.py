"""Members as a table of comma-separated values, which a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from libs.backtest.compare import Tally
from libs.backtest.standing import SEEN_TIER, Paths
from libs.backtest.summary import Costs, direction
from libs.language.spreadsheets import harmless


def write_members(stream: TextIO, tallies: Iterable[Tally], wallets: Sequence[str], costs: Costs) -> None:
    """Write one row a member, in the order they come in, with columns for each of the wallets.

    `stream` must leave ends of lines as they are.
    """
    table = csv.writer(stream)
    table.writerow(_columns(wallets))
    for tally in tallies:
        table.writerow(_row(tally, wallets, costs))


def _columns(wallets: Sequence[str]) -> list[str]:
    by_wallet = [f"{wallet}_{what}" for wallet in wallets for what in ("a", "b", "difference", "recorded")]
    parting = ["at", "kind", "source", "id", "event_key", "points_a", "points_b", "campaigns_a", "campaigns_b"]
    return [
        *("member_id", "direction", "receipts", "activities", "tiers_a", "tiers_b", "tiers_recorded"),
        *by_wallet,
        *("cost_a_minor", "cost_b_minor"),
        *(f"parted_{name}" for name in parting),
    ]


def _row(tally: Tally, wallets: Sequence[str], costs: Costs) -> list[str | int]:
    row: list[str | int] = [
        str(tally.member_id),
        direction(tally),
        tally.receipts,
        tally.activities,
        *(_path(path) for path in tally.paths_by_side),
        _levels(tally.tiers),
    ]
    for name in wallets:
        wallet = tally.wallets.get(name)
        row += [wallet.a, wallet.b, wallet.b - wallet.a, wallet.recorded] if wallet is not None else [0, 0, 0, 0]
    for side in ("a", "b"):
        worth = costs.minor({each.wallet: getattr(each, side) for each in tally.wallets.values()})
        row.append("" if worth is None else worth)
    return row + _parting(tally)


def _path(path: Paths) -> str:
    """The tier that campaigns see, level after level; then those of other sets, each with its name."""
    others = [f"{name}:{_levels(path[name])}" for name in sorted(path) if name != SEEN_TIER]
    return "; ".join([_levels(path.get(SEEN_TIER, ())), *others])


def _levels(levels: Sequence[str | None]) -> str:
    return harmless(">".join(level or "none" for level in levels))


def _parting(tally: Tally) -> list[str | int]:
    parting = tally.parting
    if parting is None:
        return [""] * 9
    return [
        parting.at.isoformat().replace("+00:00", "Z"),
        parting.kind,
        harmless(parting.source),
        harmless(parting.id),
        str(parting.event_key),
        *(" ".join(f"{wallet}:{points[wallet]}" for wallet in sorted(points)) for points in parting.points),
        *(" ".join(campaigns) for campaigns in parting.campaigns),
    ]
