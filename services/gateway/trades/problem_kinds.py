"""What may be wrong with a trade, beside what may be wrong with any request about points."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

TRADES = (
    kind_of(
        "trade-not-offered",
        409,
        "This is not offered",
        "The programme in force has no rate at which points are bought, exchanged, donated or lent so now. "
        "`GET /v1/trade-offers` lists what it offers.",
    ),
    kind_of(
        "price-differs",
        409,
        "The price is another",
        "What was paid is not what so many points cost now; the detail says how much that is. Nothing was done.",
    ),
    kind_of(
        "trade-too-small",
        422,
        "Too few points to trade",
        "The programme trades no fewer points than its minimum, and none that are worth nothing.",
    ),
    kind_of("trade-step", 422, "Points are traded in steps", "Send a multiple of the programme's step."),
    kind_of(
        "trade-limit",
        409,
        "The member's limit is reached",
        "The programme's limits let the member trade no more in this period.",
    ),
    kind_of(
        "loan-limit",
        409,
        "More would be lent than may be",
        "What is lent to the member, with what was asked for and its fee, would be more than may be lent at a time. "
        "`POST /v1/point-loans/quote` tells how much may be.",
    ),
    kind_of(
        "loan-open",
        409,
        "Points are lent to the member",
        "While points are lent to a member, none leave for another programme: a share of each credit repays them.",
    ),
    kind_of(
        "pool-closed",
        409,
        "The campaign takes nothing now",
        "The charity has no campaign of this name, or it has not begun, or is over.",
    ),
    kind_of(
        "trade-final",
        409,
        "What was traded is not given back",
        "Points that were bought, exchanged, donated or lent stay so; `pointstream adjust` corrects a mistake.",
    ),
    kind_of("donation-unknown", 404, "No such donation", "No donation of your company has this id."),
)
