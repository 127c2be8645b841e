"""Requests about gift cards, each in one transaction: key, lock, decide, save, tell; and cards that lapse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from msgspec.structs import replace

from libs.codes.pattern import Pattern
from libs.contracts.codes import ValueAnswer
from libs.contracts.gift_cards import CardAsk, GiftCardView
from libs.gift_cards import decide
from libs.gift_cards.decide import Done, No, Request
from libs.gift_cards.jurisdictions import Law, newest
from libs.gift_cards.model import GiftCard
from libs.runtime.batch import Outgoing
from libs.runtime.failpoint import reach
from libs.runtime.keys import event_id
from libs.runtime.leases import shard_of
from services.redemption import store as requests
from services.redemption.cards import store, telling
from services.redemption.cards.store import FoundCard
from services.redemption.codes import store as codes
from services.redemption.deciding import Known, RequestName, id_of
from services.redemption.domain import Refusal
from services.redemption.guessing import may_try, miss
from services.redemption.handlers import WRITER, again
from services.redemption.values import NotDone, Tools, replay

NUMBERS = Pattern(alphabet="digits", length=18, group=4)
"""What the number of a card looks like: 19 digits, the last one to check them."""
_UNKNOWN = "card-unknown"


class _Made(NamedTuple):
    """What a request did: the answer, and the events of each card."""

    body: bytes
    events: Sequence[tuple[UUID, Outgoing]] = ()


@dataclass(frozen=True, slots=True)
class CardDesk:
    """Where requests about gift cards are served."""

    tools: Tools

    async def serve(self, ask: CardAsk) -> ValueAnswer:
        """Serve one request.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists: it is not known whether it was done.
        """
        now, tries = self.tools.clock.now(), ask.number is not None or ask.other_number is not None
        try:
            if tries:
                await may_try(self.tools, ask.tenant_id, ask.credential, ask.member_id, now)
            if ask.operation == "show":
                return await self._show(ask)
            return await again(partial(self._move, ask, now))
        except NotDone as error:
            if error.refusal.code == _UNKNOWN and tries:
                await miss(self.tools, ask.tenant_id, ask.credential, ask.member_id, now, "unknown")
            return error.answer

    async def expire_due(self, most: int) -> int:
        """Let what is left on cards lapse whose date has passed, so many at once at most; return how many they were.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        return await again(partial(self._expire, most, self.tools.clock.now()))

    async def _expire(self, most: int, now: datetime) -> int:
        events: dict[str, list[Outgoing]] = {}
        async with self.tools.pool.acquire() as connection, connection.transaction():
            due = await store.lock_due(connection, now, most)
            for tenant_id, found in due:
                one = found.card
                cause = UUID(event_id(str(tenant_id), one.card_id.hex, "expire", str(one.seq), 0))
                done = decide.expire(one, Request(cause, now))
                assert done is not None
                await store.save(connection, tenant_id, done, now)
                event = telling.event((found.tenant, found.programme), done, now)
                events.setdefault(shard_of(WRITER, one.member_id or one.card_id), []).append(event)
            await requests.tell(connection, now, events)
        self.tools.committed(list(events))
        return len(due)

    async def _show(self, ask: CardAsk) -> ValueAnswer:
        async with self.tools.pool.acquire() as connection:
            found = await self._one(connection, ask, self._card_id(ask), lock=False)
        return ValueAnswer(msgspec.Raw(telling.card(found.programme, found.card)))

    async def _move(self, ask: CardAsk, now: datetime) -> ValueAnswer:
        request = RequestName(ask.tenant_id, ask.credential, f"card-{ask.operation}", ask.key)
        whose = None if ask.programme_id is None or ask.member_id is None else (ask.programme_id, ask.member_id)
        events: dict[str, list[Outgoing]] = {}
        async with self.tools.pool.acquire() as connection, connection.transaction():
            cause = id_of(request)
            begun = await requests.begin(connection, request, ask.fingerprint, now, whose, cause)
            if isinstance(begun, Known):
                answer = replay(begun, ask.fingerprint, made=ask.operation == "issue")
                return await self._with_number(connection, ask, answer)
            if whose is not None and begun is None:
                raise NotDone(Refusal("member-unknown", "Nobody has this id."))
            made = await self._known(connection, ask, cause)
            if made is None:
                asked = Request(cause, now, ask.reference)
                made = await (
                    self._issue(connection, ask, asked)
                    if ask.operation == "issue"
                    else self._change(connection, ask, asked)
                )
            await requests.keep_answer(connection, request, made.body)
            for whom, event in made.events:
                events.setdefault(shard_of(WRITER, whom), []).append(event)
            answer = ValueAnswer(msgspec.Raw(made.body), made=ask.operation == "issue")
            answer = await self._with_number(connection, ask, answer)
            await requests.tell(connection, now, events)
            reach("before-commit")
        reach("after-commit")
        self.tools.committed(list(events))
        return answer

    async def _known(self, connection: asyncpg.Connection, ask: CardAsk, cause: UUID) -> _Made | None:
        """The answer under the key is forgotten after a while, what was done under it is not."""
        known = await store.entry_of_cause(connection, ask.tenant_id, cause)
        if known is None:
            return None
        found = await self._one(connection, ask, known[0], lock=False)
        return _Made(telling.card(found.programme, found.card, known[1]))

    async def _issue(self, connection: asyncpg.Connection, ask: CardAsk, asked: Request) -> _Made:
        assert ask.programme_id is not None
        assert ask.amount_minor is not None
        assert ask.currency is not None
        law, scope = _law(ask.law, asked.at), (ask.tenant_id, ask.programme_id)
        (number,) = NUMBERS.generate(1, self.tools.random)
        kept = self.tools.keeper.close(ask.tenant_id, NUMBERS.shown(number))
        card = GiftCard(
            card_id=kept.code_id,
            currency=ask.currency,
            law=(law.code, newest().version),
            issued_at=asked.at,
            expires_at=ask.expires_at,
            member_id=ask.member_id,
        )
        done = _done(decide.issue(card, law, ask.amount_minor, asked, paid=ask.paid))
        await store.insert(connection, scope, done.card, kept.sealed, done.entry)
        programme, tenant = await codes.programme_of(connection, *scope)
        event = telling.event((tenant, programme), done, asked.at)
        whom = ask.member_id or card.card_id
        return _Made(telling.card(programme, done.card, done.entry), [(whom, event)])

    async def _change(self, connection: asyncpg.Connection, ask: CardAsk, asked: Request) -> _Made:
        card_id = self._card_id(ask)
        other_id = self._other_id(ask) if ask.operation == "transfer" else None
        wanted = [card_id] if other_id is None else [card_id, other_id]
        found = await store.load(connection, ask.tenant_id, wanted, lock=True)
        if card_id not in found or (other_id is not None and other_id not in found):
            raise NotDone(Refusal(_UNKNOWN, "There is no such card."))
        one = found[card_id]
        if ask.operation in ("block", "unblock"):
            card = replace(one.card, state="blocked" if ask.operation == "block" else "active")
            await store.update(connection, ask.tenant_id, card, asked.at)
            return _Made(telling.card(one.programme, card))
        if other_id is None:
            dones = [_done(await self._decide(connection, ask, one.card, asked))]
        else:
            assert ask.amount_minor is not None
            moved = decide.transfer(one.card, found[other_id].card, ask.amount_minor, asked)
            if isinstance(moved, No):
                raise NotDone(Refusal(*moved))
            dones = list(moved)
        events = []
        for done in dones:
            await store.save(connection, ask.tenant_id, done, asked.at)
            whom = done.card.member_id or done.card.card_id
            events.append((whom, telling.event((one.tenant, one.programme), done, asked.at)))
        return _Made(telling.card(one.programme, dones[0].card, dones[0].entry), events)

    async def _decide(self, connection: asyncpg.Connection, ask: CardAsk, card: GiftCard, asked: Request) -> Done | No:
        if ask.operation == "cash_out":
            return decide.cash_out(card, _law(card.law[0], asked.at), asked, goodwill=ask.goodwill)
        if ask.operation == "refund":
            return await _refund(connection, ask, card, asked)
        assert ask.amount_minor is not None
        if ask.operation == "top_up":
            return decide.top_up(card, _law(card.law[0], asked.at), ask.amount_minor, asked, paid=ask.paid)
        if ask.currency not in (None, card.currency):
            return No("currency-differs", f"The card is in {card.currency}.")
        return decide.use(card, ask.amount_minor, asked)

    async def _one(self, connection: asyncpg.Connection, ask: CardAsk, card_id: UUID, *, lock: bool) -> FoundCard:
        found = await store.load(connection, ask.tenant_id, [card_id], lock=lock)
        if card_id not in found:
            raise NotDone(Refusal(_UNKNOWN, "There is no such card."))
        return found[card_id]

    async def _with_number(self, connection: asyncpg.Connection, ask: CardAsk, answer: ValueAnswer) -> ValueAnswer:
        """Add the number for whoever issues the card; it is in no stored answer."""
        if ask.operation != "issue":
            return answer
        view = GiftCardView.model_validate_json(bytes(answer.body))
        found = await self._one(connection, ask, view.card_id, lock=False)
        number = self.tools.keeper.open(ask.tenant_id, view.card_id, found.sealed)
        body = view.model_copy(update={"number": number}).model_dump_json()
        return replace(answer, body=msgspec.Raw(body.encode()))

    def _card_id(self, ask: CardAsk) -> UUID:
        if ask.card_id is not None:
            return ask.card_id
        assert ask.number is not None
        return self.tools.keeper.names.of(ask.tenant_id, ask.number)

    def _other_id(self, ask: CardAsk) -> UUID:
        if ask.other_card_id is not None:
            return ask.other_card_id
        assert ask.other_number is not None
        return self.tools.keeper.names.of(ask.tenant_id, ask.other_number)


async def _refund(connection: asyncpg.Connection, ask: CardAsk, card: GiftCard, asked: Request) -> Done | No:
    assert ask.of_seq is not None
    used = await store.entry(connection, ask.tenant_id, card.card_id, ask.of_seq)
    if used is None:
        return No("not-a-use", f"The card has no entry {ask.of_seq}.")
    back = await store.refunded(connection, ask.tenant_id, card.card_id, ask.of_seq)
    amount = used.amount_minor - back if ask.amount_minor is None else ask.amount_minor
    if amount == 0:
        return No("refund-exceeded", "All of it went back already.")
    return decide.refund(card, used, back, amount, asked)


def _law(code: str, at: datetime) -> Law:
    law = newest().of(code, at.date())
    if law is None:
        known = ", ".join(newest().codes)
        raise NotDone(Refusal("law-unknown", f"There are rules for {known}."))
    return law


def _done(made: Done | No) -> Done:
    if isinstance(made, No):
        raise NotDone(Refusal(*made))
    return made
