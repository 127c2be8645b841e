"""Which events an endpoint wants: types by name, a family of them, or all."""

from __future__ import annotations

from collections.abc import Iterable

from libs.contracts.topics import TOPICS, Topic
from libs.webhooks.payload import short_type

ALL = "*"


def _told_outside(topic: Topic) -> bool:
    """Whether others may read a topic as a sequence of events."""
    return "downstream" in topic.consumers and not topic.compacted


SOURCES: tuple[Topic, ...] = tuple(filter(_told_outside, TOPICS))
"""The topics whose events webhooks tell of."""
TO_MEMBER = "message.to_member"
"""A message that the company's own system is to bring to a member."""
TYPES: tuple[str, ...] = (*sorted(short_type(each) for topic in SOURCES for each in topic.types), TO_MEMBER)


def unknown_types(wanted: Iterable[str]) -> list[str]:
    """Return what of `wanted` no event will ever be: neither a type, nor a family as `points.*`, nor `*`."""
    families = {each.partition(".")[0] + ".*" for each in TYPES}
    return [each for each in wanted if each != ALL and each not in TYPES and each not in families]


def wants(wanted: Iterable[str], kind: str) -> bool:
    """Whether who wants these wants an event of this type, by its short name."""
    family = kind.partition(".")[0] + ".*"
    return any(each in (ALL, kind, family) for each in wanted)
