"""A batch of deliveries in hand: all that its decisions need is loaded set by set, decided, and written as letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg

from libs.contacts.links import Links
from libs.contacts.person import Person
from libs.contacts.postgres import load_people
from libs.ledger.zones import load_zone
from libs.mass.states import named_in
from libs.promotions.messages import Notice
from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.seal import Seal
from libs.scenarios.ends import Asked, load_ends
from libs.scenarios.planning import BEGAN, step_of
from services.notifier import store, truth
from services.notifier.attempts import MOST_LAPSES, SET_ASIDE
from services.notifier.channels.channel import Letter
from services.notifier.deliveries import Claimed, Delivery, Settled
from services.notifier.domain import Case, Drop, Facts, Send, Sent, Untrue, Verdict, decide_all
from services.notifier.mass.book import open_book
from services.notifier.mass.notice import notice_of
from services.notifier.offers.loading import ASKED, Wanted, load_offers
from services.notifier.offers.titles import load_titles
from services.notifier.programmes import Programmes, Rules
from services.notifier.states import Failed, undelivered
from services.notifier.words import Unwritten, Words

log = logs.get(__name__)
_NOBODY = Sent()


@dataclass(frozen=True, slots=True)
class Ready:
    """A letter that may go out, and the delivery that it is of."""

    claimed: Claimed
    letter: Letter
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of a batch: letters to send, and deliveries that are settled without one."""

    ready: list[Ready]
    settled: list[Settled]


class Desk:
    """Prepares batches. `links` and `address` (of the gateway) make the addresses for not being written to."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        programmes: Programmes,
        words: Words,
        seal: Seal,
        links: Links,
        address: str,
        clock: Clock,
        chance: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._programmes = programmes
        self._words = words
        self._seal = seal
        self._links = links
        self._address = address.rstrip("/")
        self._clock = clock
        self._chance = chance

    async def prepare(self, batch: Sequence[Claimed]) -> Prepared:
        """Decide and write a batch.

        Raises:
            asyncpg.PostgresError: the database is away; the batch is still held.
        """
        now = self._clock.now()
        if any(_told_by(self._programmes.of(each.delivery.scope, now), each) is None for each in batch):
            await self._programmes.look_again()  # whoever queued it may know rules that are younger than the last look
        prepared = Prepared([], [])
        known: list[tuple[Claimed, Rules]] = []
        for claimed in batch:
            rules = _told_by(self._programmes.of(claimed.delivery.scope, now), claimed)
            if claimed.lapses >= MOST_LAPSES:
                prepared.settled.append(Settled(claimed, Failed(now, SET_ASIDE), now))
            elif rules is None:
                prepared.settled.append(Settled(claimed, undelivered(Drop("not_told"), now), now))
            else:
                known.append((claimed, rules))
        if known:
            cases, people = await self._cases(known, now)
            for (claimed, rules), verdict in zip(known, decide_all(cases, now), strict=True):
                self._act(prepared, claimed, rules, people[claimed.delivery.member], verdict, now)
        return prepared

    async def foresee(self, deliveries: Sequence[Delivery], rules: Rules, at: datetime) -> list[Verdict]:
        """Decide deliveries of one programme that are not there yet, as if it were an instant. Nothing is kept.

        Raises:
            asyncpg.PostgresError: the database is away.
        """
        cases, _ = await self._cases([(Claimed(each, 0, 0, 0), rules) for each in deliveries], at)
        return decide_all(cases, at)

    async def _cases(
        self, known: Sequence[tuple[Claimed, Rules]], now: datetime
    ) -> tuple[list[Case], Mapping[truth.Member, Person]]:
        deliveries = [claimed.delivery for claimed, _ in known]
        members = list(dict.fromkeys(each.member for each in deliveries))
        async with self._pool.acquire() as connection:
            people = await load_people(connection, members, self._seal, in_any_case=True)
            if strange := [name for name, person in people.items() if not person.readable]:
                log.error("members.unreadable", tenants=sorted({name[0] for name in strange}), members=len(strange))
            standing = await truth.load_standing(connection, members, now)
            truths = await truth.load_truths(connection, deliveries, standing, now)
            ends = await load_ends(connection, _steps(known), standing.tiers)
            truths |= {name: Untrue(reason) for name, reason in ends.items()}
            book = await open_book(connection, deliveries)
            languages = {claimed.delivery.scope: rules.messages.language for claimed, rules in known}
            truths |= _with_words(truths, book.truths(deliveries, people, languages))
            asked = _readers(deliveries, truths, people, languages)
            truths |= _with_words(truths, await load_titles(connection, asked))
            offers = await load_offers(connection, self._wanted(known, people, truths), standing, now)
            truths |= _with_words(truths, offers)
            sent = await self._sent(connection, known, now)
            follows = [(each, rules) for (_, rules), each in zip(known, deliveries, strict=True) if each.place > 0]
            reached = await store.reached(connection, [(each, _only_opened(rules, each)) for each, rules in follows])
        cases = []
        for claimed, rules in known:
            each = claimed.delivery
            person = None if each.member in standing.gone else people[each.member]
            notice = _notice(rules, each)
            case = Case(
                each.delivery_id,
                each.member,
                each.channel,
                each.purpose,
                each.useful_until,
                person,
                truths[each.delivery_id],
                _zone(person, rules),
                rules.quiet if notice is not None and notice.decent else None,
                rules.limits(each.purpose),
                sent.get(each.delivery_id, _NOBODY),
                each.delivery_id in reached,
                self._chance(),
                book.held_until(each, now),
            )
            cases.append(case)
        return cases, people

    def _wanted(
        self,
        known: Sequence[tuple[Claimed, Rules]],
        people: Mapping[truth.Member, Person],
        truths: Mapping[UUID, Facts | Untrue],
    ) -> list[Wanted]:
        """The deliveries that may go out, with what their templates say of what is loaded for that alone."""
        wanted = []
        for claimed, rules in known:
            each, person = claimed.delivery, people[claimed.delivery.member]
            if not isinstance(truths[each.delivery_id], Untrue):
                names = self._words.says(each, rules, person, ASKED)
                wanted.append(Wanted(each, rules, _language(person, rules.messages.language), names))
        return wanted

    async def _sent(
        self, connection: asyncpg.Connection, known: Sequence[tuple[Claimed, Rules]], now: datetime
    ) -> dict[UUID, Sent]:
        """What members of programmes with caps were sent, by delivery."""
        groups: dict[tuple[int, int], list[tuple[Claimed, Rules]]] = {}
        for claimed, rules in known:
            if rules.limits(claimed.delivery.purpose):
                groups.setdefault(claimed.delivery.scope, []).append((claimed, rules))
        mine = [claimed.delivery.delivery_id for claimed, _ in known]
        found: dict[UUID, Sent] = {}
        for scope, group in groups.items():
            span = max(
                (limit.span for claimed, rules in group for limit in rules.limits(claimed.delivery.purpose)),
                default=timedelta(0),
            )
            members = list({claimed.delivery.member_id for claimed, _ in group})
            before = await store.sent_before(connection, scope, members, now, span)
            for claimed, _ in group:
                each = claimed.delivery
                found[each.delivery_id] = store.sent_of(before.get((each.member_id, each.purpose), {}), mine)
        return found

    def _act(
        self, prepared: Prepared, claimed: Claimed, rules: Rules, person: Person, verdict: Verdict, now: datetime
    ) -> None:
        if not isinstance(verdict, Send):
            prepared.settled.append(Settled(claimed, undelivered(verdict, now), now))
            return
        letter = self._letter(claimed, rules, person, verdict, now)
        if isinstance(letter, Unwritten):
            prepared.settled.append(Settled(claimed, Failed(now, "not_written", letter.detail), now))
        else:
            digest = None if verdict.address is None else verdict.address.digest
            prepared.ready.append(Ready(claimed, letter, digest))

    def _letter(
        self, claimed: Claimed, rules: Rules, person: Person, verdict: Send, now: datetime
    ) -> Letter | Unwritten:
        each = claimed.delivery
        unsubscribe = self._address + self._links.path(each.member, each.purpose, each.channel, now)
        content = self._words.write(each, rules, person, _facts(verdict.facts), unsubscribe, now)
        if isinstance(content, Unwritten):
            return content
        return Letter(
            each.delivery_id,
            _where(each, verdict),
            content,
            rules.brand,
            unsubscribe,
            None if each.useful_until is None else each.useful_until - now,
            (("message", each.message), ("occasion", each.occasion), ("member_id", str(each.member_id))),
            each.tenant_id,
        )


def _told_by(rules: Rules | None, claimed: Claimed) -> Rules | None:
    """The rules, if they have a delivery told."""
    return None if rules is None or _notice(rules, claimed.delivery) is None else rules


def _where(delivery: Delivery, verdict: Send) -> str:
    """The address; of what waits for the member at a place of ours, whose it is."""
    if verdict.address is not None:
        return verdict.address.value
    return f"{delivery.programme_id}/{delivery.member_id}" if delivery.channel in ("inbox", "till") else ""


def _facts(facts: Facts | Untrue) -> Facts:
    assert not isinstance(facts, Untrue)
    return facts


def _steps(known: Iterable[tuple[Claimed, Rules]]) -> list[Asked]:
    found = [(claimed.delivery, step_of(rules.scenarios, claimed.delivery.occasion)) for claimed, rules in known]
    return [
        Asked(each.delivery_id, each.member, *step, datetime.fromisoformat(each.facts[BEGAN]))
        for each, step in found
        if step is not None
    ]


def _notice(rules: Rules, delivery: Delivery) -> Notice | None:
    """How a delivery is told, by the programme or by whoever sent it to many; None when it is not any more."""
    if named_in(delivery.occasion) is not None:
        return notice_of(delivery.purpose)
    return rules.notice(delivery.message, delivery.occasion)


def _with_words(
    truths: Mapping[UUID, Facts | Untrue], words: Mapping[UUID, Facts | Untrue]
) -> dict[UUID, Facts | Untrue]:
    """What is so of members, and what is said to them."""
    return {
        name: said if isinstance(said, Untrue) else {**_facts(truths[name]), **said} for name, said in words.items()
    }


def _only_opened(rules: Rules, delivery: Delivery) -> bool:
    notice = rules.notice(delivery.message, delivery.occasion)
    return notice is not None and notice.follow_hours is not None


def _readers(
    deliveries: Iterable[Delivery],
    truths: Mapping[UUID, Facts | Untrue],
    people: Mapping[truth.Member, Person],
    languages: Mapping[tuple[int, int], str],
) -> list[tuple[Delivery, str]]:
    """What may go out, and in which language it is read."""
    return [
        (each, _language(people[each.member], languages[each.scope]))
        for each in deliveries
        if not isinstance(truths[each.delivery_id], Untrue)
    ]


def _language(person: Person, usual: str) -> str:
    """In which language somebody is written to."""
    return person.language or usual


def _zone(person: Person | None, rules: Rules) -> ZoneInfo:
    """The member's own zone; one that nobody knows is the programme's."""
    if person is None or person.zone is None:
        return rules.zone
    try:
        return load_zone(person.zone)
    except ZoneInfoNotFoundError:
        return rules.zone
