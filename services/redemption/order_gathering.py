"""Orders of rewards that come at the same time: the rewards in hand, and what the orders before have left of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson
from msgspec.structs import replace

from libs.catalogue import postgres as catalogue
from libs.catalogue.facts import MemberFacts
from libs.catalogue.limits import period_name
from libs.catalogue.postgres import Had, Kept, Stocks
from libs.catalogue.reward import Reward
from libs.lives.life import Life, MemberName
from libs.lives.made import Cause
from services.redemption.deciding import Asked
from services.redemption.domain import Changed, Refusal, Rules
from services.redemption.order_store import Written
from services.redemption.ordering import Goods
from services.redemption.reward_desk import RewardDesk, unknown_reward

Scope = tuple[int, int]


@dataclass(slots=True)
class Shelf:
    """Rewards that orders of a batch are about, what is known of those who order, and what was ordered so far."""

    desk: RewardDesk
    rewards: dict[tuple[Scope, str], Kept] = field(default_factory=dict)
    stocks: dict[Scope, Stocks] = field(default_factory=dict)
    people: dict[MemberName, tuple[MemberFacts, list[Had]]] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)

    def order(self, asked: Asked) -> OneOrder:
        """The order that a request asks for."""
        assert asked.member is not None
        assert asked.ask.order is not None
        return OneOrder(self, asked, self.rewards.get((asked.member[:2], asked.ask.order.reward or "")))

    def alone(self, asked: Asked) -> bool:
        """Whether it is about a reward that hands out codes of a pool, which orders take one after the other."""
        kept = self.order(asked).kept
        return kept is not None and kept.reward.codes is not None


@dataclass(frozen=True, slots=True)
class OneOrder:
    """An order as its batch has it decided."""

    shelf: Shelf
    asked: Asked
    kept: Kept | None

    @property
    def reward(self) -> Reward | None:
        """What is ordered, if the catalogue has it."""
        return None if self.kept is None else self.kept.reward

    def begin(self, life: Life, rules: Rules, cause: Cause, at: datetime) -> Changed | Refusal:
        """Decide it on what the orders before have left, and count what it takes."""
        if self.kept is None:
            return unknown_reward()
        ask, shelf, reward = self.asked.ask, self.shelf, self.kept.reward
        facts, had = shelf.people[life.name]
        stocks = shelf.stocks[life.name[:2]]
        store = None if ask.order is None else ask.order.store
        goods = Goods(reward, self.kept.version, facts, stocks.supply(reward, had, store, at, rules.zone))
        made = shelf.desk.decide(ask, life, None, goods, rules, cause, at)
        if isinstance(made, Refusal):
            return made
        order = made.changed.redemption.order
        assert order is not None
        shelf.written.append(shelf.desk.written(None, made.changed.redemption, goods, made.personal))
        if order.stock_at is not None:
            stocks.left[order.reference, order.stock_at] -= order.quantity
        if reward.in_total is not None:
            period = reward.reference, period_name(reward.in_total.per, at.astimezone(rules.zone).date())
            stocks.used[period] = stocks.used.get(period, 0) + order.quantity
        had.append(Had(order.reference, order.category, at, order.quantity))
        bought = {**facts.bought, order.category: facts.bought.get(order.category, 0) + order.quantity}
        shelf.people[life.name] = replace(facts, bought=bought), had
        return made.changed


class Found(NamedTuple):
    """What is known of those who order, and of the rewards that they name: rows in JSON."""

    facts: str | None = None
    on_sale: str | None = None


def wanted(asked: Iterable[Asked]) -> tuple[Sequence[int], Sequence[UUID], Sequence[int], Sequence[str]] | None:
    """Who orders what, as columns: members and rewards, each with their programmes; None where nobody does."""
    members: dict[tuple[int, UUID], None] = {}
    rewards: dict[tuple[int, str], None] = {}
    for each in asked:
        if each.ask.order is not None and each.member is not None:
            _, programme, member = each.member
            members[programme, member] = None
            rewards[programme, each.ask.order.reward or ""] = None
    if not members:
        return None
    return (
        [programme for programme, _ in members],
        [member for _, member in members],
        [programme for programme, _ in rewards],
        [name for _, name in rewards],
    )


def shelf_of(desk: RewardDesk, tenant: int, found: Found) -> Shelf:
    """The shelf of what was found."""
    rewards, stocks = catalogue.read_on_sale(orjson.loads(found.on_sale or "[]"))
    people = catalogue.read_facts(orjson.loads(found.facts or "[]"))
    return Shelf(
        desk,
        {((tenant, programme), name): kept for (programme, name), kept in rewards.items()},
        {(tenant, programme): stock for programme, stock in stocks.items()},
        {(tenant, *who): known for who, known in people.items()},
    )
