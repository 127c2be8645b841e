"""Bids and the end of auctions. An auction is locked before the members whom it names, and these in their order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from libs.contracts.events import BidOutbidV1, BidPlacedV1
from libs.games import auction
from libs.games.auction import Bid, Standing
from libs.games.documents import Auction
from libs.lives.life import Life
from services.redemption import domain
from services.redemption import store as requests
from services.redemption.deciding import BLOCKED, UNKNOWN_MEMBER
from services.redemption.domain import Redemption, Refusal
from services.redemption.games import store, telling
from services.redemption.games.store import Game, Win
from services.redemption.games.tickets import reference
from services.redemption.games.turn import Turn, admit, found
from services.redemption.store import Locked
from services.redemption.values import NotDone, part_of

PATIENCE = timedelta(days=7)
"""How long beyond its end the best bid of an auction stays held, should nobody be there to end it."""
_ASKED = 20
"""So many of those who bid most are asked whether they can pay."""
_NEVER_SAID = {
    "auction-not-open": "It is not open now.",
    "bid-too-low": "Somebody bids more; the least that is taken now is {least}.",
}


async def bid(turn: Turn, game: Game, member_id: UUID, points: int) -> bytes:
    """Take a bid: its points are held, and those of whoever is outbid are free at once. The game is locked."""
    what = game.what
    if not isinstance(what, Auction):
        raise NotDone(Refusal("not-an-auction", f"It is a {game.kind}."))
    connection, standing = turn.connection, await store.standing(turn.connection, game)
    known = await store.bid(connection, game, turn.name)
    if known is not None:  # the answer under the key is forgotten, what was done under it is not
        return telling.bid(game, what, known, standing)
    fault = "auction-not-open" if game.state != "open" else auction.fault(what.rules, standing, points, turn.now)
    if fault is not None:
        raise NotDone(Refusal(fault, _NEVER_SAID[fault].format(least=auction.least(what.rules, standing))))
    await admit(turn, what.audience, member_id)
    made = Bid(turn.name, member_id, points, turn.now)
    after, before = auction.taken(what.rules, standing, made), standing.best
    people = {member_id} if before is None else {member_id, before.member_id}
    locked = await store.lock_members(connection, turn.scope, sorted(people))
    if member_id not in locked:
        raise NotDone(UNKNOWN_MEMBER)
    changed: list[Redemption] = []
    held = await _held(turn, before, locked)
    frees = turn.name if held is None else held.redemption_id
    theirs = [(each, turn.name if who == member_id else frees) for who, each in locked.items()]
    lives = await turn.lives(theirs, [] if held is None else [held])
    if held is not None:
        made_free = domain.released(lives[held.name], held, turn.cause(held.redemption_id), turn.now)
        changed.append(found(made_free).redemption)
    mine = lives[locked[member_id].name]
    rest = after.ends_at - turn.now + PATIENCE
    changed.append(found(turn.take(mine, made.bid_id, points, what.wallet, reference(game), rest)))
    await turn.save([(each, lives[each.name]) for each in locked.values()], changed)
    if before is not None:
        await store.mark_bid(connection, game, before.bid_id, "outbid")
    await store.keep_bid(connection, game, made, after, turn.now)
    _tell(turn, game, after, made, before)
    row = await store.bid(connection, game, made.bid_id)
    assert row is not None
    return telling.bid(game, what, row, after)


async def settle(turn: Turn, game: Game, what: Auction) -> list[Win]:
    """Let the best bid pay and win; where it can't, the next best who can. The game is locked and over."""
    connection = turn.connection
    standing, bids = await store.standing(connection, game), await store.bids(connection, game, _ASKED)
    if not bids:
        return []
    locked = await store.lock_members(connection, turn.scope, sorted({each.member_id for each in bids}))
    held = await _held(turn, standing.best, locked)
    pays_by = {each.member_id: _pays_by(game, each, held) for each in bids}
    lives = await turn.lives([(each, pays_by[who]) for who, each in locked.items()], [] if held is None else [held])
    for each in auction.ranked(bids):
        if each.member_id not in locked:
            continue
        member = locked[each.member_id]
        made = _pays(turn, game, what, each, lives[member.name], held)
        if isinstance(made, Refusal):
            continue
        await turn.save([(member, lives[member.name])], [made])
        if standing.best is not None and standing.best.bid_id != each.bid_id:
            await store.mark_bid(connection, game, standing.best.bid_id, "lost")
        await store.mark_bid(connection, game, each.bid_id, "won")
        turn.tell(each.member_id, telling.won(game, turn.rules, each.member_id, game.name, 1, what.prize, turn.now))
        return [Win(1, 1, each.member_id, game.name, made.redemption_id)]
    return []


def _pays_by(game: Game, bid: Bid, held: Redemption | None) -> UUID:
    """The redemption by which a bid pays: the one that holds its points, else one that is made when it comes to it."""
    return bid.bid_id if held is not None and held.redemption_id == bid.bid_id else part_of(bid.bid_id, game.game_id)


def _pays(turn: Turn, game: Game, what: Auction, bid: Bid, life: Life, held: Redemption | None) -> Redemption | Refusal:
    """Redeem what a bid holds; where it holds nothing any more, what its member has, who must not be blocked."""
    name = _pays_by(game, bid, held)
    if held is not None and held.redemption_id == name:
        made = domain.committed(life, held, turn.cause(name), None, turn.now, turn.rules.zone)
        return made if isinstance(made, Refusal) else made.redemption
    if bid.member_id in turn.rules.blocked:
        return BLOCKED
    return turn.take(life, name, bid.points, what.wallet, reference(game))


async def _held(turn: Turn, best: Bid | None, locked: Mapping[UUID, Locked]) -> Redemption | None:
    """What the best bid holds; None where somebody has released it, or its member is gone."""
    if best is None or best.member_id not in locked:
        return None
    kept = (await requests.load_redemptions(turn.connection, turn.scope[0], [best.bid_id])).get(best.bid_id)
    return kept if kept is not None and domain.not_held(kept, turn.now) is None else None


def _tell(turn: Turn, game: Game, after: Standing, made: Bid, before: Bid | None) -> None:
    shared = {**telling.named(game), "ends_at": after.ends_at}
    data = {"member_id": made.member_id, **shared, "bid_id": made.bid_id, "points": made.points}
    turn.event(BidPlacedV1.event_type, made.bid_id, made.member_id, data)
    if before is not None and before.member_id != made.member_id:
        data = {"member_id": before.member_id, **shared, "bid_id": before.bid_id, "points": before.points}
        turn.event(BidOutbidV1.event_type, before.bid_id, before.member_id, data | {"best": made.points})
