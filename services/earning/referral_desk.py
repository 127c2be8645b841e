"""What profiles mean for referrals: codes that are named, marks, and members who turn out to be one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from libs.judging.versions import RunningProgramme
from libs.lives.life import MemberName
from libs.runtime.batch import Outgoing
from services.earning import referral_store, store
from services.earning.referral_events import asked_for, claimed


class Profile(Protocol):
    """An enrolment or an update, as far as referrals are concerned."""

    @property
    def programme(self) -> RunningProgramme: ...  # noqa: D102
    @property
    def member_id(self) -> UUID: ...  # noqa: D102
    @property
    def at(self) -> datetime: ...  # noqa: D102
    @property
    def key(self) -> UUID: ...  # noqa: D102
    @property
    def marks(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def code(self) -> str | None: ...  # noqa: D102
    @property
    def consented(self) -> bool: ...  # noqa: D102


async def note(
    connection: asyncpg.Connection,
    now: datetime,
    fresh: Iterable[Profile],
    ties: Sequence[store.Tie],
    adopted: Mapping[MemberName, Any],
) -> dict[MemberName, list[Outgoing]]:
    """Keep what profiles say that referrals ask for, and ask for a look at those that it may change, by member.

    The transaction holds the members. `ties` are the identifiers that changed hands, `adopted` who was given receipts.
    """
    referring = [profile for profile in fresh if profile.programme.refers]
    if not referring:
        return {}
    events: dict[MemberName, list[Outgoing]] = {}
    about: dict[MemberName, tuple[RunningProgramme, UUID]] = {}
    for profile in referring:
        name = (*profile.programme.key, profile.member_id)
        about[name] = (profile.programme, profile.key)
        if profile.code:
            asked = claimed(
                profile.programme, profile.member_id, profile.code, profile.consented, profile.key, profile.at
            )  # fmt: skip
            events.setdefault(name, []).append(asked)
    marks = [((*each.programme.key, each.member_id), mark) for each in referring for mark in each.marks]
    await referral_store.save_marks(connection, now, marks)
    same = _same(ties, about)
    await referral_store.save_same(connection, now, same)
    looked: dict[MemberName, MemberName] = {name: name for name in adopted if name in about}
    for name, other in same:
        looked |= {name: name, (*name[:2], other): name}
    if looked:
        for row in await referral_store.load_rows(connection, list(looked), ()):
            on = looked[row.name]
            programme, cause = about[on]
            events.setdefault(on, []).append(asked_for(programme, row.claim.friend, cause, now))
    return events


def _same(ties: Iterable[store.Tie], about: Mapping[MemberName, object]) -> list[tuple[MemberName, UUID]]:
    """Members who took an identifier over, each with whoever had it before."""
    return [
        ((*tie[:2], tie.becomes), tie.was)
        for tie in ties
        if tie.was is not None
        and tie.becomes is not None
        and tie.was != tie.becomes
        and (*tie[:2], tie.becomes) in about
    ]
