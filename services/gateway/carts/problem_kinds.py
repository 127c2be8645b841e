"""What may be wrong with a cart, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

CARTS = (
    kind_of("cart-unknown", 404, "No such cart", "Your company has no cart of this id."),
    kind_of(
        "cart-not-possible",
        409,
        "Not all of it counts",
        "A cart is set aside whole or not at all. `errors` has every reason, with the place of what does not count or "
        "pay. Nothing was done; leave it out, and ask under a new Idempotency-Key.",
    ),
    kind_of("cart-ended", 409, "The cart is not held", "It was bought, was let go, or its time is over."),
    kind_of(
        "receipt-has-cart",
        409,
        "The receipt has another cart",
        "A receipt has one cart. Let the other go first, if nothing was bought with it.",
    ),
)
