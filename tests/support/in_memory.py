"""Earning's stores over a `Memory`: whoever runs the handlers on it enters this block first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from services.earning import (
    cart_store,
    events,
    history_store,
    merging_store,
    owner_store,
    profile_store,
    profiles,
    referral_store,
    store,
    tier_store,
)
from tests.support import memory_merges, memory_referrals
from tests.support.memory import Memory

_STEPS = (
    "begin_batch", "open_batch", "load_counters", "load_decisions", "load_ledgers", "load_lapsed", "save_batch",
    "save_lives", "save_receipts", "end_batch", "identifier_owners", "tie_identifiers", "load_enrolled",
    "enrol_members",
)  # fmt: skip


@contextmanager
def in_memory() -> Iterator[None]:
    """Let the store's functions work on a `Memory` in the place of a connection, for the block."""

    def step(name: str) -> Any:
        async def call(memory: Memory, *arguments: Any, **options: Any) -> Any:
            return getattr(memory, name)(*arguments, **options)

        return call

    places = [(store, name) for name in _STEPS] + [(events, "body_hashes"), (profiles, "body_hashes")]
    places += [(profiles, "tell_profiles"), (profile_store, "load_past")]
    places += [(owner_store, name) for name in ("lock_owners", "lock_late", "unclaimed_of")]
    places += [(history_store, "load"), (history_store, "save_days")]
    places += [(tier_store, "load_places"), (tier_store, "save_tiers")]
    places += [(cart_store, "buy")]
    doubles = memory_referrals.DOUBLES
    places += [(referral_store, name) for name in doubles]
    places += [(merging_store, name) for name in memory_merges.DOUBLES]
    before = [getattr(module, name) for module, name in places]
    try:
        for module, name in places:
            double = doubles.get(name) if module is referral_store else None
            double = memory_merges.DOUBLES[name] if module is merging_store else double
            setattr(module, name, double or step("load_days" if name == "load" else name))
        yield
    finally:
        for (module, name), real in zip(places, before, strict=True):
            setattr(module, name, real)
