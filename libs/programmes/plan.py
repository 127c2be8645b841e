"""What publishing a document would do: the version it makes, when that comes into force, and what it changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from libs.programmes.consequences import consequences, instant_text, summary
from libs.programmes.draft import Draft
from libs.programmes.versions import StoredVersion, Versions
from libs.promotions.diff import Change, compare, same
from libs.promotions.document import DocumentError, ProgrammeInvalid
from libs.promotions.programme import Programme

LEAD = timedelta(seconds=5)
"""How far ahead a version comes into force at least, so that every worker has loaded it by then."""
_SETTLING = 2 * LEAD

Refusal = Literal["too-soon", "based-on-another", "one-waits", "moved", "unknown-version"]


class PlanRefused(ValueError):
    """The document is valid, and can't be published so; `code` says why, the text also what to do."""

    def __init__(self, code: Refusal, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be published. `base` is the version in whose place it comes; None for a programme's first.

    Where there is nothing to do, everything is that of the version that says the same already.
    """

    base: StoredVersion | None
    programme: Programme
    active_from: datetime
    changes: tuple[Change, ...]
    words: tuple[str, ...]

    @property
    def unchanged(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes

    @property
    def summary(self) -> str:
        """What it changes, in a line."""
        return summary(self.changes)


@dataclass(frozen=True, slots=True)
class Wish:
    """When a version is to come into force (None: as soon as may be), and what the caller takes for granted.

    `expects` is the number of the latest version as the caller knows it; 0 says that there is none. A version that
    still waits stays what it is, and takes this one's place in its time: `before_waiting` says that this is meant.
    """

    at: datetime | None = None
    expects: int | None = None
    before_waiting: bool = False


def plan(versions: Versions, draft: Draft, wish: Wish, now: datetime, zone: str, currency: str) -> Plan:
    """Say what publishing a draft at `now` would do to a programme with this zone and currency.

    Raises:
        PlanRefused: it can't be published so.
        ProgrammeInvalid: it would change what a programme can't change.
    """
    _check_kept(draft.programme, zone, currency)
    programme = draft.numbered(versions.next_number)
    head = versions.head
    if head is not None and wish.at in (None, head.active_from) and same(versions.programme(head), programme):
        return _nothing(versions, head)  # also when it was published a moment ago, or waits
    active_from = _active_from(versions, wish, now)
    base = versions.in_force(active_from)
    before = versions.programme(base)
    changes = compare(before, programme)
    if base is not None and not changes:
        return _nothing(versions, base)
    _check_head(versions, draft, wish)
    waiting = versions.waiting(active_from)
    if waiting and not wish.before_waiting:
        first = waiting[0]
        raise PlanRefused(
            "one-waits",
            f"version {first.number} comes into force at {instant_text(first.active_from)}, and would take the place "
            "of this one; publish at that instant to replace it, or say that you want this one before it",
        )
    words = consequences(before, programme, active_from)
    if waiting:
        words += (f"Version {waiting[0].number} takes its place at {instant_text(waiting[0].active_from)}.",)
    return Plan(base, programme, active_from, changes, words)


def _nothing(versions: Versions, version: StoredVersion) -> Plan:
    return Plan(version, versions.programmes[version.number], version.active_from, (), ())


def _active_from(versions: Versions, wish: Wish, now: datetime) -> datetime:
    earliest = now + LEAD
    if wish.at is None:
        head = versions.head
        # Whoever published a moment ago may have had a clock that is a little ahead of this one.
        if head is not None and earliest < head.active_from <= now + _SETTLING:
            return head.active_from
        return earliest
    if wish.at < earliest and versions.head is not None:
        raise PlanRefused(
            "too-soon",
            f"a version comes into force {LEAD.seconds} seconds ahead at the earliest: at {instant_text(earliest)}; "
            "what has been judged stays judged",
        )
    return wish.at


def _check_head(versions: Versions, draft: Draft, wish: Wish) -> None:
    head = 0 if versions.head is None else versions.head.number
    if wish.expects is not None and wish.expects != head:
        raise PlanRefused("moved", f"the latest version is {head}, and not {wish.expects}: somebody else has published")
    if draft.named is not None and draft.named not in (head, head + 1):
        raise PlanRefused(
            "based-on-another",
            f"the document says version {draft.named}, and the latest is {head}: start from that one (write {head} or "
            f"{head + 1}), or leave `version` out",
        )


def _check_kept(programme: Programme, zone: str, currency: str) -> None:
    """Boundaries, counters and rates lean on them, so a programme keeps its zone and currency for ever."""
    kept = (("zone", programme.zone, zone), ("currency", programme.currency, currency))
    errors = [DocumentError(path, "a programme keeps it for ever", must) for path, says, must in kept if says != must]
    if errors:
        raise ProgrammeInvalid(tuple(errors))
