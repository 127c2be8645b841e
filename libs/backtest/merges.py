"""Members who turned out to be one person: who is judged together with whom, and when one becomes the other. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from libs.backtest.history import Item, StoredMerge
from libs.backtest.steps import Step


@dataclass(frozen=True, slots=True)
class Merges:
    """The merges of a programme, in the order of time."""

    stored: tuple[StoredMerge, ...] = ()
    homes: Mapping[UUID, UUID] = field(init=False)
    """The least id of all who were ever merged with a member, undone or not."""

    def __post_init__(self) -> None:
        """Find who belongs together."""
        groups: dict[UUID, set[UUID]] = {}
        for each in self.stored:
            both = groups.get(each.member_id, {each.member_id}) | groups.get(each.survivor_id, {each.survivor_id})
            groups.update(dict.fromkeys(both, both))
        object.__setattr__(self, "homes", {member_id: min(group) for member_id, group in groups.items()})

    def home(self, member_id: UUID) -> UUID:
        """One id for all who are judged together."""
        return self.homes.get(member_id, member_id)

    def together(self, members: Iterable[UUID]) -> set[UUID]:
        """Members with all whom they were ever merged with."""
        found = set(members)
        homes = {self.homes[each] for each in found if each in self.homes}
        return found | {each for each, home in self.homes.items() if home in homes}

    def of(self, members: Collection[UUID]) -> Merges:
        """The merges of some members."""
        return Merges(tuple([each for each in self.stored if each.member_id in members]))

    def is_away(self, member_id: UUID, at: datetime) -> bool:
        """Whether a member is another one at an instant."""
        return member_id in self.homes and any(
            each.member_id == member_id and each.at <= at and (each.undone_at is None or at < each.undone_at)
            for each in self.stored
        )

    def steps(self, until: datetime) -> Iterator[Step]:
        """Merges, and their undoing, as steps before an instant; in order."""
        turns = [(each.at, each, True) for each in self.stored]
        turns += [(each.undone_at, each, False) for each in self.stored if each.undone_at is not None]
        steps = [_step(at, merge, joins) for at, merge, joins in turns if at < until]
        return iter(sorted(steps, key=lambda step: step.order))


NOBODY = Merges()


def _step(at: datetime, merge: StoredMerge, joins: bool) -> Step:
    item = Item(merge.member_id, at, merge.member_id)
    return Step(at, merge.member_id.bytes, 0, "merge", merge.member_id, item, merge=(merge, joins))
