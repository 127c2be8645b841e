"""Repeats inside a batch: what came twice, what came under an id that is taken, and which of them the inbox knew."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import pytest

from libs.runtime.repeats import OTHER_BODY, Name, Tally, first_of_each

KEY, NEXT = UUID(int=1), UUID(int=2)
STORED, WRONG, WORSE = 11, 22, 33


class Item(NamedTuple):
    tenant_id: int
    key: UUID
    body_hash: int


def judged(items: Sequence[Item | None], stored: Mapping[Name, int]) -> tuple[list[int], list[int], int, int]:
    """Indexes that are taken in, those rejected, the count of repeats, and how often the inbox was looked into."""
    tally = Tally(1)
    fresh, looks = [], 0
    for index, item in first_of_each(items, tally):
        name = (item.tenant_id, item.key)
        if name not in stored:
            fresh.append(index)
        else:
            tally.known(index, repeat=stored[name] == item.body_hash)

    async def look_up(names: Sequence[Name]) -> Mapping[Name, int]:
        nonlocal looks
        looks += 1
        return {name: stored[name] for name in names}

    asyncio.run(tally.settle(look_up))
    applied = tally.applied([True])
    assert set(applied.rejections.values()) <= {OTHER_BODY}
    return fresh, sorted(applied.rejections), applied.outcomes.get("repeated", 0), looks


@pytest.mark.parametrize(
    ("bodies", "known", "expected"),
    [
        pytest.param([STORED], False, ([0], [], 0, 0), id="new"),
        pytest.param([STORED, STORED, WRONG], False, ([0], [2], 1, 0), id="new, its repeat, another body"),
        pytest.param([STORED, WRONG, STORED], True, ([], [1], 2, 0), id="a repeat, another body, a repeat"),
        pytest.param([WRONG, STORED], True, ([], [0], 1, 1), id="another body, then a true repeat"),
        pytest.param([WRONG, WRONG, STORED, WORSE], True, ([], [0, 1, 3], 1, 1), id="other bodies about a repeat"),
    ],
)
def test_each_is_told_from_the_others(
    bodies: Sequence[int], known: bool, expected: tuple[list[int], list[int], int, int]
) -> None:
    stored = {(1, KEY): STORED} if known else {}
    assert judged([Item(1, KEY, body) for body in bodies], stored) == expected


def test_what_is_cut_comes_to_the_same() -> None:
    """A batch of one record each has no repeats inside: there the inbox alone decides."""
    bodies = [WRONG, STORED, WORSE, STORED]
    alone = [judged([Item(1, KEY, body)], {(1, KEY): STORED}) for body in bodies]
    together = judged([Item(1, KEY, body) for body in bodies], {(1, KEY): STORED})
    assert together[1] == [index for index, one in enumerate(alone) if one[1]]
    assert together[2] == sum(one[2] for one in alone)


def test_ids_are_their_tenants() -> None:
    items = [Item(1, KEY, STORED), Item(2, KEY, WRONG), None, Item(1, NEXT, WRONG), Item(2, KEY, WRONG)]
    assert judged(items, {}) == ([0, 1, 3], [], 1, 0)
