"""One turn of a prize wheel: from the seed, the number of the spin and whoever spins to a sector. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from libs.games.chance import Chance, key_of


class Odds(NamedTuple):
    """A sector and its share of the wheel; `pieces` is how often it can be won at most (None: always)."""

    sector: str
    weight: int
    pieces: int | None
    wins: bool


def spin(
    seed: bytes, game_id: UUID, number: int, holder: str, word: str, sectors: Sequence[Odds], left: Mapping[str, int]
) -> str:
    """The sector at which the wheel stops on its spin `number`; `word` is what the holder adds to chance.

    `left` says how many pieces there still are of sectors that have so many. Where there are none, the spin counts for
    the sector that stands in.
    """
    chance = Chance(key_of(seed, "wheel", str(game_id), str(number), holder, word))
    at = chance.below(sum(each.weight for each in sectors))
    for each in sectors:
        at -= each.weight
        if at < 0:
            return each.sector if each.pieces is None or left.get(each.sector, 0) > 0 else stand_in(sectors)
    raise AssertionError("a number below the sum of all weights lies in one of them")


def stand_in(sectors: Sequence[Odds]) -> str:
    """The sector that counts where a prize is gone: the first without end, one that wins nothing before others.

    Raises:
        LookupError: every sector has an end.
    """
    endless = [each for each in sectors if each.pieces is None]
    if not endless:
        raise LookupError("a wheel needs a sector that does not run out")
    return min(endless, key=lambda each: each.wins).sector
