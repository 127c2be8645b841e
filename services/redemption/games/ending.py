"""Games end: lotteries are drawn, wheels stop, auctions are settled, and the seed is told."""

from __future__ import annotations

from libs.contracts.events import GameEndedV1
from libs.games.chance import digest
from libs.games.documents import Auction, Lottery, Wheel
from libs.games.lottery import draw
from libs.runtime.seal import Seal
from services.redemption.domain import Refusal
from services.redemption.games import auctions, store, telling
from services.redemption.games.keeping import seal_context, told
from services.redemption.games.store import Game, Win
from services.redemption.games.turn import Turn
from services.redemption.values import NotDone


async def end(turn: Turn, game: Game, seal: Seal) -> bytes:
    """End a game that is locked: when its time is over, a wheel also before. Once it has ended it stays so."""
    if game.state == "draft":
        raise NotDone(Refusal("game-not-open", "It was never opened."))
    if game.state == "open":
        if turn.now < game.closes_at and not isinstance(game.what, Wheel):
            raise NotDone(Refusal("game-not-over", f"It is open until {game.closes_at.isoformat()}."))
        await _end(turn, game, seal)
    return await told(turn, game.name)


async def _end(turn: Turn, game: Game, seal: Seal) -> None:
    seed: bytes | None = None
    promise: bytes | None = None
    wins: list[Win] = []
    if isinstance(game.what, Auction):
        wins = await auctions.settle(turn, game, game.what)
    else:
        seed = seal.open(await store.sealed_seed(turn.connection, game), seal_context(game.game_id))
    if isinstance(game.what, Lottery) and seed is not None:
        promise, wins = await _draw(turn, game, game.what, seed)
    won = await store.won(turn.connection, game) + sum(win.prize is not None for win in wins)
    await store.keep_wins(turn.connection, game, wins, turn.now)
    await store.end(turn.connection, game, seed, promise, turn.now)
    data = {
        **telling.named(game), "seed": None if seed is None else seed.hex(),
        "entries_digest": None if promise is None else promise.hex(), "tickets": game.row["tickets"],
        "spins": game.row["spins"], "winners": won,
    }  # fmt: skip
    turn.event(GameEndedV1.event_type, game.game_id, game.game_id, data)


async def _draw(turn: Turn, game: Game, what: Lottery, seed: bytes) -> tuple[bytes, list[Win]]:
    """Draw a lottery; its prizes go out, substitutes are kept."""
    entries, people = await store.entries(turn.connection, game)
    drawn = draw(seed, game.game_id, entries, what.pieces, once=what.once, substitutes=what.substitutes)
    prizes = {prize.name: prize for prize in what.prizes}
    wins = [Win(each.place, each.number, people[each.holder], each.prize) for each in drawn]
    for win in wins:
        if win.prize is not None:
            gives, rules = prizes[win.prize], turn.rules
            turn.tell(win.member_id, telling.won(game, rules, win.member_id, win.prize, win.number, gives, turn.now))
    return digest(entries), wins
