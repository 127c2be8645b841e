"""From rules and what a member is to spans, and what a head keeps of the spans that it had. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from libs.exemptions.rules import Exemptions, Level, Rule
from libs.ledger.model import Span
from libs.tiers.decide import Decision, TierStanding

KEPT = timedelta(days=92)
"""How long a span that is over is kept: for points that come back after their boundary."""
AHEAD = timedelta(days=3_660)
"""How far ahead tiers are looked at."""

Spans = Mapping[str, tuple[Span, ...]]
"""Spans by what says so: `tier:` and the set, `segment:` and its name, or `member`."""

MEMBER = "member"

MemberName = tuple[int, int, UUID]
"""Tenant, programme and id of a member."""


class Said(NamedTuple):
    """What one source says of a member from an instant on."""

    name: MemberName
    source: str
    spans: tuple[Span, ...]
    at: datetime


def tier_source(tier_set: str) -> str:
    """Under what the spans of a tier set's levels stand."""
    return f"tier:{tier_set}"


def segment_source(name: str) -> str:
    """Under what the spans of a segment stand."""
    return f"segment:{name}"


def tier_spans(
    exemptions: Exemptions, tier_set: str, decision: Decision, standing: TierStanding | None, now: datetime
) -> tuple[Span, ...]:
    """The spans of a member of a tier set from `now` on, if nothing is done: the level of now, and those of later."""
    spans: list[Span] = []
    turns = list(decision.timeline(standing, now, now + AHEAD))
    for at, (since, level) in enumerate(turns):
        until = turns[at + 1][0] if at + 1 < len(turns) else None
        if level is not None:
            spans += held("tier", level, exemptions.levels.get(Level(tier_set, level), ()), since, until)
    return tuple(spans)


def held(by: str, name: str, rules: Iterable[Rule], since: datetime, until: datetime | None) -> Iterator[Span]:
    """What rules spare for somebody who is what they ask for from an instant until before another (None: no end)."""
    for rule in rules:
        begins = max(since, rule.since)
        ends = min([end for end in (until, rule.until) if end is not None], default=None)
        if ends is None or begins < ends:
            yield Span(
                by,
                name,
                rule.version,
                rule.wallet,
                rule.zone,
                begins,
                ends,
                rule.period,
                rule.first,
                rule.older_days,
                rule.younger_days,
            )


def rewritten(stored: Spans, given: Spans, at: datetime) -> Spans:
    """The spans of a head, where the sources in `given` say something else from an instant on.

    What was before stays as it was: it may have been told, and no boundary that has passed is judged anew.
    """
    after = dict(stored)
    for source, spans in given.items():
        before = [span for span in stored.get(source, ()) if span.since < at and _outlives(span, at - KEPT)]
        after[source] = tuple(_joined([*[_cut(span, at) for span in before], *_from(spans, at)]))
    return {source: after[source] for source in sorted(after) if after[source]}


def _outlives(span: Span, at: datetime) -> bool:
    return span.until is None or span.until > at


def _cut(span: Span, at: datetime) -> Span:
    return replace(span, until=at) if _outlives(span, at) else span


def _from(spans: Iterable[Span], at: datetime) -> Iterator[Span]:
    for span in spans:
        if _outlives(span, at):
            yield replace(span, since=max(span.since, at))


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Spans that go on where an equal one ends are one span."""
    joined: list[Span] = []
    for span in spans:
        for at, before in enumerate(joined):
            if before.until == span.since and replace(before, since=span.since, until=span.until) == span:
                joined[at] = replace(span, since=before.since)
                break
        else:
            joined.append(span)
    return joined
