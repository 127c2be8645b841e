"""A calendar as iCalendar (RFC 5545), for the calendars that people use anyway: whole days, a run of them an entry.

What is paid is CONFIRMED; what would be, if it were started, is TENTATIVE. Entries keep their UID, so that reading the
file again changes them instead of adding others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from libs.language import wording
from libs.programmes.calendar_words import CALENDAR

_OCTETS = 75
_DAY = timedelta(1)


def as_icalendar(told: Mapping[str, Any], programme: str, now: datetime, language: str) -> str:
    """Write what `told_calendar` tells; `programme` is its name, of which the UIDs are made."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Pointstream//Programme calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(programme)}",
        f"X-WR-TIMEZONE:{_text(told['zone'])}",
    ]
    stamp = f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    for entry in (*_campaigns(told, language), *_boundaries(told, language)):
        uid, first, last, status, summary, words = entry
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_text(f'{uid}@{programme}.pointstream')}",
            stamp,
            f"DTSTART;VALUE=DATE:{first:%Y%m%d}",
            f"DTEND;VALUE=DATE:{last + _DAY:%Y%m%d}",
            f"SUMMARY:{_text(summary)}",
            f"DESCRIPTION:{_text(words)}",
            f"STATUS:{status}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(f"{folded}\r\n" for line in (*lines, "END:VCALENDAR") for folded in _folded(line))


_Entry = tuple[str, date, date, str, str, str]


def _campaigns(told: Mapping[str, Any], language: str) -> Iterator[_Entry]:
    for campaign in told["campaigns"]:
        status = CALENDAR.say(language, f"status.{campaign['status']}")
        audience = "; ".join(campaign["audience"])
        for kind, sure in (("days", "CONFIRMED"), ("would", "TENTATIVE")):
            for run in campaign[kind]:
                first, last = date.fromisoformat(run["first_day"]), date.fromisoformat(run["last_day"])
                words = f"{campaign['words']}\n{audience}\n{status}"
                yield f"{campaign['id']}-{first:%Y%m%d}", first, last, sure, campaign["name"], words


def _boundaries(told: Mapping[str, Any], language: str) -> Iterator[_Entry]:
    names = {campaign["id"]: campaign["name"] for campaign in told["campaigns"]}
    for boundary in told["boundaries"]:
        wallets = wording.all_of(boundary["wallets"], language)
        last = date.fromisoformat(boundary["last_day"])
        before = [names.get(each, each) for each in boundary["campaigns"]]
        then = (
            CALENDAR.say(language, "lapse.before", listed=wording.all_of(before, language))
            if before
            else CALENDAR.say(language, "lapse.none")
        )
        words = f"{CALENDAR.say(language, 'lapse.words', wallets=wallets)}\n{then}"
        yield f"lapse-{last:%Y%m%d}", last, last, "CONFIRMED", CALENDAR.say(language, "lapse", wallets=wallets), words


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Cut a line so that none has more octets than readers must take, and no character is cut."""
    room, part = _OCTETS, ""
    for character in line:
        size = len(character.encode())
        if size > room:
            yield part
            part, room = " ", _OCTETS - 1
        part += character
        room -= size
    yield part
