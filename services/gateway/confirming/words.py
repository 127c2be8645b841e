"""What the page says by which somebody confirms a consent, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

CONFIRMING = Catalogue(
    {
        "en": {
            "title": "May {programme} write to you?",
            "what": "On {day} somebody entered your mail address at {programme} and agreed to this:",
            "ask": "If that was you, say so here, and it counts from now on. You may take it back at any time, by the "
            "link below each mail.",
            "yes": "Yes, that was me",
            "not": "If it was not you, there is nothing to do: without your word you get no such mail.",
            "done": "Thank you. It counts from now on, and you may take it back at any time.",
            "late": "This link has ended",
            "late.why": "It was good until {day}. Fill in the form again, and you get a new one.",
            "languages": "Languages",
            "broken": "This link does not work",
            "broken.why": "A part of it was probably lost: copy all of it from the message.",
        },
        "de": {
            "title": "Darf {programme} Ihnen schreiben?",
            "what": "Am {day} gab jemand bei {programme} Ihre Mailadresse ein und stimmte dem zu:",
            "ask": "Waren Sie das, so sagen Sie es hier, und es gilt von jetzt an. Sie können es jederzeit "
            "zurücknehmen, über den Link unter jeder Mail.",
            "yes": "Ja, das war ich",
            "not": "Waren Sie es nicht, ist nichts zu tun: Ohne Ihr Wort bekommen Sie keine solche Mail.",
            "done": "Danke. Es gilt von jetzt an, und Sie können es jederzeit zurücknehmen.",
            "late": "Dieser Link ist abgelaufen",
            "late.why": "Er galt bis {day}. Füllen Sie das Formular noch einmal aus, dann bekommen Sie einen neuen.",
            "languages": "Sprachen",
            "broken": "Dieser Link funktioniert nicht",
            "broken.why": "Vermutlich fehlt ein Teil: Kopieren Sie ihn ganz aus der Nachricht.",
        },
    }
)
