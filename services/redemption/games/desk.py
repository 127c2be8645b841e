"""Requests about games, each in one transaction: key, lock, load, decide, save, tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

import asyncpg
import msgspec

from libs.contracts.codes import ValueAnswer
from libs.contracts.games import GameAsk
from libs.runtime.failpoint import reach
from libs.runtime.seal import Seal
from services.redemption import store as requests
from services.redemption.deciding import NO_VERSION, UNKNOWN_MEMBER, Known, RequestName, id_of
from services.redemption.domain import Refusal
from services.redemption.games import auctions, badges, ending, keeping, store, tickets, wheels
from services.redemption.games.store import Game
from services.redemption.games.turn import Turn
from services.redemption.handlers import again
from services.redemption.store import Locked
from services.redemption.values import NotDone, Tools, replay

_UNKNOWN = Refusal("game-unknown", "The programme has no game of this name.")
_MAKES = frozenset({"buy", "spin", "bid", "give_badge"})
_OF_MEMBERS = frozenset({"buy", "spin", "give_badge"})
"""What is decided behind the lock of one member; a bid locks its game first, and then all whom it touches."""


@dataclass(frozen=True, slots=True)
class GameDesk:
    """Where requests about games are served; `seal` keeps seeds from who reads the database."""

    tools: Tools
    seal: Seal

    async def serve(self, ask: GameAsk) -> ValueAnswer:
        """Serve one request.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists: it is not known whether it was done.
        """
        try:
            return await again(partial(self._serve, ask))
        except NotDone as error:
            return error.answer

    async def end_due(self, most: int) -> int:
        """End games whose time is over, so many at once at most; return how many they were.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        now = self.tools.clock.now()
        due = await store.to_end(self.tools.pool, now, most)
        for tenant_id, programme_id, name in due:
            await again(partial(self._end, (tenant_id, programme_id), name, now))
        return len(due)

    async def _serve(self, ask: GameAsk) -> ValueAnswer:
        now, scope = self.tools.clock.now(), (ask.tenant_id, ask.programme_id)
        rules = self.tools.programmes.of(scope, now)
        if rules is None:
            raise NotDone(NO_VERSION)
        digest = ask.key or f"{ask.programme_id} {ask.name}".encode()
        request = RequestName(ask.tenant_id, ask.credential, f"game-{ask.operation}", digest)
        name, made = id_of(request), ask.operation in _MAKES
        async with self.tools.pool.acquire() as connection, connection.transaction():
            begun = await self._begin(connection, ask, request, now)
            if isinstance(begun, Known):
                return replay(begun, ask.fingerprint, made=made)
            turn = Turn(connection, rules, scope, name, now)
            body = await self._do(turn, ask, begun)
            if ask.key:
                await requests.keep_answer(connection, request, body)
            await requests.tell(connection, now, turn.events)
            reach("before-commit")
        self.tools.committed(list(turn.events))
        return ValueAnswer(msgspec.Raw(body), made=made)

    async def _begin(
        self, connection: asyncpg.Connection, ask: GameAsk, request: RequestName, now: datetime
    ) -> Known | Locked | None:
        """Take the key, and lock the member of what is decided behind such a lock; what is written needs no key."""
        if not ask.key:
            await requests.see(connection, ask.tenant_id)
            return None
        whose = None
        if ask.operation in _OF_MEMBERS and ask.member_id is not None:
            whose = (ask.programme_id, ask.member_id)
        return await requests.begin(connection, request, ask.fingerprint, now, whose, id_of(request))

    async def _do(self, turn: Turn, ask: GameAsk, locked: Locked | None) -> bytes:
        if ask.operation in _OF_MEMBERS:
            if locked is None:
                raise NotDone(UNKNOWN_MEMBER)
            return await self._play(turn, ask, locked)
        match ask.operation:
            case "put":
                return await keeping.put(turn, ask.name, ask.document, ask.version)
            case "put_badge":
                return await keeping.put_badge(turn, ask.name, ask.document)
        game = await game_of(turn, ask.name)
        match ask.operation:
            case "open":
                return await keeping.open_game(turn, game, self.seal, self.tools.random)
            case "end":
                return await ending.end(turn, game, self.seal)
            case _:
                assert ask.member_id is not None
                assert ask.points is not None
                return await auctions.bid(turn, game, ask.member_id, ask.points)

    async def _play(self, turn: Turn, ask: GameAsk, locked: Locked) -> bytes:
        if ask.operation == "give_badge":
            return await badges.give(turn, locked.name[2], ask.name, ask.quantity, ask.credential[:64])
        game = await game_of(turn, ask.name, lock=False)
        if ask.operation == "buy":
            return await tickets.buy(turn, game, locked, ask.quantity)
        return await wheels.spin(turn, game, locked, ask.word, self.seal)

    async def _end(self, scope: tuple[int, int], name: str, now: datetime) -> None:
        """End a game by the clock; whoever was faster has done it."""
        rules = self.tools.programmes.of(scope, now)
        if rules is None:
            return
        async with self.tools.pool.acquire() as connection, connection.transaction():
            await requests.see(connection, scope[0])
            game = await store.find(connection, *scope, name, lock=True)
            if game is None or game.state != "open" or game.closes_at > now:
                return
            turn = Turn(connection, rules, scope, game.game_id, now)
            await ending.end(turn, game, self.seal)
            await requests.tell(connection, now, turn.events)
            reach("before-commit")
        self.tools.committed(list(turn.events))


async def game_of(turn: Turn, name: str, *, lock: bool = True) -> Game:
    """Return a game.

    Raises:
        NotDone: there is none of this name.
    """
    game = await store.find(turn.connection, *turn.scope, name, lock=lock)
    if game is None:
        raise NotDone(_UNKNOWN)
    return game
