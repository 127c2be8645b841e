"""What the member's own page says, in every language."""

from __future__ import annotations

from types import MappingProxyType

from libs.language.catalogue import Catalogue

MINE = Catalogue(
    {
        "en": MappingProxyType(
            {
                "title": "Your points",
                "programme": "You are a member of {programme}.",
                "balance": {"one": "You have {number} point to spend.", "other": "You have {number} points to spend."},
                "worth": "At the till they pay {money} of a bill.",
                "level": "Your level: {levels}.",
                "next": {
                    "one": "{number} point more, and you can have this: {title}.",
                    "other": "{number} points more, and you can have this: {title}.",
                },
                "recognised.level": "Thank you for being with us at the level {levels}.",
                "recognised.first": "It is your first reward with us: enjoy it!",
                "recognised.more": "It is reward number {number} that you have had from us: we are glad you stay.",
                "challenges": "Your challenges",
                "steps": "How it goes",
                "step.choose": "Choose a reward below. What you can have now comes first.",
                "step.confirm": "Look at what it costs, say what we need to know, and redeem it.",
                "step.use": "Show the code at the till, or wait for the parcel: everything you have had is below.",
                "tips": "Getting the most of it",
                "tip.wish": "Put what is out of reach on your wish list: you are told once you can have it.",
                "tip.soon": "Points that lapse soonest are spent first, so redeeming never costs you later ones.",
                "tip.codes": "Codes are good at once; nobody has to approve of them.",
                "reach": "You can have this now",
                "later": "Something to save up for",
                "none": "There is nothing here at the moment.",
                "see": "Look at it",
                "wish": "Put it on my wish list",
                "unwish": "Take it off my wish list",
                "wished": "It is on your wish list.",
                "cost": "It costs {cost}.",
                "left": {"one": "One piece is left.", "other": "{number} pieces are left."},
                "redeem": "Redeem it",
                "back": "Back to all rewards",
                "thanks": "Thank you, it is yours!",
                "thanks.why": "You have earned it. This is how you use it:",
                "until": "Good until {day}.",
                "mine": "What you have had",
                "terms": "Terms",
                "refused": "That did not work, and no point was taken.",
                "broken": "This link leads nowhere any more",
                "broken.why": "Open your page anew from the app, or ask us for a new link.",
                "state": "{title}: {state}, {points}",
                "code": "Your code",
                "household": "Your household and what it shares",
                "console": "Rewards",
                "console.why": "See what the member can have, and redeem it for them, on the page that they see "
                "themselves.",
                "console.open": "Open their page",
            }
        ),
        "de": MappingProxyType(
            {
                "title": "Ihre Punkte",
                "household": "Ihr Haushalt und was er teilt",
                "programme": "Sie sind Mitglied bei {programme}.",
                "balance": {
                    "one": "Sie können {number} Punkt einlösen.",
                    "other": "Sie können {number} Punkte einlösen.",
                },
                "worth": "An der Kasse zahlen sie {money} einer Rechnung.",
                "level": "Ihre Stufe: {levels}.",
                "next": {
                    "one": "Noch {number} Punkt, und Sie können das haben: {title}.",
                    "other": "Noch {number} Punkte, und Sie können das haben: {title}.",
                },
                "recognised.level": "Danke, dass Sie auf der Stufe {levels} bei uns sind.",
                "recognised.first": "Es ist Ihre erste Prämie bei uns: viel Freude daran!",
                "recognised.more": "Es ist Prämie Nummer {number}, die Sie von uns haben: schön, dass Sie bleiben.",
                "challenges": "Ihre Herausforderungen",
                "steps": "So geht es",
                "step.choose": "Suchen Sie unten eine Prämie aus. Was Sie jetzt haben können, steht zuerst.",
                "step.confirm": "Sehen Sie nach, was sie kostet, sagen Sie uns das Nötige und lösen Sie ein.",
                "step.use": "Zeigen Sie den Code an der Kasse oder warten Sie auf das Paket: Alles steht unten.",
                "tips": "So holen Sie am meisten heraus",
                "tip.wish": "Setzen Sie auf die Wunschliste, was noch zu teuer ist: Sie erfahren es, sobald es reicht.",
                "tip.soon": "Zuerst werden die Punkte eingelöst, die am frühesten verfallen.",
                "tip.codes": "Codes gelten sofort; niemand muss sie freigeben.",
                "reach": "Das können Sie jetzt haben",
                "later": "Dafür lohnt sich das Sammeln",
                "none": "Hier ist im Moment nichts.",
                "see": "Ansehen",
                "wish": "Auf meine Wunschliste",
                "unwish": "Von meiner Wunschliste",
                "wished": "Es steht auf Ihrer Wunschliste.",
                "cost": "Sie kostet {cost}.",
                "left": {"one": "Ein Stück ist noch da.", "other": "{number} Stück sind noch da."},
                "redeem": "Einlösen",
                "back": "Zurück zu allen Prämien",
                "thanks": "Danke, sie gehört Ihnen!",
                "thanks.why": "Sie haben sie sich verdient. So lösen Sie sie ein:",
                "until": "Gültig bis {day}.",
                "mine": "Was Sie hatten",
                "terms": "Bedingungen",
                "refused": "Das ging nicht, und kein Punkt wurde genommen.",
                "broken": "Dieser Link führt nirgends mehr hin",
                "broken.why": "Öffnen Sie Ihre Seite neu aus der App oder bitten Sie uns um einen neuen Link.",
                "state": "{title}: {state}, {points}",
                "code": "Ihr Code",
                "console": "Prämien",
                "console.why": "Sehen, was das Mitglied haben kann, und für es einlösen, auf der Seite, die es "
                "selbst sieht.",
                "console.open": "Seine Seite öffnen",
            }
        ),
    }
)
"""To whoever opens the page."""
