"""German."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from libs.language.catalogue import Texts

CONDITIONS: Mapping[str, str] = MappingProxyType(
    {
        "cel": "ihr Ausdruck trifft auf diesen Bon nicht zu",
        "nothing-earned": "sie passte, aber es gab nichts, worauf Punkte zu sammeln waren",
        "killed": "sie ist abgeschaltet",
        "weekdays": "nicht an diesem Wochentag",
        "hours": "nicht zu dieser Stunde",
        "frame": "sie lief zu dieser Zeit nicht",
        "state": "sie ist nicht aktiv",
        "trigger": "sie gilt für etwas anderes",
        "lines": "keine Position erfüllt alle ihre Bedingungen an Positionen",
        "skus": "keines ihrer Produkte wurde gekauft",
        "categories": "nichts aus ihren Warengruppen wurde gekauft",
        "brands": "nichts von ihren Marken wurde gekauft",
        "labels": "nichts mit ihren Kennzeichen wurde gekauft",
        "stores": "nicht in dieser Filiale",
        "channels": "nicht auf diesem Vertriebsweg",
        "partners": "nicht bei diesem Partner",
        "tiers": "nicht für die Stufe des Mitglieds",
        "payments": "nicht mit diesem Zahlungsmittel",
        "only-with": "keine der Kampagnen, die sie neben sich braucht, zahlt",
        "too-many-campaigns": "stärkere Kampagnen sind schon so viele, wie auf einem Bon zahlen dürfen",
        "min_total_minor": "die Summe des Bons ist zu niedrig",
        "min_quantity": "zu wenige Stück",
        "min_amount_minor": "zu wenig für die Produkte ausgegeben, die zählen",
    }
)

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "currency": "Der Bon ist in einer anderen Währung als das Programm.",
        "points-out-of-range": "Es wären unsinnig viele Punkte, darum gab es keine.",
    }
)

EXPLANATIONS: Texts = MappingProxyType(
    {
        "nothing": "Keine Punkte.",
        "granted": "{points} durch {campaigns}.",
        "off": "{minor} kleinste Einheiten Nachlass",
        "free-shipping": "Versand frei.",
        "outranked": "Kampagne {what!r} geht ihr in ihrer Gruppe vor",
        "excluded": "sie darf nicht neben der stärkeren Kampagne {what!r} zahlen",
        "limited": "ihre Grenze ist erreicht: {what}",
        "rule-error": "ihr Ausdruck konnte nicht ausgewertet werden: {what}",
        "per_amount": "{basis} kleinste Einheiten {times} {points} / {per}",
        "per_amount.above": "{basis} kleinste Einheiten über {above} {times} {points} / {per}",
        "per_quantity": "{basis} {times} {points} für je {per}",
        "fixed": "einmal {points}",
        "tier": "{points} einmal für die Stufe",
        "tier.per_amount": "{basis} kleinste Einheiten {times} {points} / {per} für die Stufe",
        "threshold": "{points} einmal ab {basis} kleinsten Einheiten",
        "together": "{basis} {times} {points} für jedes Paar",
        "formula": "{basis} nach ihrem Ausdruck, höchstens {most}",
        "multiplier": "{basis} Grundpunkte {times} {percent} %",
        "discount": "{kind}: {amount} kleinste Einheiten Nachlass",
    }
)

RULES: Texts = MappingProxyType(
    {
        "points": {"one": "{number} Punkt", "other": "{number} Punkte"},
        "points.wallet": "{number} {wallet}",
        "per_amount": "{points} für je {money}",
        "per_quantity": {"one": "{points} für jedes Stück", "other": "{points} für je {n} Stück"},
        "per_quantity.activity": {"one": "{points} für jedes Mal", "other": "{points} für je {n} Mal"},
        "fixed": "{points}",
        "multiplier.points": "{times}-mal so viele Punkte",
        "multiplier.points.200": "doppelte Punkte",
        "multiplier.points.300": "dreifache Punkte",
        "multiplier.wallet": "{times}-mal so viele {wallet}",
        "compounding": "auch auf das, was andere Angebote dazugegeben haben",
        "per_amount.above": "{points} für je {money} über {above}",
        "of-tier": "{what} für {tier}",
        "of-others": "{what} für alle anderen",
        "tier.per_amount": "{listed}, für je {money}",
        "from": "{what} ab {start}",
        "from-pieces": {"one": "{what} ab einem Stück", "other": "{what} ab {n} Stück"},
        "together": "{points} für jedes Stück, das zusammen mit {listed} gekauft wird",
        "formula": "bis zu {points} nach einer Formel",
        "amount_off": "{money} Nachlass",
        "amount_off.per_amount": "{money} Nachlass für je {per}",
        "off": "{percent} % Nachlass",
        "free": "gratis",
        "free_shipping": "freier Versand",
        "buy_get": "{buy} kaufen, {get} weitere: {what}",
        "buy_get.of": "{buy} kaufen, {get} von {listed}: {what}",
        "bundle": "{listed} zusammen für {money}",
        "gift": {"one": "1 {times} {kind} {reference}", "other": "{n} {times} {kind} {reference}"},
        "gift.per_amount": "{what} für je {money}",
        "gift.coupon": "Gutschein",
        "gift.gift_card": "Geschenkkarte",
        "gift.reward": "Prämie",
        "gift.badge": "Abzeichen",
        "gift.lottery_ticket": "Los",
        "gift.sample": "Probe",
        "gift.message": "Nachricht",
        "gift.webhook": "Aufruf von",
        "more": "{listed} und {n} weitere",
        "activity": "für „{activity}“",
        "skus": {"one": "auf den Artikel {listed}", "other": "auf die Artikel {listed}"},
        "categories": {"one": "auf die Warengruppe {listed}", "other": "auf die Warengruppen {listed}"},
        "brands": {"one": "auf die Marke {listed}", "other": "auf die Marken {listed}"},
        "labels": {
            "one": "auf alles mit dem Kennzeichen {listed}",
            "other": "auf alles mit einem der Kennzeichen {listed}",
        },
        "labels.activity": {"one": "mit dem Kennzeichen {listed}", "other": "mit einem der Kennzeichen {listed}"},
        "min_amount_minor": "ab {money} Einkauf",
        "min_amount_minor.lines": "ab {money} Einkauf davon",
        "min_quantity": {"one": "ab einem Stück", "other": "ab {n} Stück"},
        "min_total_minor": "ab einer Summe von {money}",
        "stores": {"one": "in der Filiale {listed}", "other": "in den Filialen {listed}"},
        "channels": {"one": "auf dem Vertriebsweg „{listed}“", "other": "auf den Vertriebswegen {listed}"},
        "partners": {"one": "beim Partner {listed}", "other": "bei den Partnern {listed}"},
        "tiers": {"one": "für die Stufe {listed}", "other": "für die Stufen {listed}"},
        "payments": {"one": "bei Zahlung mit {listed}", "other": "bei Zahlung mit {listed}"},
        "cel": "wenn dies zutrifft: {expression}",
        "other-condition": "unter der Bedingung „{name}“",
        "weekdays": "am {listed}",
        "hours": "zwischen {since} und {until} Uhr",
        "starts_at": "ab {moment}",
        "ends_at": "bis {moment}",
        "limit.points": "höchstens {points}",
        "limit.times": {"one": "höchstens einmal", "other": "höchstens {n}-mal"},
        "limit.discount_minor": "höchstens {money} Nachlass",
        "limit.order_minor": "für Einkäufe von höchstens {money}",
        "limit.transaction": "je Bon",
        "limit.day": "am Tag",
        "limit.week": "in der Woche",
        "limit.month": "im Monat",
        "limit.year": "im Jahr",
        "limit.ever": "insgesamt",
        "limit.member": "für jedes Mitglied",
        "limit.campaign": "für alle Mitglieder zusammen",
        "limit.programme": "über alle Angebote",
        "limit.store": "in jeder Filiale",
        "limit.partner": "bei jedem Partner",
        "group.first": "Davon zählt nur, was als Erstes zutrifft: {listed}.",
        "group.best": "Davon zählt nur, was am meisten bringt: {listed}.",
        "group.worst": "Davon zählt nur, was am wenigsten bringt: {listed}.",
        "group.exclusive": "Trifft eines davon zu, zählt nur dieses: {listed}.",
        "pending.none": "Sie sind sofort da.",
        "pending.after": {
            "one": "Sie werden einen Tag nach dem Sammeln aktiv.",
            "other": "Sie werden {n} Tage nach dem Sammeln aktiv.",
        },
        "pending.on_days": "Sie werden am nächsten dieser Tage eines Monats aktiv: {listed}.",
        "pending.event": {
            "one": "Sie werden aktiv mit {listed}, spätestens nach einem Tag.",
            "other": "Sie werden aktiv mit {listed}, spätestens nach {n} Tagen.",
        },
        "expiry.never": "Sie verfallen nie.",
        "expiry.month": "Sie verfallen am Ende des Monats, in dem sie gesammelt wurden.",
        "expiry.quarter": "Sie verfallen am Ende des Quartals, in dem sie gesammelt wurden.",
        "expiry.half_year": "Sie verfallen am Ende des Halbjahrs, in dem sie gesammelt wurden.",
        "expiry.year": "Sie verfallen am Ende des Jahres, in dem sie gesammelt wurden.",
        "expiry.month.later": {
            "one": "Sie verfallen am Ende des Monats nach dem, in dem sie gesammelt wurden.",
            "other": "Sie verfallen am Ende des Monats, {n} Monate nach dem, in dem sie gesammelt wurden.",
        },
        "expiry.quarter.later": {
            "one": "Sie verfallen am Ende des Quartals nach dem, in dem sie gesammelt wurden.",
            "other": "Sie verfallen am Ende des Quartals, {n} Quartale nach dem, in dem sie gesammelt wurden.",
        },
        "expiry.half_year.later": {
            "one": "Sie verfallen am Ende des Halbjahrs nach dem, in dem sie gesammelt wurden.",
            "other": "Sie verfallen am Ende des Halbjahrs, {n} Halbjahre nach dem, in dem sie gesammelt wurden.",
        },
        "expiry.year.later": {
            "one": "Sie verfallen am Ende des Jahres nach dem, in dem sie gesammelt wurden.",
            "other": "Sie verfallen am Ende des Jahres, {n} Jahre nach dem, in dem sie gesammelt wurden.",
        },
        "expiry.other": "Sie verfallen nach einer eigenen Regel.",
        "expiry.from-activation": "Ihre Zeit zählt von dem Tag an, an dem sie aktiv werden.",
        "worth": "{points} sind {money} wert.",
        "rounding.floor": "Bruchteile von Punkten auf einem Bon entfallen.",
        "rounding.half_up": "Die Punkte eines Bons werden gerundet, ein halber aufgerundet.",
        "rounding.ceil": "Bruchteile von Punkten auf einem Bon werden aufgerundet.",
        "section.base": "Auf jeden Einkauf",
        "section.multiplier": "Mehr Punkte",
        "section.addition": "Zusätzliche Punkte",
        "section.activity": "Neben dem Einkauf",
    }
)

HINTS: Texts = MappingProxyType(
    {
        "spend": "noch für {money} einkaufen",
        "spend.on": "noch für {money} von {listed} einkaufen",
        "pieces": {"one": "noch ein Stück nehmen", "other": "noch {n} Stück nehmen"},
        "pieces.of": {"one": "noch ein Stück von {listed} nehmen", "other": "noch {n} Stück von {listed} nehmen"},
        "hint": "{needs}: das bringt {points} mehr.",
    }
)
