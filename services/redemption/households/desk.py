"""Requests about households, each in one transaction: key, lock, decide, save, tell. No points are moved by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import asyncpg
import msgspec

from libs.contracts.codes import ValueAnswer
from libs.contracts.households import HouseholdAsk, InvitationView
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.promotions.households import HouseholdTerms
from libs.runtime.batch import Outgoing
from libs.runtime.leases import shard_of
from services.redemption import store as requests
from services.redemption.deciding import NO_VERSION, UNKNOWN_MEMBER, Known, RequestName, id_of
from services.redemption.domain import Refusal, Rules
from services.redemption.handlers import WRITER, Desk, again
from services.redemption.households import hands, membership, roster_store, telling
from services.redemption.households.membership import Roster
from services.redemption.households.pool import NOT_OFFERED
from services.redemption.households.roster_store import Kept
from services.redemption.values import NotDone, replay

UNKNOWN = Refusal("household-unknown", "Nothing of your company has this id.")


@dataclass(frozen=True, slots=True)
class HouseholdDesk:
    """Where requests about households are served, beside the desk of points."""

    points: Desk

    async def serve(self, ask: HouseholdAsk) -> ValueAnswer:
        """Serve one request.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists: it is not known whether it was done.
        """
        now = self.points.clock.now()
        try:
            if ask.operation == "show":
                return await self._show(ask, now)
            return await again(partial(self._change, ask, now))
        except NotDone as error:
            return error.answer
        except asyncpg.UniqueViolationError:  # the member joined another household at the same time
            return NotDone(membership.ALREADY).answer

    async def _show(self, ask: HouseholdAsk, now: datetime) -> ValueAnswer:
        async with self.points.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            await requests.see(connection, ask.tenant_id)
            if ask.household_id is not None:
                kept = await roster_store.load(connection, ask.tenant_id, ask.household_id, lock=False)
                if kept is None:
                    raise NotDone(UNKNOWN)
                return _answer(kept.roster, self._rules((ask.tenant_id, kept.programme_id), now))
            return await self._show_member(connection, ask, now)

    async def _show_member(self, connection: asyncpg.Connection, ask: HouseholdAsk, now: datetime) -> ValueAnswer:
        assert ask.programme_id is not None
        assert ask.member_id is not None
        name = (ask.tenant_id, ask.programme_id, ask.member_id)
        rules, ledger = self._rules(name[:2], now), await requests.look(connection, name)
        if ledger is None:
            raise NotDone(UNKNOWN_MEMBER)
        ledger = apply_all(ledger, catch_up(ledger, now, now))
        waiting = []
        if rules.household is not None:
            for row in await roster_store.invitations(connection, name):
                until = membership.until_of(row["invited_at"], rules.household)
                if now < until:
                    waiting.append(InvitationView(**dict(row), until=until))
        household_id = await roster_store.belongs_to(connection, name)
        kept = None
        if household_id is not None:
            kept = await roster_store.load(connection, ask.tenant_id, household_id, lock=False)
        beside = await hands.seen(connection, name, rules, now)
        purses = () if isinstance(beside, Refusal) else tuple(telling.purses(ledger, beside, rules, now))
        roster = None if kept is None else kept.roster
        return ValueAnswer(msgspec.Raw(telling.of_member(ask.member_id, roster, rules, purses, waiting)))

    async def _change(self, ask: HouseholdAsk, now: datetime) -> ValueAnswer:
        request = RequestName(ask.tenant_id, ask.credential, f"household-{ask.operation}", ask.key)
        cause = id_of(request)
        founds = ask.operation == "found"
        events: dict[str, list[Outgoing]] = {}
        async with self.points.pool.acquire() as connection, connection.transaction():
            begun = await requests.begin(connection, request, ask.fingerprint, now, None, cause)
            if isinstance(begun, Known):
                return replay(begun, ask.fingerprint, made=founds)
            household_id = cause if founds else ask.household_id
            assert household_id is not None
            before = await roster_store.load(connection, ask.tenant_id, household_id, lock=True)
            programme_id = ask.programme_id if before is None else before.programme_id
            if programme_id is None or (before is None and not founds):
                raise NotDone(UNKNOWN)
            rules = self._rules((ask.tenant_id, programme_id), now)
            if founds and before is not None:  # the answer under the key is forgotten, what was done under it is not
                after = before.roster
            else:
                after = await self._decide(connection, ask, before, household_id, rules, now)
                kept = Kept(programme_id, after)
                await roster_store.save(connection, ask.tenant_id, before, kept)
                was = None if before is None else before.roster
                for whom, event in telling.events_of(was, after, ask.by_id, cause, rules, now):
                    events.setdefault(shard_of(WRITER, whom), []).append(event)
            answer = _answer(after, rules, made=founds)
            await requests.keep_answer(connection, request, bytes(answer.body))
            await requests.tell(connection, now, events)
        self.points.committed(list(events))
        return answer

    async def _decide(
        self,
        connection: asyncpg.Connection,
        ask: HouseholdAsk,
        before: Kept | None,
        household_id: UUID,
        rules: Rules,
        now: datetime,
    ) -> Roster:
        if ask.operation == "found" or (ask.operation == "answer" and ask.accept):
            assert ask.member_id is not None
            programme_id = ask.programme_id if before is None else before.programme_id
            assert programme_id is not None
            belongs = await roster_store.belongs_to(connection, (ask.tenant_id, programme_id, ask.member_id))
            if belongs not in (None, household_id):
                raise NotDone(membership.ALREADY)
            if before is None and belongs is not None:
                raise NotDone(membership.ALREADY)
        return _found(decided(ask, None if before is None else before.roster, household_id, rules.household, now))

    def _rules(self, scope: tuple[int, int], at: datetime) -> Rules:
        rules = self.points.programmes.of(scope, at)
        if rules is None:
            raise NotDone(NO_VERSION)
        return rules


def decided(
    ask: HouseholdAsk, roster: Roster | None, household_id: UUID, terms: HouseholdTerms | None, now: datetime
) -> Roster | Refusal:
    """What a request makes of a household. Whoever belongs to one may go, also where the programme has none now."""
    made: Roster | Refusal = NOT_OFFERED
    match ask:
        case HouseholdAsk(operation="found", member_id=UUID() as member) if terms is not None:
            made = membership.founded(household_id, member, now)
        case HouseholdAsk(operation="dissolve") if roster is not None:
            made = membership.dissolved(roster, ask.by_id, now)
        case HouseholdAsk(operation="depart", member_id=UUID() as member) if roster is not None:
            made = membership.departed(roster, ask.by_id, member, now)
        case HouseholdAsk(member_id=UUID() as member) if roster is not None and terms is not None:
            made = _joining(ask, roster, member, terms, now)
    return made


def _joining(ask: HouseholdAsk, roster: Roster, member: UUID, terms: HouseholdTerms, now: datetime) -> Roster | Refusal:
    if ask.operation == "answer":
        return membership.answered(roster, member, now, terms, accept=ask.accept)
    assert ask.role is not None
    if ask.operation == "invite":
        return membership.invited(roster, ask.by_id, member, ask.role, now, terms)
    return membership.role_changed(roster, ask.by_id, member, ask.role)


def _answer(roster: Roster, rules: Rules, *, made: bool = False) -> ValueAnswer:
    body = telling.household(roster, rules.programme, rules.household).model_dump_json().encode()
    return ValueAnswer(msgspec.Raw(body), made=made)


def _found(decided: Roster | Refusal) -> Roster:
    if isinstance(decided, Refusal):
        raise NotDone(decided)
    return decided
