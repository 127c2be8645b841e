"""The draw of a lottery: from a seed and the tickets to the winners, the same for whoever computes it. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import NamedTuple
from uuid import UUID

from libs.games.chance import Chance, Entry, digest, key_of


class Pieces(NamedTuple):
    """A prize, and how many there are of it."""

    prize: str
    pieces: int


class Win(NamedTuple):
    """A ticket that was drawn. `prize` is None for a substitute, who moves up when a winner can't be found."""

    place: int
    number: int
    holder: str
    prize: str | None


def draw(
    seed: bytes, game_id: UUID, entries: Sequence[Entry], prizes: Sequence[Pieces], *, once: bool, substitutes: int = 0
) -> list[Win]:
    """Draw tickets for the prizes in their order, and then substitutes; fewer where there are not so many.

    A ticket wins once; with `once` a holder does too.
    """
    key = key_of(seed, "lottery", str(game_id), digest(entries).hex())
    wanted: list[str | None] = [each.prize for each in prizes for _ in range(each.pieces)]
    wanted += [None] * substitutes
    drawn = islice(_tickets(Chance(key), entries, once=once), len(wanted))
    return [
        Win(place, number, holder, prize)
        for place, ((number, holder), prize) in enumerate(zip(drawn, wanted, strict=False), 1)
    ]


def _tickets(chance: Chance, entries: Sequence[Entry], *, once: bool) -> Iterator[tuple[int, str]]:
    """Every ticket that can win, in the order in which they are drawn."""
    filled = [entry for entry in entries if entry.tickets]
    ends = list(accumulate(entry.tickets for entry in filled))
    total = ends[-1] if ends else 0
    left = len({entry.holder for entry in filled}) if once else total
    gone = set[int | str]()
    while left:
        at = chance.below(total)
        place = bisect_right(ends, at)
        entry = filled[place]
        number = entry.first + at - (ends[place] - entry.tickets)
        taken: int | str = entry.holder if once else number
        if taken not in gone:
            gone.add(taken)
            left -= 1
            yield number, entry.holder
