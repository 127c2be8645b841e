"""The versions of a programme as they are stored, and which of them is in force when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from libs.promotions.programme import Programme


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version as it was published, without its document; versions that no command has written lack some of it.

    `summary` is what it changed, in a line; `restores` the earlier version that it takes up again, if any.
    """

    number: int
    active_from: datetime
    hash: str
    recorded_at: datetime
    published_by: str | None = None
    note: str | None = None
    summary: str | None = None
    restores: int | None = None

    @property
    def etag(self) -> str:
        """What names this version and no other, for whoever asks that nothing has changed meanwhile."""
        return f'"{self.number}-{self.hash[:16]}"'


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions of a programme, in the order of their numbers.

    `programmes` are the documents, by number, of those that matter now: the one in force, and whatever comes later.
    """

    all: Sequence[StoredVersion]
    programmes: Mapping[int, Programme] = field(default_factory=dict)

    @property
    def head(self) -> StoredVersion | None:
        """The version that was published last, in force or not."""
        return self.all[-1] if self.all else None

    @property
    def next_number(self) -> int:
        """The number that the next version gets."""
        return 1 if self.head is None else self.head.number + 1

    def in_force(self, at: datetime) -> StoredVersion | None:
        """The version in force at an instant: the last to begin, and of several that began together the latest."""
        begun = [version for version in self.all if version.active_from <= at]
        return max(begun, key=lambda version: (version.active_from, version.number), default=None)

    def waiting(self, at: datetime) -> list[StoredVersion]:
        """The versions that come into force later than an instant, soonest first."""
        return sorted((each for each in self.all if each.active_from > at), key=lambda each: each.active_from)

    def numbered(self, number: int) -> StoredVersion | None:
        """The version with this number."""
        return next((version for version in self.all if version.number == number), None)

    def before(self, version: StoredVersion) -> StoredVersion | None:
        """The version whose place a version took, or takes when it comes into force."""
        place = (version.active_from, version.number)
        earlier = [each for each in self.all if (each.active_from, each.number) < place]
        return max(earlier, key=lambda each: (each.active_from, each.number), default=None)

    def programme(self, version: StoredVersion | None) -> Programme | None:
        """The document of a version that matters now; None of none.

        Raises:
            KeyError: it is an older one, whose document was not loaded.
        """
        return None if version is None else self.programmes[version.number]
