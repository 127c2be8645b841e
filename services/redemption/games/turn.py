"""A request about a game as its transaction goes on, and what it does to members' points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from libs.catalogue.postgres import load_facts
from libs.catalogue.pricing import matches
from libs.games.documents import Audience
from libs.lives.life import Life, MemberName
from libs.lives.made import Cause
from libs.runtime.batch import Outgoing
from libs.runtime.leases import shard_of
from services.redemption import domain, telling, values
from services.redemption import store as requests
from services.redemption.deciding import BLOCKED
from services.redemption.domain import Redemption, Refusal, Rules
from services.redemption.handlers import WRITER
from services.redemption.store import Locked
from services.redemption.values import NotDone

T = TypeVar("T")


@dataclass(slots=True)
class Turn:
    """One transaction: whose rules count, the id that the request gives to what it makes, and what is to be told."""

    connection: asyncpg.Connection
    rules: Rules
    scope: tuple[int, int]
    name: UUID
    now: datetime
    events: dict[str, list[Outgoing]] = field(default_factory=dict)

    def cause(self, redemption_id: UUID) -> Cause:
        """What movements of points are named after: the redemption that they belong to."""
        return Cause(redemption_id, self.rules.source, str(redemption_id))

    def tell(self, whose: UUID, events: Iterable[Outgoing]) -> None:
        """Tell of a member or a game, when all is committed."""
        self.events.setdefault(shard_of(WRITER, whose), []).extend(events)

    def event(self, kind: str, cause: UUID, whose: UUID, data: Mapping[str, Any]) -> None:
        """Tell one thing."""
        slugs = (self.rules.tenant, self.rules.programme)
        self.tell(whose, [values.told(kind, slugs, cause, whose, self.now, dict(data))])

    async def lives(
        self, members: Iterable[tuple[Locked, UUID]], redemptions: Iterable[Redemption] = ()
    ) -> dict[MemberName, Life]:
        """Members with their points in hand, each for a redemption; what time has done to them is recorded with it."""
        wanted = dict(members)
        lives = await requests.load_lives(self.connection, wanted, redemptions)
        for locked, redemption_id in wanted.items():
            lives[locked.name].catch_up(self.now, self.cause(redemption_id))
        return lives

    async def save(self, members: Iterable[tuple[Locked, Life]], redemptions: Iterable[Redemption]) -> None:
        """Save members and what they pay, and tell of it. What is redeemed now counts in their history."""
        pairs, made = list(members), list(redemptions)
        await requests.save(self.connection, self.now, [life for _, life in pairs], made)
        for each in made:
            if self.rules.counts and each.state == "redeemed":
                await requests.count(self.connection, each, 1)
        for locked, life in pairs:
            self.tell(locked.name[2], telling.events_of(life, self.rules, locked.spread, self.now))

    def take(
        self, life: Life, redemption_id: UUID, points: int, wallet: str | None, reference: str,
        held_for: timedelta | None = None,
    ) -> Redemption | Refusal:  # fmt: skip
        """Take points of a member, or hold them for so long."""
        wallets = domain.wallets_of(self.rules, wallet)
        if isinstance(wallets, Refusal):
            return wallets
        made = domain.taken(
            life, redemption_id, self.cause(redemption_id), points, wallets, self.now,
            held_for=held_for, zone=self.rules.zone, reference=reference, rest=self.rules.rest,
        )  # fmt: skip
        return made if isinstance(made, Refusal) else made.redemption

    async def pay(self, locked: Locked, points: int, wallet: str | None, reference: str) -> None:
        """Let a member pay so many points, under the request's own id; nothing when it costs nothing.

        Raises:
            NotDone: the member has not so many.
        """
        if not points:
            return
        life = (await self.lives([(locked, self.name)]))[locked.name]
        made = found(self.take(life, self.name, points, wallet, reference))
        await self.save([(locked, life)], [made])


async def admit(turn: Turn, audience: Audience, member_id: UUID) -> None:
    """Let a member play whom a game is for.

    Raises:
        NotDone: it is for others, or the member is blocked.
    """
    if member_id in turn.rules.blocked:
        raise NotDone(BLOCKED)
    if not (audience.tiers or audience.segments or audience.lists):
        return
    facts, _ = await load_facts(turn.connection, (*turn.scope, member_id))
    for what, wanted, has in (
        ("tier", audience.tiers, facts.tiers),
        ("segment", audience.segments, facts.segments),
        ("list", audience.lists, facts.lists),
    ):
        if not matches(wanted, has):
            detail = f"It is for members of a {what} that this one is not in: {', '.join(wanted)}."
            raise NotDone(Refusal("game-for-others", detail))


def found(made: T | Refusal) -> T:
    """Pass what was made on.

    Raises:
        NotDone: it is a refusal.
    """
    if isinstance(made, Refusal):
        raise NotDone(made)
    return made
