"""What the gateway says, it says in every language."""

from __future__ import annotations

from typing import get_args

import pytest

from libs.language.catalogue import Catalogue
from libs.programmes.calendar_words import CALENDAR
from libs.promotions.pages import Outcome
from services.gateway import words
from services.gateway.contacts.console_words import CONTACTS
from services.gateway.contacts.preference_words import PREFERENCES
from services.gateway.planning.words import PAGES
from services.gateway.quotes.words import QUOTES


@pytest.mark.parametrize(
    "catalogue",
    [
        words.OUTCOME_TEXTS,
        words.REASON_TEXTS,
        words.MOVEMENT_TEXTS,
        words.OTHER_TEXTS,
        QUOTES,
        PAGES,
        CALENDAR,
        PREFERENCES,
        CONTACTS,
    ],
    ids=["outcomes", "reasons", "movements", "others", "quotes", "planning", "calendar", "preferences", "contacts"],
)
def test_every_language_has_every_text(catalogue: Catalogue) -> None:
    assert catalogue.faults() == []


def test_every_outcome_has_words() -> None:
    for language in ("en", "de"):
        said = {words.outcome_words(outcome, None, language=language) for outcome in get_args(Outcome)}
        assert len(said) == len(get_args(Outcome))


def test_words_fall_back_on_codes() -> None:
    assert words.outcome_words("credited", "some-new-code") == "Points were credited. Reason: some-new-code."
    assert words.outcome_words("refused", "voided", language="de") == "Es wurde abgelehnt. Der Bon wurde storniert."
    assert words.movement_words("credit", "issued", "pending", "de").endswith("werden später aktiv")
    assert words.movement_words("redeem", "active", "redeemed") == "Points were redeemed"
    assert words.taken_back_words(1) == "1 point was taken back."
