"""What may be wrong with a redemption, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

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
        "standing-order-unknown",
        404,
        "No such standing order",
        "No standing order of this member for this reward is switched on.",
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
        "New redemptions name the surviving member; identifiers lead there. What follows on a redemption from before "
        "the merge is asked over HTTP, by its id: what comes back goes to the surviving member.",
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
        "reward-unknown",
        404,
        "No such reward",
        "The catalogue of the programme has no reward of this name; `GET /v1/rewards` lists what there is.",
    ),
    kind_of(
        "reward-barred",
        409,
        "The member can't have this reward now",
        "It is for others, at other times or places, or something else is missing; the detail tells all of it. "
        "`POST /v1/redemptions:quote` tells every reason by its code.",
    ),
    kind_of(
        "reward-limit",
        409,
        "There is no more of it for now",
        "A member may have so many of it in a period, or all members together; the detail tells how many.",
    ),
    kind_of("reward-sold-out", 409, "It is sold out", "There are not so many pieces on stock."),
    kind_of(
        "reward-plan-unknown",
        422,
        "No such price",
        "The price plan does not exist, or not for this member, channel and time.",
    ),
    kind_of(
        "reward-points-outside",
        422,
        "So many points can't be paid",
        "The price does not slide, or not to so many points: it says from how many on, and in which steps.",
    ),
    kind_of(
        "answer-needed",
        422,
        "The order lacks an answer",
        "The reward's kind asks for something: a size, an address, a day. The detail tells what; send it as `answers`.",
    ),
    kind_of("order-unknown", 404, "No such order", "No order of your company has this id."),
    kind_of("order-ended", 409, "The order is over", "What was cancelled, returned or never ordered is not changed."),
    kind_of(
        "cancel-too-late",
        409,
        "It is too late to cancel",
        "By the rules of its kind a member can't give it up any more. An operator or partner may: `by`.",
    ),
    kind_of("quantity-exceeded", 422, "Not so many pieces", "An order gives back at most the pieces that are left."),
    kind_of(
        "points-not-divisible",
        422,
        "A reward is given back by the piece",
        "Say `quantity` instead of `points`: how much of the price comes back follows from the kind's rules.",
    ),
    kind_of(
        "step-not-possible",
        409,
        "This step is not possible",
        "The state does not follow on the order's own; `next` of the order tells which do.",
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
