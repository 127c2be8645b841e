"""What mass messages say, and whether they still go out, for a batch of deliveries in hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from libs.contacts.person import Person
from libs.mass.states import named_in
from services.notifier.deliveries import Delivery
from services.notifier.domain import Facts, Untrue
from services.notifier.mass.store import Known, load_known
from services.notifier.truth import Member

HELD = timedelta(hours=1)
"""When what is paused is looked at again at the latest; whoever lets it go on brings it forward."""
_CALLED_OFF = ("cancelled", "refused")


@dataclass(frozen=True, slots=True)
class Book:
    """The mass messages of a batch, by tenant, programme and id."""

    known: Mapping[tuple[int, int, UUID], Known]

    def held_until(self, delivery: Delivery, now: datetime) -> datetime | None:
        """Until when a delivery is held at least, because its message is paused."""
        found = self._of(delivery)
        return now + HELD if found is not None and found[0].state in ("paused", "awaiting_approval") else None

    def truths(
        self, deliveries: Sequence[Delivery], people: Mapping[Member, Person], language: Mapping[tuple[int, int], str]
    ) -> dict[UUID, Facts | Untrue]:
        """Return by delivery the words of its message in the member's language, else the programme's; or why none."""
        told: dict[UUID, Facts | Untrue] = {}
        for each in deliveries:
            if named_in(each.occasion) is None:
                continue
            found = self._of(each)
            if found is None or found[0].state in _CALLED_OFF:
                told[each.delivery_id] = Untrue("called_off")
                continue
            known, variant = found
            form = next(form for form in known.wanted.forms() if form.name == variant)
            said = form.said_to(people[each.member].language, language[each.scope])
            words = {} if said is None else {"title": said.title, "text": said.text, "button": said.button}
            told[each.delivery_id] = {**words, "link": known.wanted.link}
        return told

    def _of(self, delivery: Delivery) -> tuple[Known, str] | None:
        named = named_in(delivery.occasion)
        found = None if named is None else self.known.get((*delivery.scope, named[0]))
        return None if named is None or found is None else (found, named[1])


async def open_book(connection: asyncpg.Connection, deliveries: Sequence[Delivery]) -> Book:
    """Load the mass messages of a batch; it asks nothing where there are none."""
    names = {named[0] for each in deliveries if (named := named_in(each.occasion)) is not None}
    return Book(await load_known(connection, list(names)) if names else {})
