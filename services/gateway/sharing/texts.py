"""What is said around things that are shared, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

SHARING = Catalogue(
    {
        "en": {
            "reward": "Look what I found at {programme}: {summary}",
            "badge": "I have the badge {title} at {programme}.",
            "badge.level": "I have the badge {title} at {programme}: {level}.",
            "place": "At {programme}.",
            "see": "Look at it",
            "join": "How points are earned at {programme}",
            "gone": "There is nothing here any more",
            "gone.why": "The link is not complete, or leads to something that is gone.",
            "share": "Show it to a friend",
            "link": "Your link",
            "by": "Send it by",
            "mail": "mail",
            "opened": {"one": "{number} person came by it.", "other": "{number} people came by it."},
            "scan": "Or let a friend scan it:",
        },
        "de": {
            "reward": "Schau, was ich bei {programme} gefunden habe: {summary}",
            "badge": "Ich habe bei {programme} das Abzeichen {title}.",
            "badge.level": "Ich habe bei {programme} das Abzeichen {title}: {level}.",
            "place": "Bei {programme}.",
            "see": "Ansehen",
            "join": "Wie es bei {programme} Punkte gibt",
            "gone": "Hier ist nichts mehr",
            "gone.why": "Der Link ist nicht vollständig oder führt zu etwas, das es nicht mehr gibt.",
            "share": "Freunden zeigen",
            "link": "Ihr Link",
            "by": "Senden mit",
            "mail": "E-Mail",
            "opened": {"one": "{number} Person kam darüber.", "other": "{number} Personen kamen darüber."},
            "scan": "Oder lassen Sie ihn scannen:",
        },
    }
)
"""To members and to their friends."""
