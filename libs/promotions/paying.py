"""The document's word on points as money: for how many of them how much of a bill is paid, and what follows for tax."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from libs.promotions.parts import Misplaced, Name, Part, Positive, Tiers, Timed, unless_written

Tax = Literal["payment", "discount"]


class PayRate(Timed):
    """So many points pay so much, in the currency's minor unit: for members of some levels, from an instant to another.

    The first rate that fits holds. Without `tiers` it fits everybody, without `since` and `until` at any time.
    """

    points: Positive
    minor: Positive
    tiers: Tiers = unless_written(())


class Payment(Part):
    """Points as money at a till: rates, the least that is taken, in which steps, and up to which share of a bill.

    `tax` says what points are for the tax on the bill: a `payment` leaves it as it is, a `discount` lessens it. It is
    told to the till, which reckons the tax.
    """

    wallet: Name | None = None
    rates: Annotated[tuple[PayRate, ...], Field(min_length=1, max_length=64)]
    min_points: Positive = 1
    step: Positive = 1
    max_percent: Annotated[int, Field(strict=True, ge=1, le=100)] = 100
    tax: Tax = "payment"

    def rate(self, tier: str | None, at: datetime) -> PayRate | None:
        """The rate for a member of this level at an instant; None when none fits."""
        return next((rate for rate in self.rates if rate.fits(tier, at)), None)


class Paid(NamedTuple):
    """What points pay of a bill: so many points, so much money."""

    points: int
    minor: int


PaymentRefusal = Literal["payment-below-minimum", "payment-step", "insufficient-points"]


def pay(
    terms: Payment, rate: PayRate, bill_minor: int, spendable: int, *, points: int | None = None, partial: bool = False
) -> Paid | PaymentRefusal:
    """How many points pay how much of a bill: all that may be paid with points, or what `points` or the balance pay.

    No more points are taken than what is to be paid needs; the last of them may be worth more than what is left of it.
    With `partial` a member who has too few pays what they can. `bill_minor` is above 0, `spendable` at least 0.
    """
    payable = bill_minor * terms.max_percent // 100
    needed = up(-(-payable * rate.points // rate.minor), terms.step)
    if points is not None and points % terms.step:
        return "payment-step"
    wanted = needed if points is None else min(points, needed)
    if partial and wanted > spendable:
        wanted = spendable // terms.step * terms.step
    paid = Paid(wanted, min(payable, wanted * rate.minor // rate.points))
    if wanted < terms.min_points or paid.minor == 0:
        return "insufficient-points" if partial and spendable < terms.min_points else "payment-below-minimum"
    return paid if wanted <= spendable else "insufficient-points"


def up(points: int, step: int) -> int:
    """The next multiple of a step that is no less."""
    return -(-points // step) * step


def due_back(points: int, bill_minor: int, returned_minor: int) -> int:
    """How many of the points that a bill was paid with come back in all once so much of it was returned.

    In proportion to the whole bill, rounded down, so that each part of it gets its share however it is cut; all of them
    once all of it is back.
    """
    return points * min(returned_minor, bill_minor) // bill_minor


def check_payment(payment: Payment | None, wallets: Sequence[str], levels: Sequence[str]) -> None:
    """Refuse a wallet that is not there, and levels that no member can have.

    Raises:
        Misplaced: with the path below the programme.
    """
    if payment is None:
        return
    if payment.wallet is not None and payment.wallet not in wallets:
        raise Misplaced("payment.wallet", f"no wallet {payment.wallet!r}", ", ".join(wallets))
    for at, rate in enumerate(payment.rates):
        for place, tier in enumerate(rate.tiers):
            if levels and tier not in levels:
                raise Misplaced(f"payment.rates[{at}].tiers[{place}]", f"no level {tier!r}", ", ".join(levels))
