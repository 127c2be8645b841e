"""Parts of a batch: some of its records, or some of its partitions, as a batch of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from libs.runtime.batch import Work

Item = TypeVar("Item")


def cut(work: Work[Item], start: int, end: int) -> Work[Item]:
    """The part of a work from record `start` to before `end`, with each span shortened to it.

    A halt stays with the last part of its span; the health of a span is that of its end, which is close enough for the
    rare path.
    """
    kept = sorted({work.span_of[index] for index in range(start, end)})
    number = {old: new for new, old in enumerate(kept)}
    spans = []
    for old in kept:
        span = work.spans[old]
        inside = [index for index in range(len(work.records)) if work.span_of[index] == old]
        first = span.first if inside[0] >= start else work.records[start].offset
        ends_here = inside[-1] < end
        after = span.next if ends_here else work.records[end].offset
        spans.append(replace(span, first=first, next=after, halt=span.halt if ends_here else None))
    return Work(
        work.records[start:end],
        work.items[start:end],
        {index - start: why for index, why in work.rejections.items() if start <= index < end},
        spans,
        [number[work.span_of[index]] for index in range(start, end)],
    )


def only(work: Work[Item], wanted: Sequence[bool]) -> Work[Item] | None:
    """The spans of a work that are wanted, with their records; None if there are none."""
    if all(wanted):
        return work
    if not any(wanted):
        return None
    kept = [index for index in range(len(work.records)) if wanted[work.span_of[index]]]
    number = {old: new for new, old in enumerate(old for old, want in enumerate(wanted) if want)}
    return Work(
        [work.records[index] for index in kept],
        [work.items[index] for index in kept],
        {new: work.rejections[index] for new, index in enumerate(kept) if index in work.rejections},
        [work.spans[old] for old in number],
        [number[work.span_of[index]] for index in kept],
    )
