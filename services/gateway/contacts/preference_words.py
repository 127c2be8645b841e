"""What the page of preferences says, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

PREFERENCES = Catalogue(
    {
        "en": {
            "title": "What would you like to hear from us?",
            "programme": "Your choices for {programme}",
            "how": "Tick what you agree to, clear what you do not. It counts from the moment you save.",
            "service": "About your membership",
            "service.why": "Your points, their dates, your rewards and orders.",
            "marketing": "Offers and news",
            "marketing.why": "Promotions, new rewards, invitations.",
            "profiling": "Offers chosen for you",
            "profiling.why": "We look at what you bought to choose what we write to you about.",
            "location": "Offers where you are",
            "location.why": "The app may tell us when you are near a store of ours, and we tell you what it offers. "
            "Where you are is not kept.",
            "email": "by email",
            "sms": "by text message",
            "push": "in the app",
            "web_push": "in your browser",
            "webhook": "to your system",
            "http": "in your messenger",
            "inbox": "in your inbox with us",
            "till": "at the till",
            "file": "by post",
            "save": "Save my choices",
            "saved": "Saved. Your choices count from now on.",
            "unchanged": "Nothing was changed.",
            "old": "This link is too old to agree to anything new with it; a link in a newer message can. "
            "You can always say no.",
            "stopped": "Done: {what} {channel}: you will hear no more of it.",
            "more": "See and change all choices",
            "stop": "Stop this with one click: {what} {channel}",
            "stop.button": "Stop it",
            "languages": "Languages",
            "broken": "This link does not work",
            "broken.why": "A part of it was probably lost: copy all of it from the message, or use a newer one.",
        },
        "de": {
            "title": "Was möchten Sie von uns hören?",
            "programme": "Ihre Einstellungen für {programme}",
            "how": "Kreuzen Sie an, womit Sie einverstanden sind. Es gilt, sobald Sie speichern.",
            "service": "Zu Ihrer Mitgliedschaft",
            "service.why": "Ihre Punkte, deren Fristen, Ihre Prämien und Bestellungen.",
            "marketing": "Angebote und Neuigkeiten",
            "marketing.why": "Aktionen, neue Prämien, Einladungen.",
            "profiling": "Für Sie ausgewählte Angebote",
            "profiling.why": "Wir sehen uns an, was Sie gekauft haben, und wählen danach aus, was wir Ihnen schreiben.",
            "location": "Angebote in Ihrer Nähe",
            "location.why": "Die App darf uns sagen, wenn Sie einem Geschäft von uns nahe sind, und wir sagen Ihnen, "
            "was es dort gibt. Wo Sie sind, wird nicht aufbewahrt.",
            "email": "per E-Mail",
            "sms": "per SMS",
            "push": "in der App",
            "web_push": "in Ihrem Browser",
            "webhook": "an Ihr System",
            "http": "in Ihrem Messenger",
            "inbox": "in Ihrem Postfach bei uns",
            "till": "an der Kasse",
            "file": "per Post",
            "save": "Auswahl speichern",
            "saved": "Gespeichert. Ihre Auswahl gilt ab sofort.",
            "unchanged": "Es wurde nichts geändert.",
            "old": "Dieser Link ist zu alt, um damit Neuem zuzustimmen; ein Link in einer neueren Nachricht kann es. "
            "Nein sagen können Sie immer.",
            "stopped": "Erledigt: {what} {channel}: Davon hören Sie nichts mehr.",
            "more": "Alle Einstellungen ansehen und ändern",
            "stop": "Mit einem Klick beenden: {what} {channel}",
            "stop.button": "Beenden",
            "languages": "Sprachen",
            "broken": "Dieser Link funktioniert nicht",
            "broken.why": "Vermutlich fehlt ein Teil: Kopieren Sie ihn ganz, oder nehmen Sie einen neueren.",
        },
    }
)
