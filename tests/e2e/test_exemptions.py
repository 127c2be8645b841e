"""Whose points do not lapse at a boundary: told to the instant, with the reason, while nothing has run yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_tiers import bought
from tests.support.lives import returned
from tests.support.receipts import line
from tests.support.running import Door, Platform, eventually

BLINK = timedelta(microseconds=1)


async def stamped(platform: Platform, shop: Door, number: str, card: str) -> None:
    """Buy a book: 100 stamps, which lapse at the end of the year."""
    await platform.publish([shop.purchase(number, [line("stamp-book", 100)], card=card)])
    await shop.decided(number)


def stamps(shop: Door, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = shop.member(name)["wallets"]
    (wallet,) = [each for each in found if each["wallet"] == "stamps"]
    return wallet


def spared(platform: Platform, shop: Door, boundary: str) -> dict[str, int]:
    """Stamps by what spares them, as the dry run has them."""
    told = platform.run("sweep", "plan", "--tenant", shop.slug, "--boundary", boundary)
    found: dict[str, int] = {}
    for each in told["spared"]:
        found[each["spared_as"]] = found.get(each["spared_as"], 0) + each["points"]
    return found


@pytest.mark.feature("OMNI-10", "OMNI-11", "OMNI-12")
async def test_points_of_gold_members_do_not_lapse_and_those_of_others_do(platform: Platform) -> None:
    """Gold at the boundary keeps all, gold that ends at the next one nothing there; a return changes it at once."""
    shop = platform.club
    await platform.publish([shop.enrolment("keeper", tier=None), shop.enrolment("loser", tier=None)])
    await shop.enrolled("keeper", "loser")
    await bought(platform, shop, "keeper-1", "keeper", 100_000)
    for name in ("keeper", "loser"):
        await stamped(platform, shop, f"{name}-2", name)
    boundary = stamps(shop, "loser")["next_expiry"]["at"]
    assert stamps(shop, "loser")["spared"] == []
    instant = datetime.fromisoformat(boundary)
    assert shop.balance("loser", "stamps", at=(instant - BLINK).isoformat()) == 100
    assert shop.balance("loser", "stamps", at=boundary) == 0

    (why,) = stamps(shop, "keeper")["spared"]
    assert (why["at"], why["points"], why["spared_by"], why["spared_as"]) == (boundary, 100, "tier", "gold")
    assert shop.balance("keeper", "stamps", at=boundary) == 100
    status, _ = shop.member("keeper")["tiers"]
    ends = stamps(shop, "keeper")["next_expiry"]
    assert (ends["at"], ends["points"]) == (status["until"], 100), "gold ends at that very boundary"
    assert shop.balance("keeper", "stamps", at=(datetime.fromisoformat(ends["at"]) - BLINK).isoformat()) == 100
    assert shop.balance("keeper", "stamps", at=ends["at"]) == 0
    before = spared(platform, shop, boundary)
    assert before["gold"] >= 100

    back = returned("keeper-back", "keeper-1", source=f"{shop.source}/1", time=shop.now())
    await platform.publish([back])
    await shop.decision(f"/v1/receipts{shop.source}/1/keeper-back")
    assert stamps(shop, "keeper")["spared"] == []
    assert shop.balance("keeper", "stamps", at=boundary) == 0
    assert spared(platform, shop, boundary).get("gold", 0) == before["gold"] - 100


def told_of_stamps(shop: Door, name: str, language: str) -> dict[str, Any]:
    """What a member is told of stamps that lapse."""
    found = shop.get(f"/v1/members/{shop.member_id(name)}/expiry", lang=language)["wallets"]
    return dict(next(each for each in found if each["wallet"] == "stamps"))


@pytest.mark.feature("OMNI-13", "OMNI-14", "OMNI-18")
async def test_a_list_and_a_persons_word_spare_members_and_levels_say_so(platform: Platform, tmp_path: Path) -> None:
    shop = platform.club
    names = ("listed", "forgiven", "guest-of-honour")
    await platform.publish([shop.enrolment(name, tier=None) for name in names[:2]])
    await platform.publish([shop.enrolment(names[2], tier="gold")])
    await shop.enrolled(*names)
    for name in names:
        await stamped(platform, shop, f"{name}-1", name)
    boundary = stamps(shop, "forgiven")["next_expiry"]["at"]

    listed = tmp_path / "spared.csv"
    listed.write_text("card\nlisted\n")
    platform.run("segments", "import", "staff", listed, "--tenant", shop.slug)
    await eventually(lambda: bool(stamps(shop, "listed")["spared"]), "the list spares")
    assert shop.balance("listed", "stamps", at=boundary) == 100
    assert spared(platform, shop, boundary)["staff"] >= 100

    until = (datetime.fromisoformat(boundary) + timedelta(days=1)).isoformat()
    give = ("exemptions", "give", "card:forgiven", "--reason", "complaint 17", "--until", until)
    (word,) = platform.run(*give, "--tenant", shop.slug)["exemptions"]
    assert (word["reason"], word["holds"]) == ("complaint 17", True)
    assert stamps(shop, "forgiven")["spared"][0]["spared_as"] == "complaint 17"
    assert shop.balance("forgiven", "stamps", at=boundary) == 100
    promised = {"en": "for we promised so (complaint 17)", "de": "so haben wir es zugesagt (complaint 17)"}
    for language, why in promised.items():
        assert why in told_of_stamps(shop, "forgiven", language)["words"][0]
    path = f"/v1/members/{shop.member_id('forgiven')}/exemptions"
    ended = shop.http.post(f"{path}/end").json()
    assert ended == shop.get(path)
    assert ended["data"][0]["holds"] is False
    assert shop.balance("forgiven", "stamps", at=boundary) == 0, "whose points lapse is the programme's choice"
    unspared = told_of_stamps(shop, "forgiven", "en")
    assert (unspared["points"], str(unspared["last_day"])) == (100, stamps(shop, "forgiven")["next_expiry"]["last_day"])
    assert "Or reach the level Gold by then: points do not lapse." in unspared["keep"]
    assert "Stufe Gold" in " ".join(told_of_stamps(shop, "forgiven", "de")["keep"])

    status, _ = shop.member("guest-of-honour")["tiers"]
    assert "In “stamps”: points do not lapse at the end of a period" in status["benefits"]
    (rules,) = [each for each in shop.get("/v1/programme/rules", lang="en")["wallets"] if each["wallet"] == "stamps"]
    assert "Level Gold: points do not lapse at such a date; they live on to the next one." in rules["sentences"]
