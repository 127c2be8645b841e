"""Outcomes, reasons and movements in German; `words.py` has the first texts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "credited": "Punkte wurden gutgeschrieben.",
        "no_points": "Das brachte keine Punkte.",
        "unclaimed": "Diese Kennung hat noch niemand. Der Bon wartet darauf, nachgemeldet zu werden.",
        "no_member": "Er nennt niemanden. Ein Bon kann mit seiner Nummer nachgemeldet werden.",
        "awaiting_operator": "Keine Regel entscheidet das. Es wartet auf eine Person.",
        "reversed": "Punkte wurden zurückgenommen.",
        "unchanged": "An den Punkten hat es nichts geändert.",
        "awaiting_purchase": "Der Einkauf, zu dem es gehört, ist noch nicht da. Es zählt, sobald er kommt.",
        "refused": "Es wurde abgelehnt.",
        "activated": "Punkte, die ausstanden, wurden aktiv.",
        "adjusted": "Eine Person hat die Punkte berichtigt.",
        "transferred": "Punkte gingen an ein anderes Mitglied.",
        "merged": "Das Mitglied ging in einem anderen auf, das nun Punkte und Kennungen hat.",
        "unmerged": "Die Zusammenlegung wurde aufgehoben: Jede Seite hat das Ihre wieder, soweit es noch da ist.",
    }
)

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "event-time-ahead": "Seine Zeit lag mehr als fünf Minuten voraus, darum zählt es ab seiner Ankunft.",
        "period-closed": "Es kam zu lange nach dem Ende des Zeitraums an, zu dem seine Punkte gehören.",
        "no-programme-yet": "Es ist von vor der ersten Fassung des Programms.",
        "no-exchange-rate": "Es ist in einer anderen Währung als das Programm, und kein Kurs ist bekannt.",
        "points-out-of-range": "Es wären unsinnig viele Punkte.",
        "not-enough-points": "Es wäre mehr genommen worden, als da und frei ist.",
        "never-lapses": "Punkte dieser Art verfallen nie.",
        "nothing-to-extend": "Es sind keine Punkte da, die ein späteres Datum bekämen.",
        "earned-ahead": "Die Punkte wären in der Zukunft gesammelt worden.",
        "in-debt": "In dieser Art von Punkten wird etwas geschuldet; das wird bezahlt, ehe etwas weggegeben wird.",
        "same-member": "Beide sind dasselbe Mitglied.",
        "transfer-limit": "Die Grenzen des Programms lassen das Mitglied in diesem Zeitraum nicht mehr weitergeben.",
        "transfer-too-small": "So wenige Punkte lässt das Programm nicht an andere gehen.",
        "points-held": "Punkte sind durch eine Einlösung vorgemerkt; sie muss erst enden.",
        "not-merged": "Dieses Mitglied ging in keinem anderen auf.",
        "merged-again": "Das andere Mitglied wurde seither zusammengelegt; das muss erst rückgängig werden.",
        "undo-too-late": "Die 30 Tage, in denen sich die Zusammenlegung rückgängig machen ließ, sind vorbei.",
        "expiry-passed": "Die Punkte wären schon verfallen.",
        "switched-off": "Alles, was es hätte beurteilen sollen, war abgeschaltet.",
        "receipt-known": "Einen Einkauf mit dieser Nummer gab es schon.",
        "receipt-unknown": "Zu dieser Nummer ist nichts bekannt.",
        "receipt-voided": "Der Bon wurde storniert.",
        "voided": "Der Bon wurde storniert.",
        "nothing-left": "Alles davon kam zurück.",
        "refused-by-operator": "Eine Person hat es abgelehnt.",
        "points-short": "Es ist mehr zurückzunehmen, als da ist; eine Person entscheidet über den Rest.",
        "nothing-short": "Nichts davon wartet auf eine solche Entscheidung.",
        "debt": "Eine Person hat entschieden, dass der Rest geschuldet wird.",
        "forgive": "Eine Person hat entschieden, dass auf den Rest verzichtet wird.",
        "member-unknown": "Kein Mitglied hat diese Kennung.",
        "wallet-unknown": "Diese Art von Punkten hatte das Programm zu dieser Zeit nicht.",
        "already-claimed": "Der Bon gehört schon jemandem.",
        "total-mismatch": "Die Summe ist nicht die des Bons.",
        "claim-too-late": "Die Zeit, in der er nachgemeldet werden konnte, ist vorbei.",
        "unknown-currency": "Diese Währung kennt niemand.",
        "currency": "Es ist in einer anderen Währung als das Programm.",
        "identifier-taken": "Eine Kennung gehört jemand anderem.",
        "member-blocked": "Das Mitglied ist gesperrt; zuerst muss jemand hinsehen.",
        "cart-invalid": "Sein Warenkorb ist keiner von uns oder der eines anderen Bons; er zählte wie ein Bon ohne.",
        "cart-late": "Gekauft wurde nach der Zeit seines Warenkorbs, dessen Codes deshalb nicht zählten.",
        "cart-spent": "Er kam nach der Zeit seines Warenkorbs; dessen Codes wurden inzwischen anderswo eingelöst.",
        "cart-foreign": "Sein Warenkorb war für ein anderes Mitglied vorgemerkt und zählte nicht.",
        "cart-released": "Sein Warenkorb war freigegeben worden und zählte nicht.",
        "cart-returned": "Sein Warenkorb kam schon ganz zurück und zählte nicht noch einmal.",
        "cart-unknown": "Aus seinem Warenkorb wurde längst nichts; er zählte nicht.",
        "cart-other": "Mit diesem Bon wurde ein anderer Warenkorb gekauft; dieser zählte nicht.",
    }
)

OTHER_REASON = "Grund: {reason}."

MOVEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "credit": "Punkte wurden gutgeschrieben",
        "activate": "Ausstehende Punkte wurden aktiv",
        "redeem": "Punkte wurden eingelöst",
        "restore": "Punkte kamen zurück",
        "expire": "Punkte verfielen",
        "waive": "Punkte bekamen ein anderes Datum",
        "reverse": "Punkte wurden zurückgenommen, weil der Einkauf zurückkam",
        "hold": "Punkte wurden vorgemerkt",
        "release": "Eine Vormerkung endete, und ihre Punkte sind wieder frei",
        "commit": "Vorgemerkte Punkte wurden eingelöst",
        "transfer": "Punkte gingen an ein anderes Mitglied oder kamen von einem",
        "adjust": "Punkte wurden von einer Person berichtigt",
        "repay": "Eine Schuld wurde mit Punkten bezahlt",
        "lend": "Eine Gebühr für geliehene Punkte ist zurückzuzahlen",
        "fall_due": "Geliehene Punkte wurden fällig und werden geschuldet",
    }
)

BY_ACCOUNTS: Mapping[tuple[str, str, str], str] = MappingProxyType(
    {
        ("credit", "issued", "pending"): "Punkte wurden gutgeschrieben und werden später aktiv",
        ("restore", "expired", "active"): "Verfallene Punkte kamen zurück",
        ("restore", "redeemed", "active"): "Eingelöste Punkte kamen zurück",
        ("reverse", "pending", "reversed"): "Ausstehende Punkte wurden zurückgenommen, weil der Einkauf zurückkam",
        ("reverse", "debt", "reversed"): "Punkte wurden zurückgenommen, die nicht mehr da waren, und werden geschuldet",
        ("lend", "debt", "issued"): "Geliehene Punkte sind zurückzuzahlen",
        ("transfer", "transferred", "active"): "Punkte kamen von einem anderen Mitglied",
        ("transfer", "active", "transferred"): "Punkte gingen an ein anderes Mitglied",
        ("transfer", "pending", "transferred"): "Ausstehende Punkte gingen an ein anderes Mitglied",
        ("transfer", "transferred", "pending"): "Punkte kamen von einem anderen Mitglied und werden später aktiv",
        ("transfer", "transferred", "debt"): "Eine Schuld ging an ein anderes Mitglied",
        ("transfer", "debt", "transferred"): "Eine Schuld kam von einem anderen Mitglied",
        ("adjust", "adjusted", "active"): "Eine Person hat Punkte gegeben",
        ("adjust", "active", "adjusted"): "Eine Person hat Punkte genommen",
        ("adjust", "adjusted", "debt"): "Eine Person hat eine Schuld verringert",
        ("adjust", "written_off", "debt"): "Eine Schuld wurde erlassen",
        ("adjust", "active", "written_off"): "Punkte wurden ausgebucht",
    }
)

TAKEN_BACK: Mapping[str, str] = MappingProxyType(
    {"one": "{n} Punkt wurde zurückgenommen.", "other": "{n} Punkte wurden zurückgenommen."}
)
