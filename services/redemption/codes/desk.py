"""Requests about codes, each in one transaction: key, lock, judge, save, tell.

A try that hits no code is counted, by credential and member, in a transaction of its own; who has tried too often
is not answered for a while, whatever the code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec.structs import replace

from libs.codes.pattern import canonical
from libs.codes.postgres import Want, take
from libs.codes.rules import Order, Reason, discount, reasons
from libs.contracts.codes import CodeAsk, CodeView, ValueAnswer
from libs.runtime.batch import Outgoing
from libs.runtime.failpoint import reach
from libs.runtime.leases import shard_of
from services.redemption import store as requests
from services.redemption.codes import store, telling
from services.redemption.codes.store import FoundCode
from services.redemption.deciding import BLOCKED, Known, RequestName, id_of
from services.redemption.domain import Refusal
from services.redemption.guessing import may_try, miss
from services.redemption.handlers import WRITER, again
from services.redemption.values import NotDone, Tools, replay

_UNKNOWN = "code-unknown"
_EXHAUSTED = "pool-exhausted"


@dataclass(frozen=True, slots=True)
class CodeDesk:
    """Where requests about codes are served."""

    tools: Tools

    async def serve(self, ask: CodeAsk) -> ValueAnswer:
        """Serve one request.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists: it is not known whether it was done.
        """
        now = self.tools.clock.now()
        try:
            if ask.code is not None:
                await may_try(self.tools, ask.tenant_id, ask.credential, ask.member_id, now)
            if ask.operation == "validate":
                return await self._validate(ask, now)
            return await again(partial(self._move, ask, now))
        except NotDone as error:
            if error.refusal.code == _UNKNOWN and ask.code is not None:
                await self._miss(ask, error.reasons[0][0], now)
            if error.refusal.code == _EXHAUSTED and ask.programme_id is not None and ask.pool is not None:
                pool = (ask.tenant_id, ask.programme_id, ask.pool)
                await store.mark_exhausted(self.tools.pool, *pool, now)
            return error.answer

    async def _miss(self, ask: CodeAsk, why: str, now: datetime) -> None:
        await miss(self.tools, ask.tenant_id, ask.credential, ask.member_id, now, why)

    async def _validate(self, ask: CodeAsk, now: datetime) -> ValueAnswer:
        order = ask.order
        async with self.tools.pool.acquire() as connection, connection.transaction(readonly=True):
            await store.see(connection, ask.tenant_id)
            found = await store.find(connection, ask.tenant_id, self._code_id(ask), lock=False)
            why: Sequence[Reason] = ()
            if found is None:
                why = [await self._nothing(connection, ask)]
            else:
                why = await self._judge(connection, ask, found, order, now)
        if found is None:
            await self._miss(ask, why[0].code, now)
        return ValueAnswer(msgspec.Raw(telling.check(found, why, order)))

    async def _nothing(self, connection: asyncpg.Connection, ask: CodeAsk) -> Reason:
        """Why a text is no code: it was mistyped, as its check character shows, or there is none such."""
        text = canonical(ask.code or "")
        shapes = await store.shapes(connection, ask.tenant_id)
        if any(shape.resembles(text) for shape in shapes) and not any(shape.fits(text) for shape in shapes):
            return Reason("mistyped", "A character is wrong, or two have changed places.")
        return Reason("unknown", "There is no such code.")

    async def _judge(
        self, connection: asyncpg.Connection, ask: CodeAsk, found: FoundCode, order: Order, now: datetime
    ) -> tuple[Reason, ...]:
        if ask.programme_id not in (None, found.programme_id):
            return (Reason("programme", "The code is one of another programme."),)
        rules = self.tools.programmes.of((ask.tenant_id, found.programme_id), now)
        if rules is None:
            raise NotDone(Refusal("version-unknown", "No version of the programme is in force yet."))
        if ask.member_id in rules.blocked:
            return (Reason(BLOCKED.code, BLOCKED.detail),)
        asker = await store.asker(connection, ask.tenant_id, found, ask.member_id)
        return reasons(found.rules, found.code, order, asker, now, rules.zone, paused=found.paused)

    async def _move(self, ask: CodeAsk, now: datetime) -> ValueAnswer:
        request = RequestName(ask.tenant_id, ask.credential, f"code-{ask.operation}", ask.key)
        whose = None if ask.programme_id is None or ask.member_id is None else (ask.programme_id, ask.member_id)
        shards: list[str] = []
        async with self.tools.pool.acquire() as connection, connection.transaction():
            name = id_of(request)
            begun = await requests.begin(connection, request, ask.fingerprint, now, whose, name)
            if isinstance(begun, Known):
                known = replay(begun, ask.fingerprint, made=ask.operation in _MAKES)
                return known if ask.operation != "assign" else await self._with_text(connection, ask, known)
            if whose is not None and begun is None:
                raise NotDone(Refusal("member-unknown", "Nobody has this id."))
            body, event, whom = await self._do(connection, ask, name, now)
            await requests.keep_answer(connection, request, body)
            if event is not None:
                shards = [shard_of(WRITER, whom)]
                await requests.tell(connection, now, {shards[0]: [event]})
            answer = ValueAnswer(msgspec.Raw(body), made=ask.operation in _MAKES)
            if ask.operation == "assign":  # its text is in no stored answer
                answer = await self._with_text(connection, ask, answer)
            reach("before-commit")
        reach("after-commit")
        self.tools.committed(shards)
        return answer

    async def _do(
        self, connection: asyncpg.Connection, ask: CodeAsk, name: UUID, now: datetime
    ) -> tuple[bytes, Outgoing | None, UUID]:
        match ask.operation:
            case "redeem":
                return await self._redeem(connection, ask, name, now)
            case "return":
                return await self._give_back(connection, ask, now)
            case "assign":
                return await self._assign(connection, ask, name, now)
            case _:
                return await self._mark(connection, ask, now)

    async def _redeem(
        self, connection: asyncpg.Connection, ask: CodeAsk, use_id: UUID, now: datetime
    ) -> tuple[bytes, Outgoing | None, UUID]:
        found = await self._locked(connection, ask, self._code_id(ask))
        kept = await store.use(connection, ask.tenant_id, use_id)
        if kept is not None:  # the answer under the key is forgotten, or a receipt had it again: it is told once more
            event = telling.redeemed(found, kept, kept["used_at"], back=False) if kept["returned_at"] is None else None
            return telling.use(found, kept, found.code.state), event, kept["member_id"] or found.code.code_id
        order = ask.order
        why = await self._judge(connection, ask, found, order, now)
        if why:
            detail = " ".join(each.detail for each in why)
            raise NotDone(Refusal("code-not-valid", detail), reasons=[(each.code, each.detail) for each in why])
        code, worth = found.code, ask.worth_minor
        if worth is None and found.rules.benefit is not None:
            worth = discount(found.rules, order)
        used_up = found.rules.uses is not None and code.uses + 1 >= found.rules.uses
        state = "redeemed" if used_up else "published" if code.state == "created" else code.state
        kept = {
            "use_id": use_id, "code_id": code.code_id, "member_id": ask.member_id, "reference": ask.reference,
            "store": order.store, "currency": order.currency,
            "total_minor": order.total_minor if order.currency is not None else None, "discount_minor": worth,
            "used_at": now, "returned_at": None,
        }  # fmt: skip
        columns = ("member_id", "reference", "store", "currency", "total_minor", "discount_minor", "used_at")
        values = [kept[column] for column in columns]
        await store.keep_use(connection, ask.tenant_id, use_id, code.code_id, found.pool_id, *values)
        await store.change(connection, ask.tenant_id, code.code_id, state, 1, now)
        event = telling.redeemed(found, kept, now, back=False)
        return telling.use(found, kept, state), event, ask.member_id or code.code_id

    async def _give_back(
        self, connection: asyncpg.Connection, ask: CodeAsk, now: datetime
    ) -> tuple[bytes, Outgoing | None, UUID]:
        assert ask.use_id is not None
        kept: dict[str, Any] | None = await store.use(connection, ask.tenant_id, ask.use_id)
        if kept is None:
            raise NotDone(Refusal("code-use-unknown", "Nothing of your company has this id."))
        found = await self._locked(connection, ask, kept["code_id"])
        kept = await store.use(connection, ask.tenant_id, ask.use_id)
        assert kept is not None
        if kept["returned_at"] is not None:
            return telling.use(found, kept, found.code.state), None, ask.use_id
        now = max(now, kept["used_at"])
        state = "published" if found.code.state == "redeemed" else found.code.state
        await store.return_use(connection, ask.tenant_id, ask.use_id, now)
        await store.change(connection, ask.tenant_id, found.code.code_id, state, -1, None)
        kept["returned_at"] = now
        event = telling.redeemed(found, kept, now, back=True)
        return telling.use(found, kept, state), event, kept["member_id"] or found.code.code_id

    async def _assign(
        self, connection: asyncpg.Connection, ask: CodeAsk, issue: UUID, now: datetime
    ) -> tuple[bytes, Outgoing | None, UUID]:
        assert ask.programme_id is not None
        assert ask.member_id is not None
        assert ask.pool is not None
        scope = (ask.tenant_id, ask.programme_id)
        taken = await take(connection, self.tools.keeper, scope, ask.pool, [Want(ask.member_id, issue)], now)
        if issue not in taken:
            raise NotDone(Refusal(_EXHAUSTED, f"There is no code of {ask.pool} to be had."))
        found = await store.find(connection, ask.tenant_id, taken[issue].code_id, lock=False)
        assert found is not None
        return telling.code(found), None, issue

    async def _with_text(self, connection: asyncpg.Connection, ask: CodeAsk, answer: ValueAnswer) -> ValueAnswer:
        view = CodeView.model_validate_json(bytes(answer.body))
        found = await store.find(connection, ask.tenant_id, view.code_id, lock=False)
        assert found is not None
        text = self.tools.keeper.open(ask.tenant_id, view.code_id, found.row["sealed"])
        body = view.model_copy(update={"code": text}).model_dump_json()
        return replace(answer, body=msgspec.Raw(body.encode()))

    async def _mark(
        self, connection: asyncpg.Connection, ask: CodeAsk, now: datetime
    ) -> tuple[bytes, Outgoing | None, UUID]:
        """Publish a code, or make it void."""
        found = await self._locked(connection, ask, self._code_id(ask))
        code_id, state, wanted = found.code.code_id, found.code.state, _MARKS[ask.operation]
        if state == wanted:
            return telling.code(found), None, code_id
        if state in ("redeemed", "void"):
            raise NotDone(Refusal("code-ended", f"The code is {state}."))
        if wanted == "void":
            await store.mark(connection, ask.tenant_id, code_id, wanted, voided=now)
            event = telling.voided(found, now)
            return telling.code(found, state=wanted, voided_at=now), event, found.code.member_id or code_id
        await store.mark(connection, ask.tenant_id, code_id, wanted, published=now)
        return telling.code(found, state=wanted, published_at=found.row["published_at"] or now), None, code_id

    async def _locked(self, connection: asyncpg.Connection, ask: CodeAsk, code_id: UUID) -> FoundCode:
        found = await store.find(connection, ask.tenant_id, code_id, lock=True)
        if found is None:
            why = await self._nothing(connection, ask)
            raise NotDone(Refusal(_UNKNOWN, why.detail), reasons=[(why.code, why.detail)])
        return found

    def _code_id(self, ask: CodeAsk) -> UUID:
        if ask.code_id is not None:
            return ask.code_id
        assert ask.code is not None
        return self.tools.keeper.names.of(ask.tenant_id, ask.code)


_MAKES = ("redeem", "assign")
_MARKS = {"publish": "published", "void": "void"}
