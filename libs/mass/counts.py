"""What a mass message comes to, and what became of it: numbers of members, by what was decided and why. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Verdict = Literal["send", "wait", "drop"]
REACHED = frozenset(("handed", "delivered", "opened", "clicked"))
OPEN = frozenset(("waiting", "postponed", "sending"))


class Count(NamedTuple):
    """So many members of a variant, for whom over a channel the same was decided; `reason` is empty for a yes."""

    variant: str
    verdict: Verdict
    channel: str
    reason: str
    members: int


class Became(NamedTuple):
    """So many deliveries of a variant over a channel that stand alike."""

    variant: str
    channel: str
    state: str
    reason: str
    messages: int


class Outlook(NamedTuple):
    """The same in sums: whom it would reach now, later, or not at all. The three make up all members."""

    now: int
    later: int
    never: int

    @property
    def members(self) -> int:
        """All of them."""
        return sum(self)


class Result(NamedTuple):
    """A variant so far: deliveries that went out, came to something, and that are under way still."""

    variant: str
    sent: int
    opened: int
    clicked: int
    bounced: int
    failed: int
    suppressed: int
    under_way: int


def outlook(counts: Iterable[Count]) -> Outlook:
    """Add up a count."""
    sums: Counter[str] = Counter()
    for each in counts:
        sums[each.verdict] += each.members
    return Outlook(sums["send"], sums["wait"], sums["drop"])


def results(found: Sequence[Became]) -> tuple[Result, ...]:
    """Add up what became of deliveries, by variant in the order of their names; who clicked has opened it."""
    variants = sorted({each.variant for each in found})
    return tuple([_result(name, [each for each in found if each.variant == name]) for name in variants])


def under_way(found: Iterable[Became]) -> int:
    """How many deliveries are not settled."""
    return sum(each.messages for each in found if each.state in OPEN)


def _result(variant: str, found: Sequence[Became]) -> Result:
    sums: Counter[str] = Counter()
    for each in found:
        sums[each.state] += each.messages
    return Result(
        variant,
        sum(sums[state] for state in REACHED) + sums["bounced"],
        sums["opened"] + sums["clicked"],
        sums["clicked"],
        sums["bounced"],
        sums["failed"],
        sums["suppressed"],
        sum(sums[state] for state in OPEN),
    )
