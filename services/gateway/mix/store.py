"""The figures behind a mix of rewards, loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from libs.catalogue import postgres as catalogue
from libs.catalogue.offering import visible
from libs.catalogue.postgres import Kept
from libs.judging.versions import ActiveVersion
from libs.runtime import sql
from services.gateway.feedback.figures import Liking
from services.gateway.feedback.store import load_figures
from services.gateway.mix.measured import Asked, Mix, RewardFigures, by_kind, reaches
from services.gateway.store import Reading

_QUERIES = sql.load("services.gateway", "mix.sql")


async def load_mix(
    reading: Reading, programme_id: int, version: ActiveVersion, since: datetime, now: datetime, language: str
) -> Mix:
    """Return what became of the rewards of a programme since an instant, and whom they are within reach of."""
    scope = (reading.tenant_id, programme_id)
    kept = [each for each in await catalogue.load_rewards(reading.connection, scope) if visible(each.reward, now)]
    asked = await _asked(reading, programme_id, since)
    people = await reading.fetch(_QUERIES["people"], programme_id, since)
    levels = {row["tier"] or "": row["members"] for row in people}
    wallet = version.compiled.source.wallets[0]
    purse = (programme_id, wallet.name, now)
    prices = sorted({_price(each) for each in kept})
    buckets = {row["above"]: row["members"] for row in await reading.fetch(_QUERIES["purses"], *purse, prices)}
    (middle,) = await reading.fetch(_QUERIES["middle"], *purse)
    wished = {row["reference"]: row["members"] for row in await reading.fetch(_QUERIES["wished"], programme_id)}
    liked = await load_figures(reading.connection, scope)
    supplies = await catalogue.load_supplies(
        reading.connection, scope, [each.reward for each in kept], (), None, now, version.zone
    )
    reach, worth = reaches(prices, buckets, sum(levels.values())), wallet.worth
    found = []
    for each in kept:
        name = each.reward.reference
        whole = _whole(asked.get(name, {}))
        found.append(RewardFigures(
            reference=name, title=each.reward.words(language).title, category=each.reward.category,
            kind=each.reward.what.kind, price=_price(each), own=_own(each), sold_out=supplies[name].left == 0,
            asked=whole, by_level=asked.get(name, {}), wished=wished.get(name, 0), reach=reach[_price(each)],
            cost_minor=None if worth is None else whole.points * worth.minor // worth.points,
            liking=liked.get(name, Liking()),
        ))  # fmt: skip
    found.sort(key=lambda each: (-each.asked.pieces, each.reference))
    ordering = sum(row["ordering"] for row in people)
    return Mix(tuple(found), levels, ordering, middle["middle"] or 0, by_kind(found))


async def _asked(reading: Reading, programme_id: int, since: datetime) -> dict[str, dict[str, Asked]]:
    """By reward and level what was ordered."""
    found: dict[str, dict[str, Asked]] = {}
    for row in await reading.fetch(_QUERIES["asked"], programme_id, since):
        one = Asked(row["orders"], row["pieces"], row["points"], row["members"])
        found.setdefault(row["reference"], {})[row["tier"] or ""] = one
    return found


def _whole(by_level: Mapping[str, Asked]) -> Asked:
    """All levels together; a member has one level, so that none counts twice."""
    return Asked(*(sum(each[at] for each in by_level.values()) for at in range(4)))


def _price(each: Kept) -> int:
    """The points of the cheapest plan that is for no level or segment alone; else of the cheapest."""
    plans = each.reward.prices
    anybody = [plan for plan in plans if not (plan.tiers or plan.segments)]
    least: Sequence[int] = [
        plan.sliding.least if plan.sliding is not None else plan.points for plan in anybody or plans
    ]
    return min(least)


def _own(each: Kept) -> tuple[str, ...]:
    """The levels that it is for alone, or that have a price of their own."""
    own = {*each.reward.audience.tiers, *(tier for plan in each.reward.prices for tier in plan.tiers)}
    return tuple(sorted({tier.rpartition("/")[2] for tier in own}))
