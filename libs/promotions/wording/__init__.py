"""What the engine says, in every language: rules, hints and explanations.

`english.py` holds the first texts; a test finds what another language lacks.
"""

from __future__ import annotations

from libs.language.catalogue import Catalogue
from libs.promotions.wording import codes, english, experiments, expiry, german, needs, referral, spared

EXPLANATIONS = Catalogue(
    {
        "en": {**english.EXPLANATIONS, **experiments.ENGLISH},
        "de": {**german.EXPLANATIONS, **experiments.GERMAN},
    }
)
"""The sentences of an explanation and its arithmetic."""

RULES = Catalogue(
    {
        "en": {
            **english.RULES,
            **expiry.ENGLISH,
            **referral.ENGLISH,
            **experiments.RULES_ENGLISH,
            **spared.ENGLISH,
            **codes.RULES_ENGLISH,
        },
        "de": {
            **german.RULES,
            **expiry.GERMAN,
            **referral.GERMAN,
            **experiments.RULES_GERMAN,
            **spared.GERMAN,
            **codes.RULES_GERMAN,
        },
    }
)
"""What a campaign gives, to whom and when; what a wallet does with points and whose it spares; what a friend brings."""

NEEDS = Catalogue({"en": needs.ENGLISH, "de": needs.GERMAN})
"""What a condition needed and what was there."""

HINTS = Catalogue({"en": english.HINTS, "de": german.HINTS})
"""What is missing for more."""
