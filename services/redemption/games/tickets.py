"""Tickets: bought with points, granted by campaigns, and taken back with the purchase that granted them."""

from __future__ import annotations

from uuid import UUID

from libs.contracts.events import TicketIssuedV1
from libs.games.documents import Auction, Lottery
from services.redemption.deciding import GAMES
from services.redemption.domain import Refusal
from services.redemption.games import store, telling
from services.redemption.games.store import Game
from services.redemption.games.turn import Turn, admit
from services.redemption.store import Locked
from services.redemption.values import NotDone

CLOSED = Refusal("game-not-open", "It is not open now.")
_MOST = 2**31 - 1


async def buy(turn: Turn, game: Game, locked: Locked, count: int) -> bytes:
    """Let a member buy tickets of a lottery."""
    what, member_id = game.what, locked.name[2]
    if not isinstance(what, Lottery) or what.ticket is None:
        raise NotDone(Refusal("no-tickets-sold", "Its tickets are not sold."))
    known = await store.tickets_under(turn.connection, game, turn.name)
    if known is not None:  # the answer under the key is forgotten, what was done under it is not
        return telling.tickets(game, known)
    not_a_draft(game)
    await admit(turn, what.audience, member_id)
    had = await store.bought(turn.connection, game, member_id)
    if had + count > (_MOST if what.per_member is None else what.per_member):
        detail = f"A member may buy {what.per_member}; {had} are bought."
        raise NotDone(Refusal("tickets-exceeded", detail))
    await turn.pay(locked, what.ticket * count, what.wallet, reference(game))
    return await _issue(turn, game, member_id, count, what.ticket * count, None)


async def grant(turn: Turn, game: Game, member_id: UUID, count: int, campaign: str) -> bytes:
    """Give a member tickets that a campaign granted; of a wheel they are spins that cost nothing."""
    if isinstance(game.what, Auction):
        raise NotDone(Refusal("no-tickets-sold", "An auction has no tickets."))
    known = await store.tickets_under(turn.connection, game, turn.name)
    if known is not None:
        return telling.tickets(game, known)
    return await _issue(turn, game, member_id, count, 0, campaign)


async def take_back(turn: Turn, game: Game, member_id: UUID, count: int, campaign: str) -> int:
    """Take tickets of a campaign back as far as they still count; what was drawn or spun stays. Return how many."""
    if game.state == "ended":
        return 0
    left = count
    for ticket_id, kept in await store.granted(turn.connection, game, member_id, campaign):
        gone = min(kept, left)
        if gone:
            await store.void_tickets(turn.connection, game, ticket_id, gone)
            left -= gone
    return count - left


async def _issue(turn: Turn, game: Game, member_id: UUID, count: int, points: int, campaign: str | None) -> bytes:
    early = campaign is not None
    first = await store.number_tickets(turn.connection, game, count, turn.now, early=early)
    if first is None:
        raise NotDone(CLOSED)
    await store.keep_tickets(turn.connection, game, turn.name, member_id, first, count, points, campaign, turn.now)
    data = {
        "member_id": member_id, **telling.named(game), "ticket_id": turn.name, "first": first, "count": count,
        "points": points, "campaign": campaign,
    }  # fmt: skip
    turn.event(TicketIssuedV1.event_type, turn.name, member_id, data)
    row = await store.tickets_under(turn.connection, game, turn.name)
    assert row is not None
    return telling.tickets(game, row)


def not_a_draft(game: Game) -> None:
    """Refuse a game that was a draft when it was looked at: it may have been opened since with other words.

    Raises:
        NotDone: it was one.
    """
    if game.state == "draft":
        raise NotDone(CLOSED)


def reference(game: Game) -> str:
    """What a game calls the redemptions that pay for it; no caller may use such a name."""
    return f"{GAMES}{game.name}"
