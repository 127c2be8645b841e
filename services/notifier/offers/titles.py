"""What the rewards are called that messages are about, in their readers' languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

import asyncpg

from libs.catalogue.postgres import load_rewards
from services.notifier.deliveries import Delivery
from services.notifier.domain import Facts
from services.notifier.programmes import Scope

ABOUT = ("reward_granted", "order_moved", "reward_in_reach")
"""Messages about one reward."""


async def load_titles(
    connection: asyncpg.Connection, deliveries: Iterable[tuple[Delivery, str]]
) -> Mapping[UUID, Facts]:
    """Return by delivery what its reward is called in a language; what the catalogue has not keeps its reference."""
    groups: dict[Scope, list[tuple[Delivery, str]]] = {}
    for delivery, language in deliveries:
        if delivery.message in ABOUT and "reference" in delivery.facts:
            groups.setdefault(delivery.scope, []).append((delivery, language))
    found: dict[UUID, Facts] = {}
    for scope, some in groups.items():
        rewards = {each.reward.reference: each.reward for each in await load_rewards(connection, scope)}
        for delivery, language in some:
            reward = rewards.get(delivery.facts["reference"])
            if reward is not None:
                found[delivery.delivery_id] = {"reward": reward.words(language).title}
    return found
