"""Requests about households, each in one transaction: key, lock, decide, save, tell. No points are moved by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import asyncpg
import msgspec

from libs.contracts.codes import ValueAnswer
from libs.contracts.households import HouseholdAsk
from libs.households import membership
from libs.households import postgres as kept
from libs.households.membership import No, Roster
from libs.households.postgres import Kept
from libs.households.telling import household
from libs.promotions.households import HouseholdTerms
from libs.runtime.batch import Outgoing
from libs.runtime.leases import shard_of
from services.redemption import store as requests
from services.redemption.deciding import NO_VERSION, Known, RequestName, id_of
from services.redemption.domain import Refusal, Rules
from services.redemption.handlers import WRITER, Desk, again
from services.redemption.households import store, telling
from services.redemption.households.pool import NOT_OFFERED
from services.redemption.values import NotDone, replay

_ALREADY = Refusal(*membership.ALREADY)
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
            return await again(partial(self._change, ask, now))
        except NotDone as error:
            return error.answer
        except asyncpg.UniqueViolationError:  # the member joined another household at the same time
            return NotDone(_ALREADY).answer

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
            await store.lock_roster(connection, ask.tenant_id, household_id)
            before = await kept.load(connection, ask.tenant_id, household_id)
            programme_id = ask.programme_id if before is None else before.programme_id
            if programme_id is None or (before is None and not founds):
                raise NotDone(UNKNOWN)
            rules = self._rules((ask.tenant_id, programme_id), now)
            if founds and before is not None:  # the answer under the key is forgotten, what was done under it is not
                after = before.roster
            else:
                after = await self._decide(connection, ask, before, household_id, rules, now)
                await store.save_roster(connection, ask.tenant_id, before, Kept(programme_id, after))
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
            belongs = await kept.belongs_to(connection, (ask.tenant_id, programme_id, ask.member_id))
            if belongs not in (None, household_id):
                raise NotDone(_ALREADY)
            if before is None and belongs is not None:
                raise NotDone(_ALREADY)
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
    made: Roster | No | Refusal = NOT_OFFERED
    match ask:
        case HouseholdAsk(operation="found", member_id=UUID() as member) if terms is not None:
            made = membership.founded(household_id, member, now)
        case HouseholdAsk(operation="dissolve") if roster is not None:
            made = membership.dissolved(roster, ask.by_id, now)
        case HouseholdAsk(operation="depart", member_id=UUID() as member) if roster is not None:
            made = membership.departed(roster, ask.by_id, member, now)
        case HouseholdAsk(member_id=UUID() as member) if roster is not None and terms is not None:
            made = _joining(ask, roster, member, terms, now)
    return Refusal(*made) if isinstance(made, No) else made


def _joining(ask: HouseholdAsk, roster: Roster, member: UUID, terms: HouseholdTerms, now: datetime) -> Roster | No:
    if ask.operation == "answer":
        return membership.answered(roster, member, now, terms, accept=ask.accept)
    assert ask.role is not None
    if ask.operation == "invite":
        return membership.invited(roster, ask.by_id, member, ask.role, now, terms)
    return membership.role_changed(roster, ask.by_id, member, ask.role)


def _answer(roster: Roster, rules: Rules, *, made: bool = False) -> ValueAnswer:
    body = household(roster, rules.programme, rules.household).model_dump_json().encode()
    return ValueAnswer(msgspec.Raw(body), made=made)


def _found(decided: Roster | Refusal) -> Roster:
    if isinstance(decided, Refusal):
        raise NotDone(decided)
    return decided
