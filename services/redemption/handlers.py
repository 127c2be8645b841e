"""Requests to spend points, each in one transaction: key, lock, load, what time has done, decide, save, tell.

A refusal undoes all of it, so that nothing of the request is remembered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

import asyncpg
import msgspec

from libs.contracts.redemption import Answer, Ask
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.lives.life import Life, MemberName
from libs.lives.made import Cause
from libs.runtime.batch import Outgoing
from libs.runtime.clock import Clock
from libs.runtime.failpoint import reach
from libs.runtime.leases import shard_of
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from services.redemption import lending, merged, order_store, ordering, store, telling, trade_store, trade_telling
from services.redemption.codes import store as codes
from services.redemption.deciding import (
    BLOCKED,
    GIVES_BACK,
    MERGED,
    NO_VERSION,
    NOTHING_USED,
    REUSED,
    UNKNOWN,
    UNKNOWN_MEMBER,
    Known,
    Patience,
    counts,
    decide,
    id_of,
    meaning,
    name_of,
    quote,
)
from services.redemption.domain import Changed, Redemption, Refusal, Rules
from services.redemption.households import hands as household_hands
from services.redemption.households import jointly
from services.redemption.households import store as households
from services.redemption.households.jointly import owners_of
from services.redemption.households.pool import ALONE, Beside
from services.redemption.households.store import NOBODY
from services.redemption.issuing import SOLD_OUT, PoolExhausted
from services.redemption.merged import Reached
from services.redemption.ordering import Done
from services.redemption.programmes import Programmes
from services.redemption.reward_desk import RewardDesk
from services.redemption.settings import RedemptionSettings
from services.redemption.store import Locked

WRITER = "redemption"
"""What the outbox shards of this service begin with."""
_TRIES = 4
T = TypeVar("T")


@dataclass(eq=False)
class Refused(Exception):
    """Carries a refusal out of a transaction, which is undone."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Desk:
    """Where requests are served. `committed` hears which outbox shards have something new."""

    pool: asyncpg.Pool
    programmes: Programmes
    clock: Clock
    settings: RedemptionSettings
    rewards: RewardDesk
    committed: Callable[[Sequence[str]], None]

    @property
    def patience(self) -> Patience:
        """How long points are held and given back."""
        return Patience(self.settings.hold, self.settings.grace)

    async def serve(self, ask: Ask) -> Answer:
        """Serve one request.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists: it is not known whether it was done, and may be
            asked again under the same key.
        """
        try:
            if ask.operation == "quote":
                return await self._quote(ask)
            return await self._moved(ask)
        except PoolExhausted as error:
            await codes.mark_exhausted(self.pool, *error.scope, error.pool, self.clock.now())
            return Answer(refused=SOLD_OUT.code, detail=SOLD_OUT.detail)
        except Refused as error:
            return Answer(refused=error.refusal.code, detail=error.refusal.detail)

    async def _quote(self, ask: Ask) -> Answer:
        now = self.clock.now()
        assert ask.programme_id is not None
        assert ask.member_id is not None
        rules = self._rules((ask.tenant_id, ask.programme_id), now)
        name = (ask.tenant_id, ask.programme_id, ask.member_id)
        if ask.member_id in rules.blocked:
            raise Refused(BLOCKED)
        async with (
            self.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read"),
        ):
            ledger = await store.look(connection, name)
            by_tier = ask.bill_minor is not None or ask.trade is not None
            tier = await store.tier_of(connection, name) if by_tier else None
            used = await trade_store.load_used(connection, [name]) if ask.trade is not None else {}
            if ledger is None:
                raise Refused(UNKNOWN_MEMBER)
            ledger = apply_all(ledger, catch_up(ledger, now, now))
            beside = _found(await household_hands.seen(connection, name, rules, now)) if ask.household else ALONE
            if ask.order is not None:
                told = await self.rewards.quote(connection, ask, name, ledger, rules, now, beside)
                return Answer(msgspec.Raw(_found(told)))
        if ask.trade is not None:
            loan = _found(lending.offered(ask, rules, ledger, tier, used.get(name, NOTHING_USED), now))
            return Answer(msgspec.Raw(lending.quote(ask, rules, loan)))
        points, made, bill = _found(quote(ask, rules, ledger, tier, now, beside))
        return Answer(msgspec.Raw(telling.quote(ask.member_id, rules, points, made, ledger, bill, beside)))

    async def _moved(self, ask: Ask) -> Answer:
        """Do it; what follows on a redemption of somebody who was merged touches more members than it seems to."""
        try:
            return await again(partial(self._move, ask))
        except Refused as error:
            if error.refusal is not MERGED or ask.redemption_id is None:
                raise
        return await again(partial(self._move, ask, led=True))

    async def _move(self, ask: Ask, *, led: bool = False) -> Answer:
        now = self.clock.now()
        request = name_of(ask)
        redemption_id = ask.redemption_id or id_of(request)
        async with self.pool.acquire() as connection, connection.transaction():
            reached = await self._reach(connection, ask, led=led)
            found = (
                await store.begin(connection, request, meaning(ask), now, _begins(ask), redemption_id) or reached.whose
            )
            if isinstance(found, Known):
                body = await self.rewards.opened(connection, ask.tenant_id, found.answer)
                return _replay(found._replace(answer=body), ask)
            if found is None:
                raise Refused(await _nobody(connection, ask))
            before = await store.load_redemptions(connection, ask.tenant_id, [redemption_id])
            members = await store.load_lives(connection, [found, *reached.hands.beside(found.name)], before.values())
            redemption, life = before.get(redemption_id), members[found.name]
            rules = await store.knowing(connection, self._rules(found.name[:2], now), [ask], members)
            if redemption is None and found.name[2] in rules.blocked:
                raise Refused(BLOCKED)
            at = now if redemption is None else max(now, redemption.changed_at)
            beside = _found(
                await household_hands.beside(connection, reached.hands, members, found.name, ask, redemption, rules, at)
            )
            cause = Cause(redemption_id, rules.source, str(redemption_id))
            life.catch_up(at, cause)
            goods = _maybe(await self.rewards.goods(connection, ask, found.name, redemption, rules, at))
            if goods is None:
                done = Done(await self._points(connection, ask, life, redemption, rules, cause, at, beside))
            else:
                done = _found(self.rewards.decide(ask, life, redemption, goods, rules, cause, at, beside))
            changed, reward = done.changed, None if goods is None else goods.reward
            back = ask.operation in GIVES_BACK
            answer = telling.answer(changed, life, rules.programme, came_back=back, reward=reward, beside=beside)
            await merged.pass_on(connection, reached.leads, members, cause, at)
            await store.save(connection, at, members.values(), [changed.redemption])
            await households.save_parts(connection, [(redemption, changed.redemption)], rules)
            if rules.counts and (by := counts(redemption, changed.redemption)):
                await store.count(connection, changed.redemption, by)
            await store.keep_answer(connection, request, answer)
            shard, events = shard_of(WRITER, found.name[2]), telling.events_of(life, rules, found.spread, at)
            if redemption is None and changed.redemption.trade is not None:
                more = {each.key: each.amount for each in changed.uses}
                await trade_store.save(connection, [changed.redemption], {found.name: more})
                events += trade_telling.traded(changed.redemption, rules, found.spread, at)
            if goods is not None:
                was = None if redemption is None else redemption.order
                saved = await self.rewards.save(connection, was, changed.redemption, goods, done.personal, at, ask.by)
                events += _found(saved)
                answer = await self.rewards.opened(connection, ask.tenant_id, answer)
                events += telling.order_events(found.name, rules, found.spread, was, changed.redemption.order, at)
            shards = _with_others({shard: events}, reached.hands.beside(found.name), members, rules, at)
            await store.tell(connection, at, shards)
            reach("before-commit")
        reach("after-commit")
        self.committed(list(shards))
        return Answer(msgspec.Raw(answer), made=redemption is None)

    async def _reach(self, connection: asyncpg.Connection, ask: Ask, *, led: bool) -> Reached:
        """Lock everybody beside the one who asks, before the key is taken."""
        if led and ask.redemption_id is not None:
            return await merged.lock(connection, ask.tenant_id, ask.redemption_id)
        shares = self.programmes.shares(ask.tenant_id)
        return Reached(await household_hands.reach(connection, ask, shares=shares))

    async def _points(
        self,
        connection: asyncpg.Connection,
        ask: Ask,
        life: Life,
        redemption: Redemption | None,
        rules: Rules,
        cause: Cause,
        at: datetime,
        beside: Beside,
    ) -> Changed:
        """Decide a request about points alone, by the member's level and counters where these matter."""
        trades = ask.trade is not None
        tier = await store.tier_of(connection, life.name) if trades or ask.bill_minor is not None else None
        used = await trade_store.load_used(connection, [life.name]) if trades else {}
        counted = used.get(life.name, NOTHING_USED)
        return _found(decide(ask, life, redemption, rules, cause, at, self.patience, tier, counted, beside))

    async def release_expired(self) -> int:
        """Free what holds keep whose time is over, so many at once at most; return how many they were.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        now = self.clock.now()
        released = 0
        for tenant, ids in (await store.expired(self.pool, now, self.settings.release_most)).items():
            released += await again(partial(self._release, tenant, ids, now))
        return released

    async def _release(self, tenant_id: int, ids: Sequence[UUID], now: datetime) -> int:
        """Release holds of a tenant in one transaction; those that have ended meanwhile are passed over."""
        events: dict[str, list[Outgoing]] = {}
        done: list[Redemption] = []
        async with self.pool.acquire() as connection, connection.transaction():
            hands = NOBODY
            if self.programmes.shares(tenant_id):
                hands = await households.lock_together(connection, tenant_id, [], ids)
            own = {member.name: member for member in await store.lock_expired(connection, tenant_id, now, ids)}
            found = await store.load_redemptions(connection, tenant_id, ids)
            over = [each for each in found.values() if each.name in own and self._may_release(each, now)]
            locked = {**hands.heads, **own}
            members = await store.load_lives(connection, locked.values(), over)
            beside = Beside({name[2]: life for name, life in members.items()})
            for each in over:
                after = self._over(members[each.name], each, beside, now)
                done.append(after)
                rules, shard = self._rules(each.name[:2], now), shard_of(WRITER, each.name[2])
                for name in (each.name, *((*each.name[:2], owner) for owner in sorted(owners_of(each)))):
                    told = telling.events_of(members[name], rules, locked[name].spread, now)
                    events.setdefault(shard_of(WRITER, name[2]), []).extend(told)
                events[shard] += telling.order_events(
                    each.name, rules, locked[each.name].spread, each.order, after.order, now
                )
            await store.save(connection, now, members.values(), done)
            for was, after in zip(over, done, strict=True):
                await households.save_parts(connection, [(was, after)], self._rules(after.name[:2], now))
            await order_store.end(connection, over, done)
            await store.tell(connection, now, events)
        self.committed(list(events))
        return len(done)

    def _over(self, life: Life, held: Redemption, beside: Beside, now: datetime) -> Redemption:
        """A hold whose time is over, as it is then."""
        rules = self._rules(held.name[:2], now)
        cause, at = Cause(held.redemption_id, rules.source, str(held.redemption_id)), max(now, held.changed_at)
        life.catch_up(now, cause)
        if held.order is None:
            return _found(jointly.released(beside, life, held, cause, at, over=True)).redemption
        return _found(ordering.released(life, held, cause, at, over=True, beside=beside)).redemption

    def _may_release(self, redemption: Redemption, now: datetime) -> bool:
        """Whether it is held beyond its time, under a programme that is known by now."""
        over = redemption.state == "held" and redemption.hold_until is not None and redemption.hold_until <= now
        return over and self.programmes.of(redemption.name[:2], now) is not None

    def _rules(self, scope: tuple[int, int], at: datetime) -> Rules:
        rules = self.programmes.of(scope, at)
        if rules is None:
            raise Refused(NO_VERSION)
        return rules


async def again(run: Callable[[], Awaitable[T]]) -> T:
    """Run a transaction, and run it again when it met another one."""
    for left in reversed(range(_TRIES)):
        try:
            return await run()
        except DATABASE_ERRORS as error:
            if not left or trouble(error) is not Trouble.REPEAT:
                raise
    raise AssertionError("the last try returns or raises")


def _with_others(
    events: dict[str, list[Outgoing]], others: Iterable[Locked], members: Mapping[MemberName, Life], rules: Rules,
    at: datetime,
) -> dict[str, list[Outgoing]]:  # fmt: skip
    """Add what was done to others, each in the shard of its member."""
    for other in others:
        told = telling.events_of(members[other.name], rules, other.spread, at)
        events.setdefault(shard_of(WRITER, other.name[2]), []).extend(told)
    return events


def _begins(ask: Ask) -> tuple[int, UUID] | None:
    """Whose redemption a request begins, by programme and id; None for one that follows on another."""
    if ask.redemption_id is not None:
        return None
    assert ask.programme_id is not None
    assert ask.member_id is not None
    return ask.programme_id, ask.member_id


async def _nobody(connection: asyncpg.Connection, ask: Ask) -> Refusal:
    """Why there is no member whose points could be moved."""
    if ask.redemption_id is None:
        assert ask.programme_id is not None
        assert ask.member_id is not None
        refusal = UNKNOWN_MEMBER
        known = await store.look(connection, (ask.tenant_id, ask.programme_id, ask.member_id)) is not None
    else:
        refusal = UNKNOWN
        known = bool(await store.load_redemptions(connection, ask.tenant_id, [ask.redemption_id]))
    return MERGED if known else refusal


def _replay(known: Known, ask: Ask) -> Answer:
    if known.fingerprint not in (meaning(ask), ask.fingerprint):  # as versions before this one kept it
        raise Refused(REUSED)
    return Answer(msgspec.Raw(known.answer), made=ask.redemption_id is None, replayed=True)


def _maybe(decided: T | Refusal | None) -> T | None:
    return None if decided is None else _found(decided)


def _found(decided: T | Refusal) -> T:
    if isinstance(decided, Refusal):
        raise Refused(decided)
    return decided
