"""The ring of API keys: looks keys up, and forgets them soon enough that a revocation counts at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from libs.runtime.api_keys import ApiKey, present
from services.gateway.door.problems import ProblemError

TOUCH_EVERY = timedelta(minutes=1)
_MOST_CACHED = 10_000


@dataclass(slots=True)
class KeyRing:
    """Finds the key that a caller presents.

    `load` and `touch` are the store's; `monotonic` gives seconds that never go back. A key is looked up again when it
    was last read `keep` ago, by every gateway for itself. Unknown keys are not remembered.
    """

    load: Callable[[str], Awaitable[ApiKey | None]]
    touch: Callable[[str, datetime], Awaitable[None]]
    monotonic: Callable[[], float]
    keep: timedelta
    _cached: dict[str, tuple[ApiKey, float]] = field(default_factory=dict)

    async def find(self, text: str, now: datetime) -> ApiKey:
        """Return the key that `text` is, usable at `now`.

        Raises:
            ProblemError: 401; what is wrong with a key is told only to who knows all of it.
        """
        presented = present(text)
        if presented is None:
            raise ProblemError("key-invalid")
        key = await self._lookup(presented.key_id, now)
        if key is None or not presented.matches(key.digest):
            raise ProblemError("key-invalid")
        return _usable(key, now)

    async def by_id(self, key_id: str, now: datetime) -> ApiKey:
        """Return the key of an id that a session vouches for, usable at `now`.

        Raises:
            ProblemError: 401.
        """
        key = await self._lookup(key_id, now)
        if key is None:
            raise ProblemError("key-invalid")
        return _usable(key, now)

    async def _lookup(self, key_id: str, now: datetime) -> ApiKey | None:
        cached = self._cached.get(key_id)
        if cached is not None and self.monotonic() < cached[1]:
            return cached[0]
        asked = self.monotonic()  # before the answer is made, so that its age is never underestimated
        key = await self.load(key_id)
        if key is None:
            self._cached.pop(key_id, None)
            return None
        if len(self._cached) >= _MOST_CACHED:
            self._cached.clear()
        self._cached[key_id] = (key, asked + self.keep.total_seconds())
        return key

    async def used(self, key: ApiKey, now: datetime) -> None:
        """Note that the key was used, at most once a minute."""
        if key.last_used_at is not None and now - key.last_used_at < TOUCH_EVERY:
            return
        await self.touch(key.key_id, now)
        entry = self._cached.get(key.key_id)
        if entry is not None:
            self._cached[key.key_id] = (replace(key, last_used_at=now), entry[1])


def _usable(key: ApiKey, now: datetime) -> ApiKey:
    if key.revoked_at is not None:
        raise ProblemError("key-revoked")
    if not key.usable(now):
        raise ProblemError("key-expired")
    return key
