"""What the law of a place asks for, by the data that ships."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from libs.gift_cards import decide
from libs.gift_cards.decide import Done, No, Request
from libs.gift_cards.jurisdictions import NOWHERE, newest, versions
from libs.gift_cards.model import Entry, GiftCard, apply, replay

SOLD = datetime(2024, 2, 29, 12, tzinfo=UTC)
ASKED = Request(UUID(int=1), SOLD)


def sold(code: str, ends: datetime | None, currency: str = "USD", amount: int = 5_000) -> Done | No:
    law = newest().of(code, SOLD.date())
    assert law is not None
    return decide.issue(
        GiftCard(UUID(int=9), currency, (code, 1), SOLD, expires_at=ends), law, amount, ASKED, paid=True
    )


def test_every_rule_has_a_source_and_versions_are_numbered_from_one() -> None:
    assert list(versions()) == list(range(1, len(versions()) + 1))
    for laws in versions().values():
        assert laws.codes[0] == NOWHERE
        for law in laws.jurisdictions:
            assert law.sources or law.code == NOWHERE
            assert law.says


@pytest.mark.parametrize(
    ("code", "earliest"),
    [
        ("US", datetime(2029, 3, 1, 12, tzinfo=UTC)),
        ("IE", datetime(2029, 3, 1, 12, tzinfo=UTC)),
        ("AU", datetime(2027, 3, 1, 12, tzinfo=UTC)),
        ("DE", datetime(2028, 1, 1, tzinfo=UTC)),
        ("AT", datetime(2054, 3, 1, 12, tzinfo=UTC)),
        ("US-NY", datetime(2033, 3, 1, 12, tzinfo=UTC)),
        ("US-NJ", datetime(2029, 3, 1, 12, tzinfo=UTC)),
        ("US-TX", datetime(2029, 3, 1, 12, tzinfo=UTC)),
        ("US-VT", datetime(2029, 3, 1, 12, tzinfo=UTC)),
        ("US-MA", datetime(2031, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_no_card_lapses_before_the_law_lets_it(code: str, earliest: datetime) -> None:
    early = sold(code, earliest - timedelta(seconds=1))
    assert isinstance(early, No)
    assert early.code == "expiry-too-early"
    assert isinstance(sold(code, earliest), Done)
    assert isinstance(sold(code, None), Done)


def test_where_cards_do_not_expire_none_gets_a_date() -> None:
    for code in ("US-CA", "US-FL", "US-ME", "US-MT", "US-OR", "US-RI", "US-WA", "CA-ON", "CA-QC"):
        refused = sold(code, SOLD.replace(year=2099, day=28))
        assert isinstance(refused, No)
        assert refused.code == "expiry-forbidden"
    past = sold(NOWHERE, SOLD)
    assert isinstance(past, No)
    assert past.code == "expiry-past"


def test_a_load_moves_the_date_where_the_law_counts_from_it() -> None:
    law = newest().of("US", SOLD.date())
    assert law is not None
    made = sold("US", datetime(2029, 3, 1, 12, tzinfo=UTC))
    assert isinstance(made, Done)
    later = Request(UUID(int=2), SOLD + timedelta(days=366))
    loaded = decide.top_up(made.card, law, 100, later, paid=True)
    assert isinstance(loaded, Done)
    assert loaded.card.expires_at == datetime(2030, 3, 1, 12, tzinfo=UTC)


def test_cash_below_the_amount_of_the_law_of_the_day() -> None:
    laws = newest()
    before, after = laws.of("US-CA", date(2026, 3, 31)), laws.of("US-CA", date(2026, 4, 1))
    assert before is not None
    assert after is not None
    assert [before.pays_out(cents, 5_000, "USD") for cents in (999, 1_000, 1_499)] == [True, False, False]
    assert [after.pays_out(cents, 5_000, "USD") for cents in (1_499, 1_500)] == [True, False]
    assert not after.pays_out(5, 5_000, "EUR")
    massachusetts, colorado = laws.of("US-MA", SOLD.date()), laws.of("US-CO", SOLD.date())
    assert massachusetts is not None
    assert colorado is not None
    assert [massachusetts.pays_out(cents, 5_000, "USD") for cents in (500, 501)] == [True, False]
    assert [colorado.pays_out(cents, 5_000, "USD") for cents in (500, 501)] == [True, False]
    assert laws.of("AU", date(2019, 10, 31)) is None


@pytest.mark.parametrize(
    ("code", "most", "currency"),
    [
        ("US-ME", 499, "USD"),
        ("US-MT", 499, "USD"),
        ("US-NJ", 499, "USD"),
        ("US-NY", 499, "USD"),
        ("US-OR", 499, "USD"),
        ("US-RI", 99, "USD"),
        ("US-TX", 249, "USD"),
        ("US-VT", 99, "USD"),
        ("US-WA", 499, "USD"),
        ("CA-QC", 500, "CAD"),
    ],
)
def test_a_holder_gets_so_much_in_cash_and_no_more(code: str, most: int, currency: str) -> None:
    law = newest().of(code, SOLD.date())
    assert law is not None
    assert [law.pays_out(cents, 5_000, currency) for cents in (0, most, most + 1)] == [True, True, False]
    assert not law.pays_out(most, 5_000, "CHF")
    small = law.cash is not None and law.cash.sold_above_minor is not None
    assert law.pays_out(most, 500, currency) is not small


def test_what_a_card_was_sold_under_stays_as_it_was() -> None:
    assert [laws.of("US-NJ", SOLD.date()) is None for laws in versions().values()] == [True, False]
    first, now = (laws.of("US-MA", SOLD.date()) for laws in versions().values())
    assert first is not None
    assert now is not None
    assert [law.pays_out(500, 1_000, "USD") for law in (first, now)] == [False, True]


def test_every_rule_of_the_newest_version_has_an_address_to_read() -> None:
    for law in newest().jurisdictions:
        assert law.code == NOWHERE or any(source.startswith("http") for source in law.sources), law.code


def test_a_card_takes_only_what_may_follow() -> None:
    made = sold(NOWHERE, None)
    assert isinstance(made, Done)
    good = Entry(2, "use", "card", "spent", 5_000, SOLD, UUID(int=2))
    for wrong in (good._replace(seq=3), good._replace(amount_minor=5_001), good._replace(target="expired")):
        with pytest.raises(ValueError, match=r"."):
            apply(made.card, wrong)
    empty = GiftCard(UUID(int=9), "USD", (NOWHERE, 1), SOLD)
    assert replay(empty, [made.entry, good]).balance_minor == 0
