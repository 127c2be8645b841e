"""What the members of a batch are proposed, loaded set by set: only where a template asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from libs.catalogue.facts import Supply
from libs.catalogue.postgres import load_rewards, load_supplies
from libs.catalogue.reward import Reward
from libs.runtime import sql
from libs.scenarios.ends import load_segments
from services.notifier.deliveries import Delivery
from services.notifier.domain import Facts
from services.notifier.offers.choosing import Priced, Suited, affordable, on_offer, products
from services.notifier.programmes import Rules, Scope
from services.notifier.truth import Member, Standing

_QUERIES = sql.load("services.notifier", "offers.sql")
_SINCE = timedelta(days=365)
"""What was bought longer ago says nothing of what somebody likes."""
SEGMENTS, PRODUCTS, REWARDS = "segments", "products", "rewards"
ASKED = (SEGMENTS, PRODUCTS, REWARDS)
"""Variables of templates that are loaded only where a template says them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A delivery whose template says some of `ASKED`, to a reader of a language."""

    delivery: Delivery
    rules: Rules
    language: str
    names: frozenset[str]


async def load_offers(
    connection: asyncpg.Connection, wanted: Sequence[Wanted], standing: Standing, now: datetime
) -> dict[UUID, Facts]:
    """Return by delivery what its template says of segments, products and rewards; without one that does, nothing."""
    found: dict[UUID, Facts] = {}
    groups: dict[Scope, list[Wanted]] = {}
    for each in wanted:
        if each.names:
            groups.setdefault(each.delivery.scope, []).append(each)
    segments = await load_segments(connection, {each.delivery.member for some in groups.values() for each in some})
    for scope, some in groups.items():
        shop = _Shop(scope, some[0].rules, segments, standing, now)
        await shop.load(connection, some)
        found |= {each.delivery.delivery_id: shop.facts(each) for each in some}
    return found


class _Shop:
    """What one programme has to propose to the members of a batch."""

    def __init__(
        self,
        scope: Scope,
        rules: Rules,
        segments: Mapping[Member, frozenset[str]],
        standing: Standing,
        now: datetime,
    ) -> None:
        self._scope, self._rules, self._segments, self._standing, self._now = scope, rules, segments, standing, now
        self._spend: dict[UUID, dict[str, int]] = {}
        self._had: dict[UUID, frozenset[str]] = {}
        self._rewards: list[tuple[Reward, Supply]] = []
        self._offered: dict[tuple[str | None, frozenset[str]], list[Priced]] = {}

    async def load(self, connection: asyncpg.Connection, wanted: Sequence[Wanted]) -> None:
        """Load what the templates say of it."""
        scope, now = self._scope, self._now
        parts = sorted({part for each in self._rules.messages.proposals for part in each.bought})
        buyers = list({each.delivery.member_id for each in wanted if PRODUCTS in each.names})
        if buyers and parts:
            since = (now - _SINCE).date()
            for row in await connection.fetch(_QUERIES["spend"], *scope, buyers, since, parts):
                self._spend.setdefault(row["member_id"], {})[row["part"]] = row["minor"]
        askers = list({each.delivery.member_id for each in wanted if REWARDS in each.names})
        if not askers or not (kept := [each.reward for each in await load_rewards(connection, scope)]):
            return
        supplies = await load_supplies(connection, scope, kept, (), None, now, self._rules.zone)
        self._rewards = [(each, supplies[each.reference]) for each in kept]
        limited = [each.reference for each in kept if each.per_member]
        if limited:
            rows = await connection.fetch(_QUERIES["had"], *scope, askers, limited)
            self._had = {row["member_id"]: frozenset(row["rewards"]) for row in rows}

    def facts(self, each: Wanted) -> Facts:
        """What one member is told."""
        rules, member = self._rules, each.delivery.member
        suited = Suited(
            self._standing.tiers.get(member),
            self._segments.get(member, frozenset()),
            self._spend.get(member[2], {}),
            self._had.get(member[2], frozenset()),
        )
        told: dict[str, object] = {SEGMENTS: tuple(sorted(suited.segments))}
        if PRODUCTS in each.names:
            told[PRODUCTS] = products(rules.messages.proposals, suited, each.language, rules.currency)
        if REWARDS in each.names and self._rewards:
            wallets = self._standing.balances.get(member, {})
            available = {name: wallet.available for name, wallet in wallets.items() if not wallet.debt}
            told[REWARDS] = affordable(self._offers(suited), available, suited, each.language, rules.scales)
        return told

    def _offers(self, suited: Suited) -> list[Priced]:
        """What such members can have: asked once for all of a tier and the same segments."""
        key = (suited.tier, suited.segments)
        if key not in self._offered:
            self._offered[key] = on_offer(self._rewards, *key, self._now, self._rules.zone)
        return self._offered[key]
