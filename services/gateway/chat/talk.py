"""How a talk between a member and the staff stands, and what each thing that happens makes of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

from libs.runtime.api_keys import ApiKey

MOST_UNREAD = 50
"""So many messages of a member may wait for an answer; then the staff is to be heard first."""

State = Literal["open", "closed"]


class Staff(NamedTuple):
    """Whoever writes for the programme: the id of their key, and how others know them."""

    key_id: str
    label: str

    @classmethod
    def of(cls, key: ApiKey) -> Staff:
        """Whoever has this key."""
        return cls(key.key_id, f"{key.name[:100]} ({key.key_id})")


@dataclass(frozen=True, slots=True)
class Talk:
    """How a talk stands: since when, by whom (None: by the member, or by its silence), and whose it is.

    `unread` counts the member's messages that wait for an answer, since `unread_since`. `member_read` is the number of
    the last message that the member has seen, `seen_at` when they looked last; `change` grows with whatever happens.
    """

    state: State
    state_at: datetime
    state_by: str | None
    assigned: Staff | None
    unread: int
    unread_since: datetime | None
    last_at: datetime
    member_read: int
    seen_at: datetime | None
    change: int

    def said_by_member(self, now: datetime) -> Talk:
        """The member writes: what was closed is open again."""
        opened = self if self.state == "open" else replace(self, state="open", state_at=now, state_by=None)
        return opened._next(unread=self.unread + 1, unread_since=self.unread_since or now, last_at=now, seen_at=now)

    def answered(self, staff: Staff, now: datetime) -> Talk:
        """Somebody of the staff writes: nothing waits any more, and the talk is theirs if it was nobody's."""
        opened = self if self.state == "open" else replace(self, state="open", state_at=now, state_by=staff.label)
        return opened._next(unread=0, unread_since=None, last_at=now, assigned=self.assigned or staff)

    def settled(self) -> Talk:
        """What the member wrote needs no answer."""
        return self if not self.unread else self._next(unread=0, unread_since=None)

    def closed(self, by: str | None, now: datetime) -> Talk:
        """The talk is over, until somebody writes."""
        if self.state == "closed":
            return self
        return self._next(state="closed", state_at=now, state_by=by, unread=0, unread_since=None)

    def reopened(self, staff: Staff, now: datetime) -> Talk:
        """The talk goes on."""
        return self if self.state == "open" else self._next(state="open", state_at=now, state_by=staff.label)

    def taken(self, staff: Staff | None) -> Talk:
        """Somebody takes it on, or nobody does any more."""
        return self if self.assigned == staff else self._next(assigned=staff)

    def seen(self, number: int, now: datetime) -> Talk:
        """The member has seen all messages up to a number."""
        return self if number <= self.member_read else self._next(member_read=number, seen_at=now)

    def _next(self, **changes: object) -> Talk:
        changed: Talk = replace(self, change=self.change + 1, **changes)  # type: ignore[arg-type]  # its own fields
        return changed


def begun(now: datetime) -> Talk:
    """A talk in which nothing was said."""
    return Talk("open", now, None, None, 0, None, now, 0, None, 0)


def joined(first: Talk | None, others: Iterable[Talk]) -> Talk | None:
    """A member's talk with those of who was merged into them, as one: open where one of them is."""
    found: list[Talk] = [*(() if first is None else (first,)), *others]
    if not found:
        return None
    base = next((each for each in found if each.state == "open"), found[0])
    waiting = [each.unread_since for each in found if each.unread_since is not None]
    return replace(
        base,
        assigned=next((each.assigned for each in found if each.assigned is not None), None),
        unread=sum(each.unread for each in found),
        unread_since=min(waiting, default=None),
        last_at=max(each.last_at for each in found),
        member_read=max(each.member_read for each in found),
        change=0 if first is None else first.change,
    )
