"""Quotas: how much one credential may ask, by the generic cell rate algorithm, in this process's memory.

A key may spend its whole quota at once; it then comes back evenly over the window. Several gateways each keep their own
count, so a key that is spread over n of them may make up to n times as many requests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

POLICY = "default"
_MOST_KEYS = 100_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, how many more may, and in how many whole seconds the quota is whole again."""

    allowed: bool
    remaining: int
    reset: int
    retry_after: int


@dataclass(slots=True)
class Quotas:
    """Counts the requests of each credential; `requests` in `window` seconds."""

    requests: int
    window: float
    _full_at: dict[str, float] = field(default_factory=dict)

    def take(self, credential: str, now: float) -> Verdict:
        """Count one request at `now`, seconds of a clock that never goes back."""
        cost = self.window / self.requests
        full_at = max(self._full_at.get(credential, now), now)
        after = full_at + cost
        # Many sums of `cost` may end a little above the window although they are meant to fill it exactly.
        if after - now > self.window + cost * 1e-6:
            return Verdict(False, 0, math.ceil(full_at - now), max(1, math.ceil(after - now - self.window)))
        if len(self._full_at) >= _MOST_KEYS:
            self._forget(now)
        self._full_at[credential] = after
        left = math.floor((self.window - (after - now)) / cost + 1e-6)
        return Verdict(True, left, math.ceil(after - now), 0)

    def headers(self, verdict: Verdict) -> dict[str, str]:
        """The header fields that tell the caller."""
        fields = {
            "RateLimit-Policy": f'"{POLICY}";q={self.requests};w={math.ceil(self.window)}',
            "RateLimit": f'"{POLICY}";r={verdict.remaining};t={verdict.reset}',
        }
        return fields if verdict.allowed else {**fields, "Retry-After": str(verdict.retry_after)}

    def _forget(self, now: float) -> None:
        """Drop who has a whole quota."""
        self._full_at = {credential: at for credential, at in self._full_at.items() if at > now}
