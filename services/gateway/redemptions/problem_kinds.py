"""What may be wrong with a redemption, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.problem_kind import kind_of

REDEMPTIONS = (
    kind_of(
        "redemption-unknown",
        404,
        "No such redemption",
        "No redemption of your company has this id.",
    ),
    kind_of(
        "insufficient-points",
        409,
        "There are not so many points",
        "The member has fewer points to spend than are asked for. `POST /v1/redemptions:quote` tells "
        "how many there are.",
    ),
    kind_of(
        "in-debt",
        409,
        "Points are owed",
        "Points of a purchase that came back had been spent already. Nothing is redeemed until later points have "
        "repaid them.",
    ),
    kind_of(
        "hold-expired",
        409,
        "The hold is over",
        "The time of the hold has passed, so its points are free again. Begin a new redemption.",
    ),
    kind_of(
        "hold-ended",
        409,
        "Nothing is held any more",
        "The hold was committed or released already. `GET /v1/redemptions/{id}` tells how it ended.",
    ),
    kind_of(
        "member-merged",
        409,
        "The member was merged into another",
        "What a member redeemed before a merge is given back once the merge is undone, or to the surviving member by "
        "an adjustment. New redemptions name the surviving member; identifiers lead there.",
    ),
    kind_of("hold-extended", 409, "The hold was put off already", "The end of a hold can be put off once."),
    kind_of(
        "not-redeemed",
        409,
        "There is nothing to give back",
        "Only what was redeemed is cancelled, and each point once. A hold is released instead.",
    ),
    kind_of(
        "points-exceeded",
        422,
        "More points than there are",
        "A commit takes at most what is held, a cancellation gives back at most what has not come back yet.",
    ),
    kind_of(
        "payment-not-offered",
        422,
        "Points pay no bills here",
        "The programme in force has no rate at which points of a member of this level pay now.",
    ),
    kind_of(
        "currency-mismatch",
        422,
        "Another currency",
        "Points pay bills in the programme's currency alone.",
    ),
    kind_of(
        "payment-below-minimum",
        409,
        "Too few points to pay with",
        "The programme takes no fewer points than its minimum, and none that pay nothing.",
    ),
    kind_of(
        "payment-step",
        422,
        "Points are taken in steps",
        "The programme takes points in multiples of its step; leave `points` out to have the number found.",
    ),
    kind_of(
        "not-a-payment",
        409,
        "Nothing was paid by it",
        "The redemption pays no bill, so nothing of a bill can come back. Say how many points come back instead.",
    ),
    kind_of(
        "returned-exceeded",
        422,
        "More came back than was bought",
        "All that is returned of a bill is no more than the bill.",
    ),
    kind_of("wallet-unknown", 422, "No such wallet", "The programme in force has no wallet of this name."),
    kind_of(
        "redemption-away",
        503,
        "It can't be redeemed right now",
        "The service that spends points does not answer. It is not known whether it was done: repeat it after "
        "`Retry-After` seconds, with the same Idempotency-Key. It counts once.",
    ),
)
