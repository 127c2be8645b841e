"""What the catalogue for anybody says, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

SHELF = Catalogue(
    {
        "en": {
            "title": "What your points bring you",
            "none": "There are no rewards at the moment.",
            "from": "There are rewards from {points} points on.",
            "worth": "At the till, {points} points pay {money} of your bill.",
            "all": "All",
            "categories": "Categories",
            "look": "Look at it",
            "left": {"one": "One piece is left.", "other": "{number} pieces are left."},
            "gone": "It is gone at the moment.",
            "wanted": "No. {rank} of the most wanted this month",
            "liked": {
                "one": "{mean} of 5 stars, by {number} member",
                "other": "{mean} of 5 stars, by {number} members",
            },
            "for-levels": "For members of the level {levels}.",
            "scan": "Scan it with your phone to look at it and redeem it.",
            "scan.one": "The way to this reward, as a QR code",
            "prices": "What it costs",
            "how": "How you get it",
            "how.app": "Open your page from the app, or ask us for a link to it, and redeem it there.",
            "how.till": "Or show your card at the till and say which reward you would like.",
            "how.points": "You collect points with every purchase: see how points are earned.",
            "terms": "Terms",
            "back": "All rewards",
            "rules": "How points are earned",
            "plan.level": "for the level {levels}",
            "plan.channel": "through {channels}",
            "plan.until": "until {day}",
        },
        "de": {
            "title": "Was Ihre Punkte bringen",
            "none": "Zurzeit gibt es keine Prämien.",
            "from": "Prämien gibt es ab {points} Punkten.",
            "worth": "An der Kasse zahlen {points} Punkte {money} Ihrer Rechnung.",
            "all": "Alle",
            "categories": "Kategorien",
            "look": "Ansehen",
            "left": {"one": "Ein Stück ist noch da.", "other": "{number} Stück sind noch da."},
            "gone": "Zurzeit ist sie vergriffen.",
            "wanted": "Nr. {rank} der begehrtesten in diesem Monat",
            "liked": {
                "one": "{mean} von 5 Sternen, von {number} Mitglied",
                "other": "{mean} von 5 Sternen, von {number} Mitgliedern",
            },
            "for-levels": "Für Mitglieder der Stufe {levels}.",
            "scan": "Scannen Sie sie mit dem Telefon, um sie anzusehen und einzulösen.",
            "scan.one": "Der Weg zu dieser Prämie, als QR-Code",
            "prices": "Was sie kostet",
            "how": "So bekommen Sie sie",
            "how.app": "Öffnen Sie Ihre Seite aus der App oder bitten Sie uns um einen Link; dort lösen Sie sie ein.",
            "how.till": "Oder zeigen Sie an der Kasse Ihre Karte und sagen Sie, welche Prämie Sie möchten.",
            "how.points": "Punkte sammeln Sie mit jedem Einkauf: sehen Sie, wie es Punkte gibt.",
            "terms": "Bedingungen",
            "back": "Alle Prämien",
            "rules": "Wie es Punkte gibt",
            "plan.level": "für die Stufe {levels}",
            "plan.channel": "über {channels}",
            "plan.until": "bis {day}",
        },
    }
)
"""To anybody."""
