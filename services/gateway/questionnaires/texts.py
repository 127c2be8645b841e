"""What is said around questions, to members and to who is signed in."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

QUESTIONS = Catalogue(
    {
        "en": {
            "waiting": "We would like to know you better",
            "why": "What you answer becomes part of your profile, to choose offers for you. You agreed to that and may "
            "take it back at any time.",
            "optional": "(nobody has to)",
            "choose": "Please choose",
            "yes": "Yes",
            "no": "No",
            "send": "Send the answers",
            "back": "Back to the rewards",
            "thanks": "Thank you for your answers!",
            "refused": "That did not work, and nothing was kept.",
            "text-hint": "Please write no names, addresses or numbers.",
            "wrong.needed": "This question needs an answer.",
            "wrong.unknown": "Nobody asks this question.",
            "wrong.not-offered": "That is none of the answers.",
            "wrong.no-number": "That is no whole number.",
            "wrong.out-of-bounds": "That number is too small or too large.",
            "wrong.no-date": "That is no date.",
            "wrong.no-answer": "That can't be taken as an answer.",
            "wrong.personal": "Please write no addresses or numbers.",
        },
        "de": {
            "waiting": "Wir würden Sie gern besser kennenlernen",
            "why": "Ihre Antworten werden Teil Ihres Profils, damit wir Angebote für Sie auswählen können. Sie haben "
            "zugestimmt und können das jederzeit widerrufen.",
            "optional": "(muss niemand)",
            "choose": "Bitte wählen",
            "yes": "Ja",
            "no": "Nein",
            "send": "Antworten senden",
            "back": "Zurück zu den Prämien",
            "thanks": "Danke für Ihre Antworten!",
            "refused": "Das hat nicht geklappt, und nichts wurde gespeichert.",
            "text-hint": "Bitte schreiben Sie keine Namen, Adressen oder Nummern.",
            "wrong.needed": "Diese Frage braucht eine Antwort.",
            "wrong.unknown": "Diese Frage stellt niemand.",
            "wrong.not-offered": "Das ist keine der Antworten.",
            "wrong.no-number": "Das ist keine ganze Zahl.",
            "wrong.out-of-bounds": "Diese Zahl ist zu klein oder zu groß.",
            "wrong.no-date": "Das ist kein Datum.",
            "wrong.no-answer": "Das kann nicht als Antwort gelten.",
            "wrong.personal": "Bitte schreiben Sie keine Adressen oder Nummern.",
        },
    }
)
"""Around questions; the questions themselves are the company's."""
