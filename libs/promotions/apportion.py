"""Sharing an amount out over lines in whole minor units, so that the shares add up to it."""

from __future__ import annotations

from collections.abc import Sequence


def apportion(parts: Sequence[int], numerator: int, denominator: int, total: int) -> list[int]:
    """Return `parts` times `numerator / denominator` as integers that add up to `total`.

    Each is rounded down, and what is missing goes, one unit each, to those that lost most (the earlier of equals). So a
    share is at most one unit from exact and never changes its sign, as long as `total` is the exact sum, rounded down,
    up or to the nearest. `denominator` is above 0.
    """
    shares, lost = [], []
    for place, part in enumerate(parts):
        share, rest = divmod(part * numerator, denominator)
        shares.append(share)
        lost.append((-rest, place))
    lost.sort()
    for _, place in lost[: total - sum(shares)]:
        shares[place] += 1
    return shares
