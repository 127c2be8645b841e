"""Merges as plain dictionaries, for `tests.support.memory`, in the place of `services.earning.merging_store`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from libs.lives.life import MemberName
from libs.promotions.facts import MemberFacts
from services.earning.arrivals import Arrival
from services.earning.merging import Merge, Merges
from services.earning.verdict import Standing

if TYPE_CHECKING:
    from tests.support.memory import Memory


async def lock_identifiers(memory: Memory, changing: Iterable[Arrival]) -> dict[MemberName, tuple[str, ...]]:
    named: list[MemberName] = []
    for new in changing:
        data = new.event.data
        named += [(*new.scope, each) for each in (data.member_id, getattr(data, "to_member_id", data.member_id))]
    named += (await leading(memory, named)).values()
    kept = sorted(memory.identifiers.items())
    return {whose: tuple([name[2] for name, owner in kept if (*name[:2], owner) == whose]) for whose in named}


async def leading(memory: Memory, absent: Sequence[MemberName]) -> dict[MemberName, MemberName]:
    found = {}
    for name in absent:
        target = name
        while (standing := _standing(memory, target)) is not None:
            target = (*name[:2], standing.survivor)
        if target != name:
            found[name] = target
    return found


async def merges_of(memory: Memory, members: Iterable[MemberName]) -> list[Merge]:
    wanted, grown = set(members), True
    while grown:
        more = {(*each.name[:2], each.survivor) for each in memory.merges.values() if each.name in wanted}
        grown = not more <= wanted
        wanted |= more
    return [each for each in memory.merges.values() if each.name in wanted]


async def heads(memory: Memory, members: Sequence[MemberName]) -> dict[MemberName, Standing]:
    found = {}
    for name in members:
        if _standing(memory, name) is not None:
            head, text = memory.heads[name], str(name[2])
            found[name] = Standing(
                MemberFacts(name[2], head.tier), head.seq, head.spread, text, text.encode(), *head[3:]
            )
    return found


async def save(memory: Memory, now: datetime, merges: Merges) -> None:
    for done in merges.done:
        merge = done.merge
        if merge.undone:
            theirs = set(merge.identifiers)
            moves = (merge.survivor, merge.name[2])
        else:
            moves = (merge.name[2], merge.survivor)
            theirs = {name[2] for name in memory.identifiers}
        memory.merges[merge.name, merge.number] = merge
        for name, owner in list(memory.identifiers.items()):
            if name[:2] == merge.name[:2] and owner == moves[0] and name[2] in theirs:
                memory.identifiers[name] = moves[1]


def is_merged(memory: Memory, name: MemberName) -> bool:
    """Whether a member's id leads to another."""
    return _standing(memory, name) is not None


def _standing(memory: Memory, name: MemberName) -> Merge | None:
    return next((each for each in memory.merges.values() if each.name == name and not each.undone), None)


DOUBLES = {
    "lock_identifiers": lock_identifiers,
    "leading": leading,
    "merges_of": merges_of,
    "heads": heads,
    "save": save,
}
