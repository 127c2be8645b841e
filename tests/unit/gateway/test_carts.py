"""Codes, points and gift cards together: one answer in whatever order they come, and no more than there is to pay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.codes.proof import CartProofs, SignedCart
from libs.codes.rules import Benefit, PoolRules, Reason
from libs.contracts.carts import CartCard, CartCode
from libs.contracts.codec import TopicDecoder
from libs.judging.versions import RunningProgramme, activate
from libs.promotions.allowances import Stacking
from services.gateway.carts.finding import order_of, with_codes
from services.gateway.carts.together import CardFound, Chosen, ShownCode, barred, choose, pay_by_cards
from services.gateway.quotes.foretold import SOMEBODY, Asked, quote
from services.redemption.carts.model import Cart, HeldPoints, Parts, Stands, back, returned
from tests.support.receipts import PURCHASES, line, purchase

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
DOCUMENT = {
    "version": 1,
    "zone": "Europe/Rome",
    "currency": "EUR",
    "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
    "stacking": {"max_discount_percent": 50},
    "campaigns": [
        {
            "id": "week",
            "name": "10 % with a code",
            "state": "live",
            "when": {"codes": ["week"]},
            "effect": {"kind": "percent_off", "percent": 10},
            "group": "codes",
            "mode": "first",
        },
        {
            "id": "vip",
            "name": "5 % with another",
            "state": "live",
            "when": {"codes": ["vip"]},
            "effect": {"kind": "percent_off", "percent": 5},
            "group": "codes",
            "mode": "first",
            "priority": 5,
        },
    ],
}
PROGRAMME = RunningProgramme(1, 1, "acme", "main", (activate(datetime(2020, 1, 1, tzinfo=UTC), DOCUMENT),))
BOUGHT: Any = TopicDecoder(PURCHASES).decode(purchase("Q", [line("tea", 3_000), line("pot", 7_000)]).value)
ASKED = Asked(PROGRAMME, BOUGHT.data, AT, SOMEBODY, None)
POOLS = {
    "five": PoolRules(currency="EUR", benefit=Benefit(amount_minor=500)),
    "tenth": PoolRules(benefit=Benefit(percent=10)),
    "tea": PoolRules(skus=("tea",), benefit=Benefit(percent=50)),
    "half": PoolRules(benefit=Benefit(percent=45), combines=False),
    "week": PoolRules(),
    "vip": PoolRules(),
}
shown = st.builds(
    lambda pool, number, why: ShownCode(UUID(int=number), pool, why, POOLS[pool]),
    st.sampled_from(sorted(POOLS)),
    st.integers(1, 9),
    st.sampled_from([(), (), (), (Reason("expired", "It is over."),)]),
)


def chosen(codes: list[ShownCode]) -> Chosen:
    return choose(codes, lambda pools: quote(with_codes(ASKED, pools), {}), order_of(BOUGHT.data))


def code(pool: str, number: int = 1) -> ShownCode:
    return ShownCode(UUID(int=number), pool, (), POOLS[pool])


def worths(found: Chosen) -> dict[str | None, int]:
    return {each.pool: each.worth_minor for each in found.codes if each.counts}


@settings(max_examples=60)
@given(st.lists(shown, max_size=4, unique_by=lambda each: each.code_id))
def test_the_answer_does_not_depend_on_the_order(codes: list[ShownCode]) -> None:
    found = chosen(codes)
    for other in list(permutations(codes))[:6]:
        again = chosen(list(other))
        assert again.codes == found.codes
        assert again.discount_minor == found.discount_minor
    assert 0 <= found.discount_minor <= 5_000  # half of it at most
    assert len(found.codes) == len(codes)
    alone = [each for each in found.codes if each.counts and each.rules is not None and not each.rules.combines]
    assert not alone or [each for each in found.codes if each.counts] == alone


def test_codes_follow_campaigns_and_each_other() -> None:
    found = chosen([code("tea", 3), code("week", 2), code("five", 1)])
    # 10 % of 100.00 by the campaign, 5.00, and half of what is left of the tea: 30.00 less 3.00 and 1.50 of the five.
    assert (found.discount_minor, worths(found)) == (1_000 + 500 + 1_275, {"five": 500, "tea": 1_275, "week": 0})
    found = chosen([code("week", 1), code("vip", 2)])  # one group, the stronger pays
    assert found.discount_minor == 500
    found = chosen([code("half", 1), code("five", 2), code("tenth", 3)])
    assert worths(found) == {"half": 4_500}
    assert [each.reasons[0].code for each in found.codes if not each.counts] == ["does-not-combine"] * 2
    found = chosen([code("five"), code("five")])
    assert next(each.reasons for each in found.codes if not each.counts)[0].code == "twice"


def test_cards_pay_what_is_left_those_first_that_lapse_first() -> None:
    lasting, lapsing = CardFound(UUID(int=1), 700), CardFound(UUID(int=2), 500, "2024-05-01")
    blocked = CardFound(UUID(int=3), 900, reason=Reason("blocked", "It is blocked."))
    pays, left = pay_by_cards([lasting, blocked, lapsing], 800)
    assert {each.card_id.int: each.paid_minor for each in pays if each.card_id} == {2: 500, 1: 300, 3: 0}
    assert left == 0
    assert barred(Stacking(gift_cards_with_discounts=False), 1).keys() == {"cards"}
    assert barred(Stacking(points_with_discounts=False, gift_cards_with_discounts=False), 0) == {}


@settings(max_examples=60)
@given(st.integers(1, 9_999), st.lists(st.integers(0, 9_999), max_size=6))
def test_however_it_comes_back_all_of_it_does_once(total: int, returns: list[int]) -> None:
    parts = Parts(
        (CartCode(UUID(int=1), "five", 500),), (CartCard(UUID(int=2), 777),), HeldPoints(900, 300, 1_000, UUID(int=3))
    )
    whole = Cart(
        1, 1, UUID(int=9), None, UUID(int=8), "R-1", None, "bought", b"", AT, "EUR", total, parts, "null", whole=True
    )  # fmt: skip
    cart, points, money, codes = whole, 0, 0, 0
    for came in sorted({*(min(each, total) for each in returns), total}):
        found = back(cart, came, ended=came == total)
        points, money = points + found.bill_minor, money + sum(each.amount_minor for each in found.cards)
        codes += len(found.codes)
        assert points == 1_000 * came // total
        assert money == 777 * came // total
        cart = Cart(**{name: getattr(cart, name) for name in Cart.__struct_fields__} | {"returned_minor": came})
    assert (points, money, codes) == (1_000, 777, 1)
    assert returned(whole, Stands(total, 0, anything=False)) == total
    free = Cart(**{name: getattr(whole, name) for name in Cart.__struct_fields__} | {"total_minor": 0})
    assert [back(free, 0, ended=ended).codes for ended in (False, True)] == [(), parts.codes]


def test_a_token_is_read_by_its_receipt_alone() -> None:
    proofs, cart = CartProofs.from_seal_key(bytes(32)), SignedCart(UUID(int=5), AT, ("a", "b"), UUID(int=7))
    token = proofs.sign(UUID(int=1), cart)
    anybodys = SignedCart(UUID(int=5), AT, ())
    assert proofs.read(UUID(int=1), proofs.sign(UUID(int=1), anybodys)) == anybodys
    assert (cart.is_for(UUID(int=7)), cart.is_for(UUID(int=8)), cart.is_for(None)) == (True, False, False)
    assert anybodys.is_for(None)
    assert proofs.read(UUID(int=1), token) == cart
    assert cart.pools_at(AT - timedelta(seconds=1)) == ("a", "b")
    assert cart.pools_at(AT) == ()
    other = CartProofs.from_seal_key(bytes(31) + b"x")
    forged = ("B" if token[0] == "A" else "A") + token[1:]
    for key, text in ((UUID(int=2), token), (UUID(int=1), forged), (UUID(int=1), "é"), (UUID(int=1), "")):
        assert proofs.read(key, text) is None
    assert other.read(UUID(int=1), token) is None
