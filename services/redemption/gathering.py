"""Requests over HTTP that come at the same time, decided together: one transaction, in the order in which they came.

A transaction costs far more than a request in it. So the first one begins at once, and while it runs, or has only just
begun, what comes is gathered for the next. What concerns more than points alone goes its own way, and so does whoever
would keep the others waiting: a member who is locked by somebody else, and what breaks the transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import asyncpg
import msgspec

from libs.contracts.redemption import Answer, Ask
from libs.lives.life import MemberName
from libs.lives.made import Cause
from libs.runtime.batch import Outgoing
from libs.runtime.clock import monotonic
from libs.runtime.failpoint import reach
from libs.runtime.leases import shard_of
from libs.runtime.outbox import Row
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from services.redemption import gathering_store, order_gathering, store
from services.redemption.apart import Apart
from services.redemption.batches import Batch, Loaded, Outcome
from services.redemption.deciding import MERGED, UNKNOWN_MEMBER, Asked, id_of, meaning, name_of
from services.redemption.domain import Redemption, Rules
from services.redemption.handlers import WRITER, Desk, again
from services.redemption.households.jointly import owners_of
from services.redemption.order_gathering import Shelf
from services.redemption.reward_desk import RewardDesk

_GATHERED = frozenset({"redeem", "hold", "extend", "commit", "release", "cancel"})


@dataclass(eq=False, slots=True)
class _Turn:
    """Requests that are decided together; others join until it begins."""

    asked: list[Asked] = field(default_factory=list)
    done: asyncio.Task[Sequence[Answer | None]] | None = None


@dataclass(eq=False, slots=True)
class _Line:
    """A tenant's turns, one after the other: which of them may still be joined, and when the last one began."""

    mine: asyncio.Lock = field(default_factory=asyncio.Lock)
    open: _Turn | None = None
    began: float | None = None


class _Scarce(Exception):
    """Others took meanwhile what there was when it was looked; the transaction is undone."""


class Gathering:
    """Serves what `desk` does, together where that can be. `published` hears what was committed, in order."""

    def __init__(self, desk: Desk, committed: Callable[[Sequence[Row]], None]) -> None:
        self._desk = desk
        self._apart = Apart(desk.serve, max(1, desk.settings.connections * 2 // 3))  # turns find a connection too
        self._committed = committed
        self._lines: dict[int, _Line] = {}

    async def serve(self, ask: Ask) -> Answer:
        """Serve one request.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists: it is not known whether it was done, and may be
            asked again under the same key.
        """
        if ask.operation == "quote":
            return await self._desk.serve(ask)
        answer = await self._together(ask) if _gathers(ask) and not self._apart.awaits(ask) else None
        return await self._apart.serve(ask) if answer is None else answer

    async def _together(self, ask: Ask) -> Answer | None:
        line = self._lines.setdefault(ask.tenant_id, _Line())
        turn = line.open
        if turn is None or turn.done is None or len(turn.asked) >= self._desk.settings.gather_most:
            turn = line.open = _Turn()
            turn.done = asyncio.create_task(self._take(line, turn))
        place = len(turn.asked)
        turn.asked.append(asked_by(ask))
        assert turn.done is not None
        # Whoever goes away does not take with them what others wait for.
        return (await asyncio.shield(turn.done))[place]

    async def _take(self, line: _Line, turn: _Turn) -> Sequence[Answer | None]:
        """Decide a turn when it is its time; None for what each is to be served alone."""
        async with line.mine:
            if line.began is not None:
                rest = line.began + self._desk.settings.gather.total_seconds() - monotonic()
                if rest > 0:
                    await asyncio.sleep(rest)
            if line.open is turn:
                line.open = None
            line.began = monotonic()
            return await self._settle(turn.asked)

    async def _settle(self, asked: Sequence[Asked]) -> Sequence[Answer | None]:
        """Decide requests of a turn and say so; one that breaks the transaction is found by halves, and left alone."""
        try:
            answers, rows = await again(partial(self._decide, asked))
        except _Scarce:
            return [None] * len(asked)
        except Exception as error:  # what one request breaks, by whichever error, is no matter of the others
            if isinstance(error, DATABASE_ERRORS) and trouble(error) in (Trouble.PASSING, Trouble.REPEAT):
                if not isinstance(error, asyncpg.LockNotAvailableError):
                    raise
                return [None] * len(asked)  # one of their keys is in use, or what all of them need
            if len(asked) == 1:
                return [None]
            middle = len(asked) // 2
            return [*await self._settle(asked[:middle]), *await self._settle(asked[middle:])]
        reach("after-commit")
        self._committed(rows)
        return answers

    async def _decide(self, asked: Sequence[Asked]) -> tuple[Sequence[Answer | None], Sequence[Row]]:
        """Decide requests of one tenant in a transaction."""
        desk, tenant, now = self._desk, asked[0].ask.tenant_id, self._desk.clock.now()
        async with desk.pool.acquire() as connection, connection.transaction():
            loaded, busy, found = await gathering_store.begin(connection, tenant, now, asked)
            asks = [each.ask for each in asked]
            rules_of = await store.all_knowing(connection, desk.programmes.of, asks, loaded.members, now)
            batch = Batch(loaded, rules_of, now, desk.patience)
            answers: list[Answer | None] = []
            events: dict[str, list[Outgoing]] = {}
            shelf = order_gathering.shelf_of(desk.rewards, tenant, found)
            for each in asked:
                if _busy(each, loaded, busy) or _alone(each, loaded.redemptions, shelf):
                    batch.leave(each.request)
                    answers.append(None)
                    continue
                made = batch.settle(each, None if each.ask.order is None else shelf.order(each))
                if made.refused is MERGED and each.ask.redemption_id is not None:
                    answers.append(None)  # the key is free again; more members have to be locked for it
                    continue
                if made.after is not None and made.events:
                    events.setdefault(shard_of(WRITER, made.after.name[2]), []).extend(made.events)
                answers.append(await _answer(connection, desk.rewards, each, made))
            members = [each.life for each in loaded.members.values()]
            rows = await gathering_store.end(
                connection, tenant, batch.at, members, batch.decided, shelf.written, events
            )
            if rows is None:
                raise _Scarce
            reach("before-commit")
        return answers, rows


def asked_by(ask: Ask) -> Asked:
    """A request over HTTP as a batch takes it."""
    request = name_of(ask)
    member = None
    if ask.redemption_id is None:
        assert ask.programme_id is not None
        assert ask.member_id is not None
        member = (ask.tenant_id, ask.programme_id, ask.member_id)
    # As versions before this one kept it, it is the same request too.
    prints = (meaning(ask), ask.fingerprint)
    return Asked(ask, request, member, (ask.redemption_id or id_of(request),), prints, _cause)


def _cause(redemption_id: UUID, rules: Rules) -> Cause:
    return Cause(redemption_id, rules.source, str(redemption_id))


def _gathers(ask: Ask) -> bool:
    """Whether a request may be decided with others: about points alone, or an order that begins."""
    if ask.operation not in _GATHERED or ask.trade is not None or ask.household:
        return False
    return ask.order is None or (
        ask.redemption_id is None and ask.order.campaign is None and ask.order.reward is not None
    )


def _busy(asked: Asked, loaded: Loaded, busy: frozenset[MemberName]) -> bool:
    """Whether somebody else has locked the member of a request that was not answered before."""
    if not busy or asked.request in loaded.known:
        return False
    found = (loaded.redemptions[each].name for each in asked.candidates if each in loaded.redemptions)
    return asked.member in busy or not busy.isdisjoint(found)


def _alone(asked: Asked, redemptions: Mapping[UUID, Redemption], shelf: Shelf) -> bool:
    """Whether a request goes on with an order or with lots of a household, orders again, or takes codes of a pool."""
    found = next((redemptions[each] for each in asked.candidates if each in redemptions), None)
    if asked.ask.order is None:
        return found is not None and (found.order is not None or bool(owners_of(found)))
    return found is not None or shelf.alone(asked)


async def _answer(connection: asyncpg.Connection, rewards: RewardDesk, asked: Asked, made: Outcome) -> Answer:
    """What is answered; of a member who is not there it is looked whether somebody else is it now."""
    refused = made.refused
    if refused is None:
        body = await rewards.opened(connection, asked.ask.tenant_id, made.answer)
        began = asked.ask.redemption_id is None if made.replayed else made.made
        return Answer(msgspec.Raw(body), made=began, replayed=made.replayed)
    if (
        refused is UNKNOWN_MEMBER
        and asked.member is not None
        and await store.look(connection, asked.member) is not None
    ):
        refused = MERGED
    return Answer(refused=refused.code, detail=refused.detail)
