"""The document's referral: what is refused, and how it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from libs.programmes.consequences import consequences
from libs.programmes.switchboard import SwitchInvalid, check_switch
from libs.promotions.compile import compile_programme
from libs.promotions.describe import describe_rules
from libs.promotions.document import ProgrammeInvalid, canonical_json, parse_programme
from libs.promotions.switches import refers

AT = datetime(2026, 11, 10, tzinfo=UTC)
REFERRAL: dict[str, Any] = {
    "when": {"kind": "purchase", "at_least_minor": 2_000, "order": 1, "within_days": 60},
    "referrer": [{"from": 1, "points": 100}, {"from": 5, "points": 150}],
    "friend": {"points": 200, "gifts": [{"kind": "coupon", "reference": "welcome"}]},
    "limits": [{"period": "month", "friends": 10}],
}


def document(referral: object) -> dict[str, object]:
    wallets = [{"name": "points", "expiry": {"kind": "never"}}]
    return {"version": 1, "zone": "Europe/Rome", "currency": "EUR", "wallets": wallets, "referral": referral}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"referrer": [], "friend": None}, "referral.referrer"),
        ({"referrer": [{"from": 2, "points": 1}]}, "referral.referrer[0].from"),
        ({"referrer": [{"from": 1, "points": 1}, {"from": 1, "points": 1}]}, "referral.referrer[1].from"),
        ({"friend": {}}, "referral.friend.points"),
        ({"friend": {"points": 5, "wallet": "stars"}}, "referral.friend.wallet"),
        ({"friend": {"wallet": "points", "gifts": [{"kind": "badge", "reference": "x"}]}}, "referral.friend.wallet"),
        (
            {"friend": {"gifts": [{"kind": "badge", "reference": "x", "per_minor": 5}]}},
            "referral.friend.gifts[0].per_minor",
        ),
        ({"limits": [{"period": "day", "friends": 1}] * 2}, "referral.limits[1].period"),
        ({"suspicion": {"same": ["device", "device"]}}, "referral.suspicion.same[1]"),
        ({"when": {"kind": "purchase", "within_days": 0}}, "referral.when.within_days"),
        ({"when": {"kind": "birthday"}}, "referral.when"),
    ],
)
def test_a_referral_that_says_nothing_sensible_is_refused(change: dict[str, Any], path: str) -> None:
    with pytest.raises(ProgrammeInvalid) as refused:
        parse_programme(document(REFERRAL | change))
    assert [error.path for error in refused.value.errors] == [path]


def test_a_programme_without_referral_is_stored_as_ever() -> None:
    assert b"referral" not in canonical_json(parse_programme({**document(None), "referral": None}))
    stored = canonical_json(parse_programme(document(REFERRAL)))
    assert b'"referral":{' in stored
    assert b'"from":5' in stored


def test_it_is_told_in_words_and_left_out_when_switched_off() -> None:
    compiled = compile_programme(parse_programme(document(REFERRAL)))
    assert describe_rules(compiled, AT).referral == (
        "Ask for your code and give it to a friend who is not a member yet.",
        "Your friend counts with their first purchase of €20.00 or more within 60 days after joining.",
        "Your friend then gets 200 points and 1 \u00d7 coupon welcome.",
        "You then get 100 points for each friend.",
        "From friend number 5 on you get 150 points for each.",
        "At most 10 friends a month count.",
        "Who has been a member for more than 30 days can't be brought in any more.",
    )
    assert describe_rules(compiled, AT, "de").referral[3] == "Sie bekommen 100 Punkte für jede geworbene Person."
    assert describe_rules(compiled, AT, refers=False).referral == ()


def test_a_switch_stops_it() -> None:
    check_switch("effect", "referral", [])
    assert refers(("effect:fixed", "campaign:referral"))
    assert not refers(("effect:referral",))
    assert not refers(("everything",))
    with pytest.raises(SwitchInvalid):
        check_switch("effect", "referrals", [])


def test_a_plan_says_what_a_change_of_it_means() -> None:
    without, with_it = (parse_programme({**document(None), "referral": each}) for each in (None, REFERRAL))
    other = parse_programme(document(REFERRAL | {"limits": []}))
    told = [consequences(old, new, AT) for old, new in ((without, with_it), (with_it, other), (other, without))]
    assert [each[0] for each in told] == [
        "Members bring in friends: those who name a code from then on.",
        "Members bring in friends by other rules: those who name a code from then on.",
        "Members bring in no more friends; those who have named a code still count by the rules of then.",
    ]
    assert consequences(with_it, with_it, AT)[0].startswith("What happened before")
