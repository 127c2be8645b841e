"""When to stop pouring records into the dead letters: too many bad ones in a row, or too high a share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a partition may bear before it halts.

    `share_percent` counts over the last `window` records or so (older ones fade), once at least `at_least` were seen.
    """

    max_consecutive: int = 20
    share_percent: int = 50
    at_least: int = 200
    window: int = 2_000


@dataclass(frozen=True, slots=True)
class Health:
    """What a partition has lately brought: bad records in a row, records seen, and bad ones among them."""

    streak: int = 0
    seen: int = 0
    bad: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The health after some records, and, where a limit was reached, how many of them to take before halting."""

    health: Health
    take: int
    halt: str | None = None


def judge(health: Health, bad: Sequence[bool], limits: Limits) -> Verdict:
    """Follow records in order, `True` for a bad one, and say where the partition must halt, if it must.

    The record that reaches a limit is still taken, so that the dead letters show it.
    """
    streak, seen, wrong = health.streak, health.seen, health.bad
    if not any(bad):
        return Verdict(_fade(Health(0 if bad else streak, seen + len(bad), wrong), limits), len(bad))
    for taken, is_bad in enumerate(bad, start=1):
        streak, seen, wrong = (streak + 1 if is_bad else 0), seen + 1, wrong + is_bad
        if not is_bad:
            continue
        if streak >= limits.max_consecutive:
            return Verdict(Health(streak, seen, wrong), taken, f"{streak} bad records in a row")
        if seen >= limits.at_least and wrong * 100 > seen * limits.share_percent:
            return Verdict(Health(streak, seen, wrong), taken, f"{wrong} of the last {seen} records were bad")
    return Verdict(_fade(Health(streak, seen, wrong), limits), len(bad))


def _fade(health: Health, limits: Limits) -> Health:
    if health.seen < limits.window:
        return health
    return Health(health.streak, health.seen // 2, health.bad // 2)
