"""What the public pages say, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

ASSUMPTIONS = ("articles", "place", "now", "shared")
"""What the calculator takes for granted whatever the habits, in the order in which it is told."""

PAGES = Catalogue(
    {
        "en": {
            "rules.title": "How points are earned",
            "rules.as_of": "As of {day}.",
            "rules.none": "Nothing earns points at the moment.",
            "rules.left": "Time left:",
            "rules.wallets": "What becomes of your points",
            "rules.questions": "When do points lapse? Questions and answers",
            "rules.calculate": "Work out what a year would bring you",
            "calculator.title": "What would a year bring you?",
            "calculator.rules": "How points are earned",
            "habits": "How you shop",
            "purchases": "How often do you shop?",
            "per": "in a",
            "week": "week",
            "month": "month",
            "year": "year",
            "times": "times",
            "basket": "How much do you usually spend?",
            "basket.unit": "in {currency}",
            "activities": "And beside shopping?",
            "activity": "“{name}”, times a year",
            "tier": "Your tier",
            "tier.none": "none",
            "go": "Work it out",
            "result": "In a year that is about",
            "worth": "worth {money}",
            "nothing": "Nothing yet: these habits earn no points.",
            "by": "Where they come from",
            "by.offer": "Offer",
            "by.points": "Points a year",
            "lapse": "Until when you can spend them",
            "lapse.day": "Last day",
            "lapse.points": "Points",
            "lapse.never": "no end",
            "assumptions": "How it was worked out",
            "assumption.spread": {
                "one": "Your one purchase is made within a year from today.",
                "other": "Your {n} purchases are spread evenly over a year from today, its weekdays and hours.",
            },
            "assumption.articles": (
                "Each is an average one: offers on certain articles or brands are not counted. Whatever else you do, "
                "you do as the offers ask for it."
            ),
            "assumption.place": "They are made in a store of ours, in the currency of the programme.",
            "assumption.now": "The rules of today are taken for the whole year.",
            "assumption.shared": "Budgets that all members share are taken as not used up.",
            "fault.number": "Please enter a whole number from {least} to {most}.",
            "fault.money": "Please enter an amount, such as 40 or 39.90.",
            "fault.many": "That is more than the calculator can work out: at most {most} times a year.",
            "languages": "Language",
        },
        "de": {
            "rules.title": "So sammeln Sie Punkte",
            "rules.as_of": "Stand: {day}.",
            "rules.none": "Im Moment bringt nichts Punkte.",
            "rules.left": "Noch:",
            "rules.wallets": "Was aus Ihren Punkten wird",
            "rules.questions": "Wann verfallen Punkte? Fragen und Antworten",
            "rules.calculate": "Ausrechnen, was Ihnen ein Jahr bringt",
            "calculator.title": "Was bringt Ihnen ein Jahr?",
            "calculator.rules": "So sammeln Sie Punkte",
            "habits": "Wie Sie einkaufen",
            "purchases": "Wie oft kaufen Sie ein?",
            "per": "pro",
            "week": "Woche",
            "month": "Monat",
            "year": "Jahr",
            "times": "mal",
            "basket": "Wie viel geben Sie üblicherweise aus?",
            "basket.unit": "in {currency}",
            "activities": "Und neben dem Einkauf?",
            "activity": "„{name}“, wie oft im Jahr",
            "tier": "Ihre Stufe",
            "tier.none": "keine",
            "go": "Ausrechnen",
            "result": "Das sind in einem Jahr etwa",
            "worth": "{money} wert",
            "nothing": "Noch nichts: so gibt es keine Punkte.",
            "by": "Woher sie kommen",
            "by.offer": "Angebot",
            "by.points": "Punkte im Jahr",
            "lapse": "Bis wann Sie sie ausgeben können",
            "lapse.day": "Letzter Tag",
            "lapse.points": "Punkte",
            "lapse.never": "ohne Ende",
            "assumptions": "Wie gerechnet wurde",
            "assumption.spread": {
                "one": "Ihr einer Einkauf fällt in das Jahr ab heute.",
                "other": (
                    "Ihre {n} Einkäufe verteilen sich gleichmäßig auf ein Jahr ab heute, seine Wochentage und Stunden."
                ),
            },
            "assumption.articles": (
                "Jeder ist durchschnittlich: Angebote auf bestimmte Artikel oder Marken zählen nicht mit. Was Sie "
                "sonst tun, tun Sie so, wie die Angebote es verlangen."
            ),
            "assumption.place": "Sie finden in einer unserer Filialen statt, in der Währung des Programms.",
            "assumption.now": "Die Regeln von heute gelten für das ganze Jahr.",
            "assumption.shared": "Budgets, die sich alle Mitglieder teilen, gelten als nicht verbraucht.",
            "fault.number": "Bitte eine ganze Zahl von {least} bis {most} eingeben.",
            "fault.money": "Bitte einen Betrag eingeben, etwa 40 oder 39,90.",
            "fault.many": "Das ist mehr, als der Rechner rechnen kann: höchstens {most}-mal im Jahr.",
            "languages": "Sprache",
        },
    }
)


def assumptions(purchases: int, language: str) -> tuple[str, ...]:
    """Say what the calculator takes for granted."""
    return (
        PAGES.say(language, "assumption.spread", n=purchases),
        *[PAGES.say(language, f"assumption.{name}") for name in ASSUMPTIONS],
    )
