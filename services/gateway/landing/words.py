"""What landing pages say beside what was designed."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

LANDING = Catalogue(
    {
        "en": {
            "join": "Join {programme}",
            "email": "Your e-mail address",
            "given_name": "Your first name",
            "family_name": "Your last name",
            "button": "Join now",
            "thanks": "Thank you. If you are not with us yet, you are now: everything else comes by e-mail.",
            "confirm": "We have written to you: follow the link in that mail to confirm what you agreed to.",
            "fault.email": "This is no e-mail address. Please look at it again.",
            "fault.name": "A name has letters only. Please look at it again.",
            "fault.old": "This form lay open for too long. Please send it again.",
            "website": "Leave this empty",
            "languages": "Languages",
            "none": "There is nothing here at the moment.",
            "points": {"one": "{number} point", "other": "{number} points"},
            "free": "free",
            "qr": "Code to scan",
        },
        "de": {
            "join": "Bei {programme} mitmachen",
            "email": "Ihre E-Mail-Adresse",
            "given_name": "Ihr Vorname",
            "family_name": "Ihr Nachname",
            "button": "Jetzt mitmachen",
            "thanks": "Danke. Falls Sie noch nicht dabei waren, sind Sie es jetzt: Alles Weitere kommt per E-Mail.",
            "confirm": "Wir haben Ihnen geschrieben: Folgen Sie dem Link in dieser Mail, um Ihr Einverständnis zu "
            "bestätigen.",
            "fault.email": "Das ist keine E-Mail-Adresse. Bitte sehen Sie noch einmal hin.",
            "fault.name": "Ein Name besteht nur aus Buchstaben. Bitte sehen Sie noch einmal hin.",
            "fault.old": "Dieses Formular lag zu lange offen. Bitte senden Sie es noch einmal.",
            "website": "Bitte leer lassen",
            "languages": "Sprachen",
            "none": "Hier gibt es im Moment nichts.",
            "points": {"one": "{number} Punkt", "other": "{number} Punkte"},
            "free": "kostenlos",
            "qr": "Code zum Scannen",
        },
    }
)
