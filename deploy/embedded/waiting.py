"""Waiting for a child to become ready."""

from __future__ import annotations

import time
from collections.abc import Callable

from deploy.embedded.process import Child, ChildDied
from libs.runtime.clock import monotonic

_PAUSE = 0.02
START_SECONDS = 150.0
"""What a server has for its start, where nobody says otherwise. After a crash PostgreSQL replays up to max_wal_size of
log before it answers, and on a busy machine Kafka needs over a minute for its first start. Whoever dies is seen at
once, so patience costs nothing."""


class NotReady(RuntimeError):
    """A child lives but did not become ready in time."""


def nothing() -> None:
    """Nothing is looked at meanwhile."""


def wait_for(
    what: str, ready: Callable[[], bool], child: Child, seconds: float, look: Callable[[], None] = nothing
) -> None:
    """Return as soon as `ready` says so. `look` is called again and again; what it raises ends the wait.

    Raises:
        ChildDied: the child ended first.
        NotReady: the seconds are over. Both carry the end of the child's log.
    """
    deadline = monotonic() + seconds
    while not ready():
        if not child.alive:
            raise ChildDied(f"{what} ended with code {child.returncode}; the end of {child.log}:\n{child.log_tail()}")
        if monotonic() > deadline:
            raise NotReady(f"{what} was not ready after {seconds:.0f} s; the end of {child.log}:\n{child.log_tail()}")
        look()
        time.sleep(_PAUSE)
