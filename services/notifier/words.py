"""The words of a message: the template that fits member, brand and channel, filled with what is so now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from libs.contacts.person import Person
from libs.messages.content import Content
from libs.messages.library import Chosen, Library
from libs.messages.rendering import TooLong, render
from libs.messages.values import Unfit
from services.notifier.deliveries import Delivery
from services.notifier.domain import Facts
from services.notifier.programmes import Rules, Scope
from services.notifier.variables import variables


@dataclass(frozen=True, slots=True)
class Unwritten:
    """There are no words: the template can't be filled; `detail` says where, and nothing of the member."""

    detail: str


@dataclass(frozen=True, slots=True)
class Words:
    """Writes messages by the templates of each programme; `library` gives those in force, by its usual language."""

    library: Callable[[Scope, str], Library]

    def says(self, delivery: Delivery, rules: Rules, person: Person, names: Iterable[str]) -> frozenset[str]:
        """Which of some variables the template of a message may say."""
        return self._template(delivery, rules, person).ready.says & frozenset(names)

    def _template(self, delivery: Delivery, rules: Rules, person: Person) -> Chosen:
        templates = self.library(delivery.scope, rules.messages.language)
        return templates.find(delivery.message, rules.brand, person.language, delivery.channel)

    def write(
        self, delivery: Delivery, rules: Rules, person: Person, facts: Facts, unsubscribe: str, now: datetime
    ) -> Content | Unwritten:
        """Return the words of one message, in the best language that there is a template for."""
        found = self._template(delivery, rules, person)
        told = variables(delivery.message, facts, rules, person, unsubscribe, now)
        try:
            return render(found.ready, told)
        except Unfit as unfit:
            return Unwritten(f"{unfit.path}: {unfit.reason}")
        except TooLong:
            return Unwritten("too long")
