"""The words of a message: the template that fits member, brand and channel, filled with what is so now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from libs.contacts.person import Person
from libs.messages.content import Content
from services.notifier.deliveries import Delivery
from services.notifier.domain import Facts
from services.notifier.programmes import Rules


@dataclass(frozen=True, slots=True)
class Unwritten:
    """There are no words: no template fits, or it can't be filled; `detail` says which, and nothing of the member."""

    detail: str


class Words(Protocol):
    """Writes messages."""

    def write(
        self, delivery: Delivery, rules: Rules, person: Person, facts: Facts, unsubscribe: str, now: datetime
    ) -> Content | Unwritten:
        """Return the words of one message."""


class PlainWords:
    """Says what a message is about in one line."""

    def write(
        self, delivery: Delivery, rules: Rules, person: Person, facts: Facts, unsubscribe: str, now: datetime
    ) -> Content | Unwritten:
        """Return the line."""
        text = ", ".join(f"{name}: {value}" for name, value in facts.items())
        return Content(next(languages(person.language, rules.messages.language)), delivery.message, text or "-")


def languages(own: str | None, usual: str) -> Iterator[str]:
    """The languages to try, the best first: the member's, with and without its country, the programme's, English."""
    seen: set[str] = set()
    for tag in (own, usual, "en"):
        parts = (tag or "").split("-")
        for length in range(len(parts), 0, -1):
            shorter = "-".join(parts[:length])
            if shorter and shorter not in seen:
                seen.add(shorter)
                yield shorter
