"""What a calendar says beside the words of the rules, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

CALENDAR = Catalogue(
    {
        "en": {
            "status.draft": "draft",
            "status.scheduled": "scheduled",
            "status.live": "live",
            "status.paused": "paused",
            "status.ended": "ended",
            "status.off": "switched off",
            "everybody": "everybody",
            "lapse": "Points lapse: {wallets}",
            "lapse.words": "Last day to spend points of {wallets} that end with the period.",
            "lapse.before": "Campaigns before it: {listed}.",
            "lapse.none": "No campaign pays before it.",
            "range": "{first} to {last}",
            "budget": "{percent} % of {amount} used {period}",
            "budget.store": "{amount} for each store {period}",
            "budget.partner": "{amount} for each partner {period}",
            "budget.80": "80 % mark reached",
            "budget.100": "used up",
            "unit.times": {"one": "{number} time", "other": "{number} times"},
            "unit.discount_minor": "{money} off prices",
            "unit.order_minor": "orders worth {money}",
            "period.day": "today",
            "period.week": "this week",
            "period.month": "this month",
            "period.year": "this year",
            "period.ever": "in all",
        },
        "de": {
            "status.draft": "Entwurf",
            "status.scheduled": "geplant",
            "status.live": "läuft",
            "status.paused": "ruht",
            "status.ended": "beendet",
            "status.off": "abgeschaltet",
            "everybody": "alle",
            "lapse": "Punkte verfallen: {wallets}",
            "lapse.words": "Letzter Tag, um Punkte in {wallets} auszugeben, die mit dem Zeitraum enden.",
            "lapse.before": "Aktionen davor: {listed}.",
            "lapse.none": "Davor zahlt keine Aktion.",
            "range": "{first} bis {last}",
            "budget": "{percent} % verbraucht von: {amount} {period}",
            "budget.store": "je Filiale {amount} {period}",
            "budget.partner": "je Partner {amount} {period}",
            "budget.80": "80-%-Marke erreicht",
            "budget.100": "aufgebraucht",
            "unit.times": {"one": "{number} Mal", "other": "{number} Mal"},
            "unit.discount_minor": "{money} Rabatt",
            "unit.order_minor": "Einkäufe für {money}",
            "period.day": "heute",
            "period.week": "diese Woche",
            "period.month": "diesen Monat",
            "period.year": "dieses Jahr",
            "period.ever": "insgesamt",
        },
    }
)
