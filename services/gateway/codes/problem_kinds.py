"""What may be wrong with a code or a gift card, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

CODES = (
    kind_of("code-unknown", 404, "No such code", "Your company has no such code; `detail` tells a typing error."),
    kind_of("pool-unknown", 404, "No such pool", "The programme has no pool of codes of this name."),
    kind_of("code-use-unknown", 404, "No such redemption", "No redemption of a code of your company has this id."),
    kind_of(
        "code-not-valid",
        409,
        "The code does not count",
        "`errors` has every reason: `/reasons/expired`, `/reasons/used-up` and so on. Nothing was done, and the same "
        "Idempotency-Key may be used again once it counts.",
    ),
    kind_of("code-ended", 409, "Nothing more is done with the code", "It is redeemed or void."),
    kind_of(
        "pool-exhausted",
        409,
        "There is no code left",
        "The pool has none to hand out, is stopped, or is none of the programme. Put more in with `pointstream codes`.",
    ),
    kind_of("code-not-drawn", 422, "The code can't be drawn", "Its text does not fit this kind of picture."),
    kind_of(
        "codes-guessed",
        429,
        "Too many codes that do not exist",
        "This key, or somebody in this member's name, has tried many codes or card numbers that are none. Wait for "
        "`Retry-After` seconds; until then no code is looked at.",
    ),
)
CARDS = (
    kind_of("card-unknown", 404, "No such gift card", "Your company has no gift card of this number or id."),
    kind_of("card-blocked", 409, "The gift card is blocked", "Somebody has blocked it; it can be unblocked."),
    kind_of("card-expired", 409, "The gift card has expired", "Its date has passed."),
    kind_of("balance-short", 409, "There is not so much on the card", "Pay a part with it, up to its balance."),
    kind_of("nothing-left", 409, "There is nothing on the card", "Nothing can be paid out."),
    kind_of(
        "no-cash-out",
        409,
        "It is not paid out in cash",
        "The rules of the card's jurisdiction do not ask for it at this balance. `goodwill` pays it out all the same.",
    ),
    kind_of("date-extended", 409, "Money keeps its date", "It does not move to a card that lapses later, or never."),
    kind_of("not-a-use", 422, "That is no payment", "A refund names the entry by which the card paid."),
    kind_of("refund-exceeded", 422, "More than was paid", "Of a payment each cent goes back once."),
    kind_of("same-card", 422, "It is the same card", "Money moves between two cards."),
    kind_of("currency-differs", 422, "Another currency", "A card pays in its own currency, and to cards in the same."),
    kind_of("law-unknown", 422, "No rules for this jurisdiction", "The file of jurisdictions does not list it."),
    kind_of("expiry-forbidden", 422, "The card may not expire", "The law of where it is sold lets no card expire."),
    kind_of("expiry-too-early", 422, "The card would expire too early", "The law of where it is sold asks for longer."),
    kind_of("expiry-past", 422, "The date has passed", "A card is not sold with a date in the past."),
)
