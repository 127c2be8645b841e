"""The part of the page of expiry about reminders: the steps that come, and how those that came due went."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from libs.language import wording
from libs.sweeps.reminder_reading import ReminderSeen
from libs.sweeps.reminders import Step
from libs.sweeps.texts import SWEEPS
from services.gateway.site.markup import instant, rows, table


def reminders_section(programme: str, coming: Sequence[Step], seen: Sequence[ReminderSeen], language: str) -> str:
    """Return the table, what comes first and in its order, then what came due; nothing where there is neither."""
    if not coming and not seen:
        return ""
    lines = [_coming(step, language) for step in coming] + [_seen(each, language) for each in seen]
    heads = [
        SWEEPS.say(language, f"reminders.{name}" if name in ("due", "step", "for", "told") else f"page.{name}")
        for name in ("due", "wallets", "step", "last_day", "for", "told")
    ]
    return table(SWEEPS.say(language, "reminders"), map(escape, heads), rows(lines), of=programme)


def _coming(step: Step, language: str) -> tuple[str, ...]:
    audience = step.audience
    return (
        instant(step.due_at, step.zone, language),
        escape(step.wallet),
        escape(_name(step.name, step.days, language)),
        escape(wording.day(step.local_date, language)),
        escape(_audience(audience.min_points, audience.tiers, audience.segments, language)),
        escape(SWEEPS.say(language, "reminders.planned")),
    )


def _seen(seen: ReminderSeen, language: str) -> tuple[str, ...]:
    count = wording.number(seen.members, language)
    told = SWEEPS.say(language, "reminders.members", n=seen.members, count=count)
    state = SWEEPS.say(language, f"reminders.{seen.state}")
    return (
        instant(seen.due_at, seen.zone, language),
        escape(seen.wallet),
        escape(_name(seen.step, seen.days, language)),
        escape(wording.day(seen.local_date, language)),
        escape(_audience(seen.min_points, seen.tiers, seen.segments, language)),
        escape(state if seen.state == "skipped" else f"{told}, {state}"),
    )


def _name(step: str, days: int, language: str) -> str:
    if not days:
        return SWEEPS.say(language, "reminders.last_day", step=step)
    return SWEEPS.say(language, "reminders.days", step=step, n=days)


def _audience(min_points: int, tiers: Sequence[str], segments: Sequence[str], language: str) -> str:
    parts = []
    if min_points:
        least = wording.number(min_points, language)
        parts.append(SWEEPS.say(language, "reminders.points", n=min_points, least=least))
    if tiers:
        parts.append(SWEEPS.say(language, "reminders.tiers", listed=wording.one_of(tiers, language)))
    if segments:
        parts.append(SWEEPS.say(language, "reminders.segments", listed=wording.one_of(segments, language)))
    return ", ".join(parts) or SWEEPS.say(language, "reminders.everybody")
