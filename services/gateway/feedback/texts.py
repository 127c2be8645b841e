"""What is said around ratings, to members and to who is signed in."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

FEEDBACK = Catalogue(
    {
        "en": {
            "title": "How rewards are liked",
            "to-catalogue": "The catalogue",
            "none": "Nobody has rated anything yet. Members do so on their own page, or by your app.",
            "picture": "The mean of stars, the best liked first",
            "caption": "Rewards, the best liked first",
            "reward": "Reward",
            "mean": "Mean",
            "count": {"one": "{number} rating", "other": "{number} ratings"},
            "ratings": "Ratings",
            "star": {"one": "{number} star", "other": "{number} stars"},
            "of-five": "{mean} of 5 stars",
            "last": "The last words",
            "words": "Words",
            "member": "Member",
            "when": "When",
            "how-was-it": "How was it?",
            "your-words": "Would you tell us why? (nobody has to)",
            "send": "Tell it",
            "change": "Say it differently",
            "thanks": "Thank you, that helps us choose.",
            "you-said": "You gave it {stars}.",
            "choose": "Choose a number of stars, please.",
        },
        "de": {
            "title": "Wie Prämien gefallen",
            "to-catalogue": "Der Prämienkatalog",
            "none": "Noch hat niemand etwas bewertet. Mitglieder tun es auf ihrer eigenen Seite oder in Ihrer App.",
            "picture": "Der Mittelwert der Sterne, was am besten gefällt zuerst",
            "caption": "Prämien, was am besten gefällt zuerst",
            "reward": "Prämie",
            "mean": "Mittel",
            "count": {"one": "{number} Bewertung", "other": "{number} Bewertungen"},
            "ratings": "Bewertungen",
            "star": {"one": "{number} Stern", "other": "{number} Sterne"},
            "of-five": "{mean} von 5 Sternen",
            "last": "Die letzten Worte",
            "words": "Worte",
            "member": "Mitglied",
            "when": "Wann",
            "how-was-it": "Wie war es?",
            "your-words": "Sagen Sie uns, warum? (muss niemand)",
            "send": "Sagen",
            "change": "Anders sagen",
            "thanks": "Danke, das hilft uns beim Aussuchen.",
            "you-said": "Von Ihnen: {stars}.",
            "choose": "Wählen Sie bitte eine Zahl von Sternen.",
        },
    }
)
"""Ratings in words."""
