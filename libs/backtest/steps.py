"""What is judged, step by step: a receipt as it stands after a further fact, an activity, or an occasion. Pure.

What a step of a receipt brings is the difference from before, so its steps add up to what it is worth in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import heappop, heappush
from typing import NamedTuple
from uuid import UUID

import msgspec

from libs.backtest.history import Item, StoredMerge
from libs.judging.occasions import WHAT, Occasion, occasion_id
from libs.judging.versions import RunningProgramme
from libs.receipts.story import Content, Return, Story, Void, facts_in_order, stands
from libs.runtime.keys import event_key

_structs = msgspec.structs


class Step(NamedTuple):
    """An item after a further fact, or an occasion that a side has come to.

    `story` is what is known of a receipt by then, `last` whether nothing follows. An occasion has a source and an `id`
    of the platform's own; `sides` tells who has it, A and B. A `merge` begins (True) or is undone.
    """

    at: datetime
    key: bytes
    number: int
    kind: str
    event_key: UUID
    item: Item
    story: Story | None = None
    last: bool = True
    occasion: Occasion | None = None
    named: tuple[str, str] = ("", "")
    sides: tuple[bool, bool] = (True, True)
    merge: tuple[StoredMerge, bool] | None = None

    @property
    def order(self) -> tuple[datetime, bytes, int]:
        """By time, then item, then the order of the facts: one order over all members."""
        return self[:3]

    def source_and_id(self) -> tuple[str, str]:
        """How the sender named the event; of what followed a purchase, the purchase."""
        if self.occasion is not None:
            return self.named
        if self.item.activity is not None:
            return self.item.activity.source, self.item.activity.id
        assert self.story is not None
        content = stands(self.story).content or self.story.contents[0]
        return content.source, content.id


def occasion_step(programme: RunningProgramme, occasion: Occasion) -> Step:
    """An occasion as a step: its key is that of the event that tells of it."""
    source, name = programme.source(WHAT), occasion_id(programme, occasion)
    key = UUID(int=event_key(source, name).int)
    item = Item(occasion.member_id, occasion.at, key)
    return Step(occasion.at, key.bytes, 0, occasion.name, key, item, occasion=occasion, named=(source, name))


def steps_of(item: Item, until: datetime) -> list[Step]:
    """The steps of an item before an instant; the first has the item's own time.

    Facts of a receipt that come before its first content, such as an early return, are part of the first step.
    """
    if item.activity is not None:
        return [Step(item.at, item.key.bytes, 0, "activity", item.key, item)]
    assert item.receipt is not None
    full = item.receipt
    if len(full.contents) == 1 and not full.returns and not full.voids:
        content = full.contents[0]
        return [Step(item.at, item.key.bytes, 0, _kind(content), content.key, item, full)]
    facts = facts_in_order(full)
    first = next(at for at, fact in enumerate(facts) if isinstance(fact, Content))
    facts = [fact for number, fact in enumerate(facts) if number <= first or fact.at < until]
    at, steps = item.at, []
    for number in range(first, len(facts)):
        at = at if number == first else max(at, facts[number].at)
        story = _known(full, facts[: number + 1], at)
        last = number == len(facts) - 1
        fact = facts[number]
        steps.append(Step(at, item.key.bytes, number - first, _kind(fact), fact.key, item, story, last))
    return steps


def in_order(items: Iterable[Item], until: datetime) -> Iterator[Step]:
    """All steps of items that come in their order, in the order of steps."""
    later: list[tuple[tuple[datetime, bytes, int], Step]] = []
    for item in items:
        first, *rest = steps_of(item, until)
        while later and later[0][0] < first.order:
            yield heappop(later)[1]
        yield first
        for step in rest:
            heappush(later, (step.order, step))
    while later:
        yield heappop(later)[1]


_KINDS = {Return: "return", Void: "void"}


def _kind(fact: Content | Void | Return) -> str:
    if isinstance(fact, Content):
        return "correction" if fact.corrects else "purchase"
    return _KINDS[type(fact)]


def _known(full: Story, facts: Iterable[Content | Void | Return], at: datetime) -> Story:
    """The story with these facts alone. An operator's word and the rate stand from the beginning."""
    contents, voids, returns = [], [], []
    for fact in facts:
        match fact:
            case Content():
                contents.append(fact)
            case Void():
                voids.append(fact)
            case Return():
                returns.append(fact)
    signals = tuple([signal for signal in full.signals if signal.at <= at])
    return _structs.replace(full, contents=tuple(contents), voids=tuple(voids), returns=tuple(returns), signals=signals)
