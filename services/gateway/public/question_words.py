"""What the page of questions on the end of points says, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue, Texts

_ENGLISH: Texts = {
    "title": "Questions about the end of points",
    "rules": "How points are earned",
    "next": "The next day on which they lapse is {day}.",
    "today": "What you earn today is good to {day}.",
    "when": "When do my points lapse?",
    "when.wallet": "When do my points of the kind “{wallet}” lapse?",
    "one": "Do I have to remember a date for each purchase?",
    "one.answer": (
        "No. What lapses does so together, at the end of one day for everybody. Your account names that day, and how "
        "many of your points it is about."
    ),
    "one.other": (
        "Those of one purchase may lapse on another day than those of the next. Your account names the next day on "
        "which any of yours lapse, and how many they are."
    ),
    "hour": "At what time of that day?",
    "hour.answer": "At its end, by the clocks of {zone}. You can spend them all day long.",
    "first": "Which points are spent first?",
    "first.answer": "Those that lapse first. So spending never costs you points that would have lived longer.",
    "pending": "And points that are not active yet?",
    "pending.answer": "They do not lapse before they are active.",
}

_GERMAN: Texts = {
    "title": "Fragen zum Verfall von Punkten",
    "rules": "So sammeln Sie Punkte",
    "next": "Der nächste Tag, an dem sie verfallen, ist der {day}.",
    "today": "Was Sie heute sammeln, gilt bis zum {day}.",
    "when": "Wann verfallen meine Punkte?",
    "when.wallet": "Wann verfallen meine Punkte der Art „{wallet}“?",
    "one": "Muss ich mir für jeden Einkauf ein Datum merken?",
    "one.answer": (
        "Nein. Was verfällt, verfällt zusammen, am Ende eines Tages, der für alle gilt. Ihr Konto nennt diesen Tag "
        "und wie viele Ihrer Punkte er betrifft."
    ),
    "one.other": (
        "Punkte eines Einkaufs können an einem anderen Tag verfallen als die des nächsten. Ihr Konto nennt den "
        "nächsten Tag, an dem welche von Ihren verfallen, und wie viele es sind."
    ),
    "hour": "Um wie viel Uhr an diesem Tag?",
    "hour.answer": "An seinem Ende, nach den Uhren von {zone}. Sie können sie den ganzen Tag ausgeben.",
    "first": "Welche Punkte werden zuerst ausgegeben?",
    "first.answer": "Die, die zuerst verfallen. So kostet Ausgeben Sie nie Punkte, die länger gelebt hätten.",
    "pending": "Und Punkte, die noch nicht aktiv sind?",
    "pending.answer": "Sie verfallen nicht, bevor sie aktiv sind.",
}

QUESTIONS = Catalogue({"en": _ENGLISH, "de": _GERMAN})
