"""What may be wrong with a request about a game, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

GAMES = (
    kind_of("game-unknown", 404, "No such game", "The programme has no game of this name."),
    kind_of("badge-unknown", 404, "No such badge", "The programme has no badge of this name."),
    kind_of(
        "record-unknown",
        404,
        "There is no record",
        "A lottery or a wheel has one when it has ended.",
    ),
    kind_of(
        "game-invalid",
        422,
        "The document says what can't be",
        "`errors` has every fault with its place in the document. docs/games.md tells what games say.",
    ),
    kind_of("game-open", 409, "The game is open", "What it says counts since it was opened, and can't change."),
    kind_of("game-over", 409, "The time of the game is over", "It closes before it would open."),
    kind_of("game-not-open", 409, "The game is not open", "It has not begun, has ended, or is a draft."),
    kind_of("game-not-over", 409, "The game is not over", "A lottery or an auction ends when its time is over."),
    kind_of("game-for-others", 409, "The game is for others", "Its audience is of a tier, a segment or a list."),
    kind_of("no-tickets-sold", 409, "No tickets are sold", "Campaigns alone grant them, or it is no lottery."),
    kind_of("tickets-exceeded", 409, "So many tickets nobody may buy", "The lottery says how many a member may."),
    kind_of("spins-exceeded", 409, "Enough for today", "The wheel says how often a member may spin in a day."),
    kind_of("not-a-wheel", 409, "It is no wheel", "Only wheels are spun."),
    kind_of("not-an-auction", 409, "It is no auction", "Only at auctions members bid."),
    kind_of("auction-not-open", 409, "The auction is not open", "It has not begun, or has ended."),
    kind_of(
        "bid-too-low",
        409,
        "Somebody bids more",
        "`detail` says what is the least that is taken now. Nothing was held; the same Idempotency-Key may be used.",
    ),
    kind_of(
        "redemption-of-game",
        409,
        "The points are a game's",
        "They pay for tickets, a spin or a bid: the game alone decides what becomes of them.",
    ),
)
