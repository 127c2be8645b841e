"""A quote in a sentence, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

QUOTES = Catalogue(
    {
        "en": {
            "credited": "This would bring {points}.",
            "no_points": "This would bring no points.",
            "unclaimed": (
                "Nobody has this identifier yet. The receipt would wait to be claimed, and then bring {points}."
            ),
            "no_member": (
                "It names nobody. The receipt could be claimed by its number, and would then bring {points}."
            ),
            "awaiting_operator": "No rule would decide this. It would wait for an operator.",
            "no": "no points",
        },
        "de": {
            "credited": "Das brächte {points}.",
            "no_points": "Das brächte keine Punkte.",
            "unclaimed": (
                "Diese Kennung hat noch niemand. Der Bon würde warten, bis ihn jemand für sich nachmeldet, und dann "
                "{points} bringen."
            ),
            "no_member": (
                "Er nennt niemanden. Der Bon könnte mit seiner Nummer nachgemeldet werden und brächte dann {points}."
            ),
            "awaiting_operator": "Keine Regel entscheidet das. Es würde auf eine Person warten.",
            "no": "keine Punkte",
        },
    }
)
"""By outcome; `no` stands for points where there are none."""
