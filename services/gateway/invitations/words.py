"""What the page says by which a friend answers an invitation, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

INVITATIONS = Catalogue(
    {
        "en": {
            "title": "You are invited to {programme}",
            "what": "A member of {programme} gave us your mail address to invite you. We wrote to you once and did not "
            "keep it.",
            "ask": "May we show you how it works? That is all that you agree to: we do not write to you again before "
            "you join and tell us how.",
            "yes": "Yes, show me",
            "no": "No, never ask me again",
            "refused": "We will not write to you again, whoever invites you.",
            "agreed": "Good to have you. Say this code when you join, at the till or in the app:",
            "change": "You may change your mind here at any time.",
            "languages": "Languages",
            "broken": "This link does not work",
            "broken.why": "A part of it was probably lost: copy all of it from the message.",
        },
        "de": {
            "title": "Sie sind zu {programme} eingeladen",
            "what": "Ein Mitglied von {programme} gab uns Ihre Mailadresse, um Sie einzuladen. Wir haben Ihnen einmal "
            "geschrieben und sie nicht aufbewahrt.",
            "ask": "Dürfen wir Ihnen zeigen, wie es geht? Mehr erlauben Sie damit nicht: Wir schreiben Ihnen nicht "
            "wieder, bevor Sie beitreten und uns sagen, wie.",
            "yes": "Ja, zeigen Sie es mir",
            "no": "Nein, nie wieder fragen",
            "refused": "Wir schreiben Ihnen nicht wieder, wer auch immer Sie einlädt.",
            "agreed": "Schön. Nennen Sie diesen Code, wenn Sie beitreten, an der Kasse oder in der App:",
            "change": "Sie können es sich hier jederzeit anders überlegen.",
            "languages": "Sprachen",
            "broken": "Dieser Link funktioniert nicht",
            "broken.why": "Vermutlich fehlt ein Teil: Kopieren Sie ihn ganz aus der Nachricht.",
        },
    }
)
