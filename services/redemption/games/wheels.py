"""A turn of a prize wheel: paid, numbered, spun and won in one transaction."""

from __future__ import annotations

from libs.games import wheel
from libs.games.chance import holder_of
from libs.games.documents import Sector, Wheel
from libs.runtime.seal import Seal
from services.redemption.domain import Refusal
from services.redemption.games import store, telling
from services.redemption.games.keeping import seal_context
from services.redemption.games.store import Game, Spun, Win
from services.redemption.games.tickets import CLOSED, not_a_draft, reference
from services.redemption.games.turn import Turn, admit
from services.redemption.store import Locked
from services.redemption.values import NotDone


async def spin(turn: Turn, game: Game, locked: Locked, word: str, seal: Seal) -> bytes:
    """Spin a wheel for a member: by a ticket where there is one, else for its price, so often a day."""
    what, member_id, connection = game.what, locked.name[2], turn.connection
    if not isinstance(what, Wheel):
        raise NotDone(Refusal("not-a-wheel", f"It is a {game.kind}."))
    wallet = next(iter(turn.rules.scales))
    known = await store.spin(connection, game, turn.name)
    if known is not None:  # the answer under the key is forgotten, what was done under it is not
        return telling.spin(game, known, _gives(what, known["sector"]), wallet)
    not_a_draft(game)
    await admit(turn, what.audience, member_id)
    day = turn.now.astimezone(turn.rules.zone).date()
    ticket = await store.ticket_to_spin(connection, game, member_id)
    price = 0 if ticket is not None else what.spin
    if ticket is not None:
        await store.use_ticket(connection, game, ticket)
    elif await store.spun_on(connection, game, member_id, day) >= what.per_day:
        raise NotDone(Refusal("spins-exceeded", f"A member may spin {what.per_day} times a day."))
    await turn.pay(locked, price, what.wallet, reference(game))
    number = await store.number_spin(connection, game, turn.now)
    if number is None:
        raise NotDone(CLOSED)
    seed = seal.open(await store.sealed_seed(connection, game), seal_context(game.game_id))
    left = await store.stock(connection, game)  # read behind the game's lock, which the number has taken
    holder = holder_of(game.game_id, member_id)
    sector = wheel.spin(seed, game.game_id, number, holder, word, what.odds, left)
    if sector in left:
        await store.take_stock(connection, game, sector)
    paid = turn.name if price else None
    spun = Spun(number, turn.name, member_id, word, sector, price, paid, ticket, day, turn.now)
    await store.keep_spin(connection, game, spun)
    gives = _gives(what, sector)
    if gives is not None:
        await store.keep_wins(connection, game, [Win(number, number, member_id, sector)], turn.now)
        turn.tell(member_id, telling.won(game, turn.rules, member_id, sector, number, gives, turn.now))
    return telling.spin(game, spun._asdict(), gives, wallet)


def _gives(what: Wheel, name: str) -> Sector | None:
    sector = next(each for each in what.sectors if each.name == name)
    return None if sector.nothing else sector
