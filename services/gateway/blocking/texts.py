"""The texts of blocking on the page of a member, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

BLOCKING = Catalogue(
    {
        "en": {
            "title": "Block",
            "stands": "Blocked since {since} by {by}: {reason}",
            "free": "Nothing is blocked: the member earns and redeems.",
            "was": "Blocked from {since} to {until}: {reason}",
            "reason": "Why",
            "note": "Why it is lifted",
            "block": "Block all cards of the member",
            "sure": "Block all cards of this member? The reason: {reason}",
            "lift": "Lift the block",
            "told": "It counts within five seconds. Receipts that come meanwhile wait until it is lifted; "
            "refuse before what must not count.",
        },
        "de": {
            "title": "Sperre",
            "stands": "Gesperrt seit {since} durch {by}: {reason}",
            "free": "Nichts ist gesperrt: Das Mitglied sammelt und löst ein.",
            "was": "Gesperrt von {since} bis {until}: {reason}",
            "reason": "Grund",
            "note": "Warum sie aufgehoben wird",
            "block": "Alle Karten des Mitglieds sperren",
            "sure": "Alle Karten dieses Mitglieds sperren? Der Grund: {reason}",
            "lift": "Die Sperre aufheben",
            "told": "Das gilt binnen fünf Sekunden. Bons, die inzwischen kommen, warten bis zur Aufhebung; "
            "lehnen Sie vorher ab, was nicht zählen darf.",
        },
    }
)
