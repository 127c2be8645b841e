"""Games are made, changed while they are drafts, and opened: from then on everybody knows what they are drawn by."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from libs.codes.pattern import Random
from libs.contracts.events import GameOpenedV1
from libs.games.chance import SEED_BYTES, commitment
from libs.games.documents import Auction, DocumentInvalid, Gives, Lottery, Wheel, parse_badge, parse_game, plain
from libs.runtime.seal import Seal
from services.redemption.domain import Refusal, Rules
from services.redemption.games import store, telling
from services.redemption.games.store import Game
from services.redemption.games.turn import Turn
from services.redemption.values import NotDone

_INVALID = "game-invalid"


async def put(turn: Turn, name: str, document: dict[str, Any] | None, seen: int | None) -> bytes:
    """Make a game, or change a draft that is as it was `seen` (0: there was none); the same again changes nothing."""
    try:
        what = parse_game(document)
    except DocumentInvalid as invalid:
        raise _not_valid(invalid) from None
    _check(what, turn.rules)
    connection, said = turn.connection, plain(what)
    known = await store.find(connection, *turn.scope, name, lock=True)
    if seen is not None and seen != (0 if known is None else known.row["version"]):
        raise NotDone(Refusal("precondition-failed", "Somebody has written it meanwhile."))
    if known is not None and known.state != "draft":
        raise NotDone(Refusal("game-open", f"It is {known.state}: what it says stays so."))
    if known is None or known.row["document"] != said:
        await store.put(connection, turn.scope, known.game_id if known else turn.name, name, what, said, turn.now)
    return await told(turn, name)


async def open_game(turn: Turn, game: Game, seal: Seal, random: Random) -> bytes:
    """Let a draft be played: its seed is made and the commitment told. Once it is open, it stays so."""
    if game.state == "draft":
        if game.closes_at <= turn.now:
            raise NotDone(Refusal("game-over", "Its time is over already."))
        promise, sealed = None, None
        if not isinstance(game.what, Auction):
            seed = random(SEED_BYTES)
            promise, sealed = commitment(seed), seal.close(seed, seal_context(game.game_id))
        await store.open_game(turn.connection, game, promise, sealed, turn.now)
        data = {
            **telling.named(game), "opens_at": game.opens_at, "closes_at": game.closes_at,
            "commitment": None if promise is None else promise.hex(),
        }  # fmt: skip
        turn.event(GameOpenedV1.event_type, game.game_id, game.game_id, data)
    return await told(turn, game.name)


async def put_badge(turn: Turn, name: str, document: dict[str, Any] | None) -> bytes:
    """Make a badge, or say something else of it."""
    try:
        said = plain(parse_badge(document))
    except DocumentInvalid as invalid:
        raise _not_valid(invalid) from None
    await store.put_badge(turn.connection, turn.scope, name, said, turn.now)
    return telling.badge(name, turn.rules.programme, said, turn.now)


async def told(turn: Turn, name: str) -> bytes:
    """A game as it stands now."""
    game = await store.find(turn.connection, *turn.scope, name, lock=False)
    assert game is not None
    standing = await store.standing(turn.connection, game) if isinstance(game.what, Auction) else None
    return telling.game(game, await store.stock(turn.connection, game), standing)


def seal_context(game_id: UUID) -> str:
    """What ties a sealed seed to its game."""
    return f"game {game_id}"


def _check(what: Lottery | Wheel | Auction, rules: Rules) -> None:
    """Refuse wallets that the programme has not."""
    gives: list[tuple[str, Gives]] = []
    if isinstance(what, Auction):
        gives = [("prize", what.prize)]
    elif isinstance(what, Wheel):
        gives = [(f"sectors[{at}]", each) for at, each in enumerate(what.sectors)]
    else:
        gives = [(f"prizes[{at}]", each) for at, each in enumerate(what.prizes)]
    faults = [
        (f"{path}wallet", f"the programme has the wallets {', '.join(rules.scales)}")
        for path, wallet in (("", what.wallet), *((f"{path}.", each.wallet) for path, each in gives))
        if wallet is not None and wallet not in rules.scales
    ]
    if faults:
        raise _not_valid(DocumentInvalid(faults))


def _not_valid(invalid: DocumentInvalid) -> NotDone:
    return NotDone(Refusal(_INVALID, str(invalid)), reasons=[(path or "document", why) for path, why in invalid.faults])
