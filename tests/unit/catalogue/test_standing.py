"""What a standing order would do now: wait for points, redeem, or be barred."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from libs.catalogue.facts import MemberFacts
from libs.catalogue.offering import Offer
from libs.catalogue.pricing import Price
from libs.catalogue.reasons import Reason
from libs.catalogue.standing import Outlook, Wish, outlook

SOLD_OUT = Reason("sold-out")


def offered(price: int, spendable: int, *bars: Reason, owing: bool = False) -> Offer:
    missing = max(0, price - spendable)
    reasons = [*bars]
    if missing:
        reasons.append(Reason("insufficient-points"))
    if owing:
        reasons.append(Reason("in-debt"))
    cheapest = Price("standard", price)
    return Offer(cheapest, (cheapest,), tuple(reasons), missing)


@given(st.integers(1, 99), st.integers(1, 99), st.integers(0, 200), st.booleans(), st.booleans())
def test_it_redeems_exactly_when_the_points_are_there_and_nothing_bars_it(
    price: int, at_points: int, spendable: int, sold_out: bool, owing: bool
) -> None:
    bars = (SOLD_OUT,) if sold_out else ()
    facts = MemberFacts(spendable={"": spendable}, owing=owing)
    found = outlook(Wish(at_points), offered(price, spendable, *bars, owing=owing), facts)
    missing = max(0, max(price, at_points) - spendable)
    if sold_out:
        assert found == Outlook("barred", 0, bars)
    else:
        assert found == Outlook("wait" if missing or owing else "redeem", missing)


def test_without_a_price_it_is_barred() -> None:
    no_price = Offer(None, (), (Reason("no-price"),))
    assert outlook(Wish(5), no_price, MemberFacts(spendable={"": 9})) == Outlook("barred", 0, (Reason("no-price"),))
