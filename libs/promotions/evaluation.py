"""What the engine answers: frozen values, and the compact record that is stored with every decision.

Exact amounts are numerators over the denominator of their wallet (`Remainder.denominator`), in the wallet's minor
units. The structs are encoded as arrays, so `msgspec.json.encode(evaluation)` writes the same as its record.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, convert, to_builtins

from libs.promotions.expressions import EXHAUSTED

RULE_ERROR = "cel-error:"
"""How the condition of a `Failed` begins whose expression could not be evaluated."""

OUTRANKED = "outranked-by:"
"""How the condition of a `Failed` begins that lost inside its stacking group; the winner's id follows."""

EXCLUDED = "excluded-by:"
"""How the condition of a `Failed` begins that may not pay beside a stronger one; that one's id follows."""

COMPANY = "only-with"
"""The condition of a `Failed` that pays beside others alone, none of which pays."""

TOO_MANY = "too-many-campaigns"
"""The condition of a `Failed` beyond the campaigns that may pay on one receipt."""

LIMITED = "limit:"
"""How the condition of a `Failed` begins whose times or orders are used up; the counter's key follows."""


RESERVED = "reserved:"
"""How the condition of a `Failed` begins whose reward is for other levels; the reward follows. What else the campaign
gives stands."""


class Grant(Struct, frozen=True, array_like=True, gc=False):
    """Whole points for a wallet, above 0."""

    wallet: str
    points: int


class Paid(Struct, frozen=True, array_like=True, gc=False):
    """A campaign that pays. `basis` is what it counted: minor units, full steps, 1, or a numerator of base points.

    `effect` is the number of the effect that pays, from 0, of a campaign that has several.
    """

    campaign: str
    wallet: str
    basis: int
    before: int
    amount: int
    effect: int = 0


class Failed(Struct, frozen=True, array_like=True, gc=False):
    """A candidate that pays nothing, and the first condition that did not hold."""

    campaign: str
    condition: str


class Capped(Struct, frozen=True, array_like=True, gc=False):
    """A campaign whose amount a limit cut; `limit` is `transaction` or the counter's key. `amount` may be 0.

    A discount that was cut has the programme's currency as its wallet.
    """

    campaign: str
    wallet: str
    limit: str
    basis: int
    before: int
    amount: int
    effect: int = 0


class Remainder(Struct, frozen=True, array_like=True, gc=False):
    """Exact points minus whole points of a wallet: `numerator / denominator`, negative when rounded up."""

    wallet: str
    numerator: int
    denominator: int


class Discount(Struct, frozen=True, array_like=True, gc=False):
    """Minor units off a line, by its number on the receipt, or off the whole (None); `reason` is the kind of effect.

    Free shipping of a basket without a line for it is 0 off the whole.
    """

    campaign: str
    line: int | None
    amount_minor: int
    reason: str


class Granted(Struct, frozen=True, array_like=True, gc=False):
    """Something that is neither points nor money off: its kind, what its owner calls it, and how many."""

    campaign: str
    kind: str
    reference: str
    quantity: int


class Use(Struct, frozen=True, array_like=True, gc=False):
    """What to add to a counter, in its unit; the counter must not pass `limit` by it."""

    key: str
    points: int
    limit: int


class Evaluation(Struct, frozen=True, array_like=True, gc=False):
    """The decision on one receipt. `reason` says why nothing was evaluated: `currency` or `points-out-of-range`."""

    version: int
    reason: str | None = None
    grants: tuple[Grant, ...] = ()
    paid: tuple[Paid, ...] = ()
    failed: tuple[Failed, ...] = ()
    capped: tuple[Capped, ...] = ()
    remainders: tuple[Remainder, ...] = ()
    uses: tuple[Use, ...] = ()
    discounts: tuple[Discount, ...] = ()
    granted: tuple[Granted, ...] = ()

    @property
    def gives(self) -> bool:
        """Whether anything at all comes of it, and counts against limits."""
        return bool(self.grants or self.discounts or self.granted)

    @property
    def campaigns(self) -> tuple[str, ...]:
        """Ids of the campaigns that paid, each once."""
        names = [paid.campaign for paid in self.paid]
        names += [discount.campaign for discount in self.discounts]
        names += [granted.campaign for granted in self.granted]
        return tuple(dict.fromkeys(names))

    @property
    def rule_errors(self) -> tuple[Failed, ...]:
        """Campaigns whose expression failed: to be counted and shown to the operator."""
        return tuple([failed for failed in self.failed if failed.condition.startswith(RULE_ERROR)])


def ran_out(failed: Failed) -> bool:
    """Tell whether a campaign failed because its expression took too many steps."""
    return failed.condition == RULE_ERROR + EXHAUSTED


def to_record(evaluation: Evaluation) -> list[Any]:
    """Turn an evaluation into lists, ints and strings, in the order of the fields."""
    record: list[Any] = to_builtins(evaluation)
    return record


def from_record(record: object) -> Evaluation:
    """Read what `to_record` made, also after a trip through JSON.

    Raises:
        msgspec.ValidationError: it is not such a record.
    """
    return convert(record, Evaluation)
