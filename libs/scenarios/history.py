"""What happened to the members of a programme over some days, read from what was told and kept; for the command line.

Events are those of the outbox, as every consumer got them. What the clock brings follows from what is known of members:
a scenario may ask for a birthday that nothing was waiting for at the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from libs.contracts.codec import EventDecoder, TopicDecoder
from libs.contracts.rejection import Rejection
from libs.promotions.known import in_year
from libs.promotions.pending import start_of_day
from libs.promotions.scenario_triggers import (
    OWN_SEGMENTS,
    Anniversary,
    Birthday,
    Clocked,
    Inactivity,
    ScenarioTrigger,
    segment_of,
)
from libs.promotions.scenarios import Scenario
from libs.runtime import sql
from libs.runtime.outbox import unpack
from libs.scenarios.ends import Asked, load_ends
from libs.scenarios.news import LATER, Occasion, awaited, occasion_of
from libs.scenarios.planning import begins
from libs.scenarios.simulating import Happened, Reach, Simulated, Trial, simulated, trials

_QUERIES = sql.load("libs.scenarios", "history.sql")
_LEAP_DAY = (2, 29)
_DAY = timedelta(1)
_AT_ONCE = 5_000
_TOPICS = {
    "before_expiry": "loyalty.reminders",
    "reward_granted": "loyalty.rewards",
    "order_moved": "loyalty.rewards",
    "reward_in_reach": "loyalty.rewards",
    "joined": "loyalty.members",
    "redemption_abandoned": "loyalty.rewards",
    "tier_reached": "loyalty.members",
    "tier_about_to_drop": "loyalty.members",
    "segment_entered": "loyalty.members",
}
Scope = tuple[int, int]


class TooMuch(ValueError):
    """More began than one trial holds; fewer days have less."""


async def simulate(
    connection: asyncpg.Connection,
    slugs: tuple[str, str],
    scope: Scope,
    scenarios: Sequence[Scenario],
    zone: ZoneInfo,
    now: datetime,
    days: int,
    most: int | None = None,
) -> Simulated:
    """Say what scenarios would have done over the last days; `slugs` are those of tenant and programme.

    Raises:
        TooMuch: they began more than `most` times, all of which are held in memory.
    """
    since = now - timedelta(days=days)
    happened: list[Happened] = []
    async for each in _told(connection, slugs, scenarios, since, now):
        happened.append(each)
        _within(happened, most)
    for trigger in _clocked(each.trigger for each in scenarios):
        happened += await _brought(connection, scope, trigger, zone, since, now)
        _within(happened, most)
    tried = await asyncio.to_thread(trials, scenarios, sorted(happened, key=lambda each: each.at))
    ends: dict[UUID, str] = {}
    won: set[UUID] = set()
    reach: dict[UUID, Reach] = {}
    for at in range(0, len(tried), _AT_ONCE):
        some = tried[at : at + _AT_ONCE]
        ends |= await _ends(connection, scope, [each for each in some if each.due <= now])
        found = await load_ends(connection, [_asked_for_goal(each, scope) for each in some if each.scenario.goal], {})
        won |= {name for name, reason in found.items() if reason == "goal_reached"}
        reach |= await _reach(connection, scope, {each.member_id for each in some if each.step.message} - reach.keys())
    return await asyncio.to_thread(simulated, scenarios, tried, ends, won, reach, now)


def _within(happened: Sequence[Happened], most: int | None) -> None:
    if most is not None and len(happened) > most:
        raise TooMuch(f"scenarios began more than {most:,} times: fewer days have less")


async def _told(
    connection: asyncpg.Connection,
    slugs: tuple[str, str],
    scenarios: Sequence[Scenario],
    since: datetime,
    now: datetime,
) -> AsyncIterator[Happened]:
    """Give what events said that scenarios may begin with."""
    kinds = {each.trigger.kind for each in scenarios}
    topics = sorted({_TOPICS.get(kind, "loyalty.points") for kind in kinds} - {""})
    wanted = awaited(kinds)
    decoders: dict[str, EventDecoder[Any]] = {topic: TopicDecoder(topic) for topic in topics}
    async with connection.transaction(readonly=True):
        async for row in connection.cursor(_QUERIES["outbox"], since, now, topics, prefetch=50):
            for each in unpack(row["topic"], row["events"]):
                if not any(kind in each.value for kind in wanted):
                    continue
                event: Any = decoders[row["topic"]].decode(each.value, ())
                if isinstance(event, Rejection) or (event.tenant, event.programme) != slugs:
                    continue
                occasion = occasion_of(event)
                if (
                    occasion is not None
                    and not str(occasion.facts.get("segment", "")).startswith(OWN_SEGMENTS)
                    and any(begins(each.trigger, occasion) for each in scenarios)
                ):
                    yield Happened(occasion, event.time)


def _clocked(triggers: Iterable[ScenarioTrigger]) -> list[Clocked]:
    found = {each.model_dump_json(): each for each in triggers if isinstance(each, Inactivity | Birthday | Anniversary)}
    return list(found.values())


async def _brought(
    connection: asyncpg.Connection, scope: Scope, trigger: Clocked, zone: ZoneInfo, since: datetime, now: datetime
) -> list[Happened]:
    """Return whom the clock brought into the segment of a trigger, on the day on which it did."""
    first, last = (since.astimezone(zone) + _DAY).date(), now.astimezone(zone).date()
    days = [first + number * _DAY for number in range((last - first).days + 1)]
    found: list[tuple[UUID, date]] = []
    match trigger:
        case Inactivity(days=away):
            kept = await connection.fetchval(_QUERIES["keeps_days"], *scope)
            asked = (*scope, first, last, away)
            rows = (
                await connection.fetch(_QUERIES["away"], *asked)
                if kept
                else await connection.fetch(_QUERIES["away_by_points"], *asked, zone.key)
            )
            found = [(row["member_id"], row["day"]) for row in rows]
        case Birthday(days_before=ahead):
            for day in days:
                wanted = [month * 100 + each for month, each in _bearing(day + ahead * _DAY)]
                rows = await connection.fetch(_QUERIES["born"], *scope, wanted, start_of_day(day, zone))
                found += [(row["member_id"], day) for row in rows]
        case Anniversary(days_before=ahead, years=years):
            by_day = {then: day for day in days for then in _years_before(day + ahead * _DAY, years)}
            rows = await connection.fetch(_QUERIES["enrolled"], *scope, list(by_day), zone.key)
            found = [(row["member_id"], by_day[row["day"]]) for row in rows]
    segment = segment_of(trigger)["name"]
    facts = {"segment": segment, "reason": "time"}
    moments = [(member_id, day, start_of_day(day, zone)) for member_id, day in found]
    return [
        Happened(Occasion(member_id, "segment_entered", f"{segment}@{day}", day, at + LATER, facts), at)
        for member_id, day, at in moments
        if since <= at <= now
    ]


def _bearing(day: date) -> list[tuple[int, int]]:
    """The birthdays that are celebrated on a day: who was born on 29 February has theirs on the last of February."""
    own = (day.month, day.day)
    return [own, _LEAP_DAY] if in_year(_LEAP_DAY, day.year) == day and own != _LEAP_DAY else [own]


def _years_before(day: date, years: Sequence[int]) -> Iterator[date]:
    """The days of enrolment whose anniversary a day is, in some years or all."""
    for number in years or range(1, day.year - 1969):
        for month, each in _bearing(day):
            try:
                yield date(day.year - number, month, each)
            except ValueError:
                continue  # no such day in that year


async def _ends(connection: asyncpg.Connection, scope: Scope, tried: Sequence[Trial]) -> dict[UUID, str]:
    """Return why steps would not have been taken."""
    rows = await connection.fetch(_QUERIES["standing"], *scope, list({each.member_id for each in tried}))
    tiers = {(*scope, row["member_id"]): row["tier"] for row in rows}
    gone = {row["member_id"] for row in rows if row["merged"]}
    found: dict[UUID, str] = {each.name: "member_left" for each in tried if each.member_id in gone}
    return {
        **found,
        **await load_ends(connection, [_asked(each, scope) for each in tried if each.name not in found], tiers),
    }


def _asked(each: Trial, scope: Scope) -> Asked:
    """What ends a step is asked as of the moment at which it was due."""
    return Asked(each.name, (*scope, each.member_id), each.scenario, each.step, each.began, each.due)


def _asked_for_goal(each: Trial, scope: Scope) -> Asked:
    """The same as of the end of the days within which the goal counts."""
    return replace(_asked(each, scope), until=each.began + timedelta(days=each.scenario.goal_days))


async def _reach(connection: asyncpg.Connection, scope: Scope, members: set[UUID]) -> dict[UUID, Reach]:
    if not members:
        return {}
    rows = await connection.fetch(_QUERIES["reach"], *scope, list(members))
    names = ("channels", "agreed", "refused")
    return {row["member_id"]: Reach(*[frozenset(row[name] or ()) for name in names]) for row in rows}
