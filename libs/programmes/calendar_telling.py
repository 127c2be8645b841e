"""A calendar as JSON, with the rules in words: what the command writes, and the gateway answers and shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from libs.language import wording
from libs.programmes.budgets import Budget, budgets, shared_limits
from libs.programmes.calendar import Calendar, Ending, Planned, Wanted, kinds
from libs.programmes.calendar_words import CALENDAR
from libs.programmes.telling import told_budget
from libs.promotions.campaigns import Campaign
from libs.promotions.condition_words import condition_words
from libs.promotions.criteria import Conditions
from libs.promotions.describe import Words
from libs.promotions.openings import DayRun

AUDIENCE = frozenset(
    f"{no}{kind}"
    for no in ("", "not_")
    for kind in ("tiers", "segments", "lists", "partners", "stores", "channels", "member")
) | {"near", "inside", "countries", "regions", "cities", "store_labels"}
"""The conditions that say for whom and where a campaign is; the others say for what."""
_PLACES = ("partners", "stores", "channels", "tiers", "segments", "lists")


def counters_of(calendar: Calendar, now: datetime) -> list[str]:
    """Name the counters that say how much of the budgets is used."""
    return [key for each in calendar.campaigns for key, _ in shared_limits(calendar.programme, each.campaign, now)]


def told_calendar(
    calendar: Calendar, words: Mapping[int, Words], used: Mapping[str, int], now: datetime, wanted: Wanted
) -> dict[str, Any]:
    """Write a calendar; `words` are those of each version, `used` is what the budgets have used."""
    shown = [each for each in calendar.campaigns if wanted.holds(each)]
    return {
        "zone": calendar.programme.zone,
        "first_day": calendar.days.first.isoformat(),
        "last_day": calendar.days.last.isoformat(),
        "today": calendar.today.isoformat(),
        "told_from": None if calendar.told_from is None else calendar.told_from.isoformat(),
        "campaigns": [_told(calendar, each, words[each.version], used, now) for each in shown],
        "boundaries": [_told_ending(each, {one.campaign.id for one in shown}) for each in calendar.endings],
    }


def audience_words(words: Words, campaign: Campaign) -> tuple[str, ...]:
    """Say for whom and where a campaign is, one text each; everybody where it says nothing of it."""
    plain = Conditions()
    others = {name: getattr(plain, name) for name in type(plain).model_fields if name not in AUDIENCE}
    asked = campaign.when.model_copy(update=others)
    told = tuple(condition_words(words, asked, of_activity=campaign.trigger.kind != "purchase"))
    return told or (CALENDAR.say(words.language, "everybody"),)


def _told(calendar: Calendar, planned: Planned, words: Words, used: Mapping[str, int], now: datetime) -> dict[str, Any]:
    campaign = planned.campaign
    frame = campaign.frame
    found = budgets(shared_limits(calendar.programme, campaign, now), used)
    return {
        "id": campaign.id,
        "name": campaign.name,
        "status": planned.status,
        "state": campaign.state,
        "version": planned.version,
        "kinds": list(kinds(campaign)),
        "words": words.rule(campaign).sentence,
        "audience": list(audience_words(words, campaign)),
        **{name: list(getattr(campaign.when, name)) for name in _PLACES},
        "starts_at": None if frame.starts_at is None else frame.starts_at.isoformat(),
        "ends_at": None if frame.ends_at is None else frame.ends_at.isoformat(),
        "days": _told_runs(planned.days),
        "would": _told_runs(planned.would),
        "budgets": [_told_budget(each, words, words.source.wallet_of(campaign)) for each in found],
    }


def _told_ending(ending: Ending, shown: set[str]) -> dict[str, Any]:
    return {
        "at": ending.at.isoformat(),
        "last_day": ending.last_day.isoformat(),
        "wallets": list(ending.wallets),
        "campaigns": [each for each in ending.campaigns if each in shown],
    }


def _told_runs(runs: Iterable[DayRun]) -> list[dict[str, str]]:
    return [{"first_day": run.first.isoformat(), "last_day": run.last.isoformat()} for run in runs]


def _told_budget(budget: Budget, words: Words, wallet: str) -> dict[str, Any]:
    language = words.language
    match budget.unit:
        case "points":
            amount = words.points(budget.total, wallet)
        case "times":
            number = wording.number(budget.total, language)
            amount = CALENDAR.say(language, "unit.times", n=budget.total, number=number)
        case unit:
            amount = CALENDAR.say(language, f"unit.{unit}", money=words.money(budget.total))
    values: dict[str, object] = {"amount": amount, "period": CALENDAR.say(language, f"period.{budget.period}")}
    if budget.percent is None:
        told = CALENDAR.say(language, f"budget.{budget.scope}", **values)
    else:
        told = CALENDAR.say(language, "budget", percent=budget.percent, **values)
    if budget.mark is not None:
        told += f" ({CALENDAR.say(language, f'budget.{budget.mark}')})"
    return {**told_budget(budget), "words": told}


def run_words(runs: Iterable[Mapping[str, str]], language: str) -> list[str]:
    """Say runs of days, one text each."""
    told = []
    for run in runs:
        first, last = (wording.day(date.fromisoformat(run[name]), language) for name in ("first_day", "last_day"))
        told.append(first if first == last else CALENDAR.say(language, "range", first=first, last=last))
    return told
