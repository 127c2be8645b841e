"""Rewards that are made to order, on the member's own page."""

from __future__ import annotations

import re

from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.test_catalogue import Shop, rich, shop
from tests.support.rewards import MUG, WHAT

__all__ = ["shop"]


async def test_a_member_has_something_made_on_their_own_page_and_sees_how_it_was_wanted(
    shop: Shop, scribe: Scribe
) -> None:
    member = await rich(scribe, 250)
    what = {"kind": "customised", **WHAT["customised"][0]}
    await shop.put("pen", MUG | {"what": what, "prices": [{"name": "standard", "points": 100}], "stock": "unlimited"})
    page = (await shop.made(f"/v1/members/{member.member_id}/pages", {}))["path"]
    form = (await shop.door.get(f"{page}/rewards/pen?lang=en")).text
    assert '<select id="choices.colour" name="choices.colour" required><option value="" selected></option>' in form
    assert 'name="words" maxlength="20"' in form
    (key,) = re.findall(r'name="key" value="([^"]+)"', form)
    wanted = {"key": key, "words": "For <Ada>", "address": "Hauptstr. 1, Bonn"}
    missing = (await shop.door.post(f"{page}/rewards/pen?lang=de", data=wanted)).text
    assert "Es fehlt eine Angabe" in missing
    assert 'value="For &lt;Ada&gt;"' in missing, "what was written is not lost"
    assert await shop.spendable(member) == 250
    done = (await shop.door.post(f"{page}/rewards/pen?lang=en", data=wanted | {"choices.colour": "black"})).text
    said = "Colour</dt><dd>black<", "Your words on it</dt><dd>For &lt;Ada&gt;<", "Sent to</dt><dd>Hauptstr. 1, Bonn<"
    assert [each in done for each in said] == [True] * 3
    shelf = (await shop.door.get(f"{page}?lang=en")).text
    assert [each in shelf for each in said] == [True] * 3
    (order,) = (await shop.door.get(f"/v1/members/{member.member_id}/orders")).json()["data"]
    assert order["answers"] == {"choices": {"colour": "black"}}, "words and places are told by the board alone"
    assert await shop.spendable(member) == 150
