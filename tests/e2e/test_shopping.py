"""What a programme learns from receipts about how somebody shops."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.receipts import line
from tests.support.running import Platform


@pytest.mark.feature("STAR-29", "STAR-30", "STAR-31")
async def test_favourites_baskets_and_frequency_are_told_from_the_receipts(platform: Platform) -> None:
    acme, now = platform.acme, platform.now()
    await platform.publish([acme.enrolment("shopper")])
    await acme.enrolled("shopper")
    tea, rice, beer = line("tea", 450), line("rice", 1_250, quantity=5), line("beer", 990, quantity=6)
    baskets = {"shop-1": (21, [tea, rice]), "shop-2": (14, [tea]), "shop-3": (7, [tea, beer]), "shop-4": (0, [rice])}
    await platform.publish(
        acme.purchase(number, lines, card="shopper", time=now - timedelta(days=days, minutes=1))
        for number, (days, lines) in baskets.items()
    )
    await acme.decided(*baskets)

    told = acme.get(f"/v1/members/{acme.member_id('shopper')}/shopping", months=12)
    assert [(one["sku"], one["purchases"]) for one in told["most_often"]] == [("tea", 3), ("rice", 2), ("beer", 1)]
    assert [(one["sku"], one["quantity"]) for one in told["most_pieces"]] == [("rice", 10), ("beer", 6), ("tea", 3)]
    (values,) = told["baskets"]
    assert values == {
        "currency": values["currency"],
        "purchases": 4,
        "total_minor": 4_840,
        "mean_minor": 1_210,
        "median_minor": 1_345,
        "largest_minor": 1_700,
    }
    often = told["frequency"]
    assert (often["purchases"], often["days_between"], often["a_month"]) == (4, 7.0, 0.3)
    assert sum(month["purchases"] for month in often["by_month"]) == 4
