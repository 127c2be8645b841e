"""What is said of scenarios, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue, Texts

_ENGLISH: Texts = {
    "trigger.points_credited": "Points were credited",
    "trigger.purchase": "A purchase",
    "trigger.activity": "An activity",
    "trigger.reward_granted": "A campaign gave something",
    "trigger.joined": "A member was added",
    "trigger.order_moved": "An order went on",
    "trigger.reward_in_reach": "A reward of the wish list came into reach",
    "trigger.redemption_abandoned": "A reward that was set aside was not taken",
    "trigger.tier_reached": "A level was reached",
    "trigger.tier_about_to_drop": "A level is about to be lost",
    "trigger.before_expiry": "A reminder before points lapse",
    "trigger.segment_entered": "A segment was entered",
    "trigger.inactivity": {"one": "{n} day without a purchase", "other": "{n} days without a purchase"},
    "trigger.birthday": "A birthday",
    "trigger.anniversary": "An anniversary of enrolment",
    "asks.wallet": "wallet",
    "asks.min_points": "points from",
    "asks.campaign": "campaign",
    "asks.activity": "activity",
    "asks.reference": "reward",
    "asks.stage": "stage",
    "asks.tier_set": "tier set",
    "asks.level": "level",
    "asks.step": "step",
    "asks.segment": "segment",
    "asks.days_before": "days before",
    "asks.years": "years",
    "control": "The control group, which gets nothing.",
    "no-goal": "The scenario has no goal to compare by.",
    "no-control": "There is no control group to compare with: name one of the arms `control`.",
    "too-few": "Too little to say anything: it takes {few} members who reached the goal in each group.",
    "no-difference": (
        "No difference that could not be chance: the goal is reached {relative} % more often, with {sure} % confidence "
        "between {low} % and {high} %."
    ),
    "more": (
        "The goal is reached more often than in the control group: {relative} %, with {sure} % confidence between "
        "{low} % and {high} %."
    ),
    "less": (
        "The goal is reached less often than in the control group: {relative} %, with {sure} % confidence between "
        "{low} % and {high} %."
    ),
    "page.title": "Scenarios",
    "page.none": "No programme of your company has scenarios. They stand in its document, under `scenarios`.",
    "page.paused": "paused",
    "page.picture": "How far members came in {name}",
    "page.begun": "begun",
    "page.won": "goal reached",
    "page.counted": "Steps that came due within {days} days, or will.",
    "page.steps": "Steps, and how many members are where",
    "page.try": "Try on what happened",
    "page.try-what": (
        "What these scenarios would have done, had they been in force: nothing is sent. Segments, tiers, addresses and "
        "consents are those of now."
    ),
    "page.back": "Back for",
    "page.days": {"one": "{n} day", "other": "{n} days"},
    "page.try-now": "Try",
    "page.again": "Look again",
    "page.trial-waiting": "The trial waits for its turn.",
    "page.trial-running": "The trial is on its way.",
    "page.trial-failed": "The trial came to nothing: read the log of the notifier.",
    "page.trial-done": {"one": "On the last day:", "other": "On the last {n} days:"},
    "page.would": {
        "one": "It would have begun for {n} member, {times} times.",
        "other": "It would have begun for {n} members, {times} times.",
    },
    "page.step": "Step",
    "page.action": "What is done",
    "page.after": "After",
    "page.waiting": "Waiting",
    "page.sent": "Done",
    "page.seen": "Seen",
    "page.goal_reached": "Goal reached before",
    "page.held_out": "Control group",
    "page.not_meant": "Not meant",
    "page.not_sent": "Not reached",
    "page.arms": "Arms, and how often the goal was reached",
    "page.arm": "Arm",
    "page.share": "Share",
    "page.part": "Of all",
    "page.beside": "Beside the control group",
    "page.hours": {"one": "{n} hour", "other": "{n} hours"},
    "action.message": "Message",
    "action.points": "Points",
    "action.reward": "Reward",
    "action.webhook": "Webhook",
    "action.tag": "Tag",
}

_GERMAN: Texts = {
    "trigger.points_credited": "Punkte wurden gutgeschrieben",
    "trigger.purchase": "Ein Einkauf",
    "trigger.activity": "Eine Aktivität",
    "trigger.reward_granted": "Eine Aktion hat etwas vergeben",
    "trigger.joined": "Ein Mitglied kam dazu",
    "trigger.order_moved": "Eine Bestellung ging weiter",
    "trigger.reward_in_reach": "Eine gewünschte Prämie kam in Reichweite",
    "trigger.redemption_abandoned": "Eine vorgemerkte Prämie wurde nicht genommen",
    "trigger.tier_reached": "Eine Stufe wurde erreicht",
    "trigger.tier_about_to_drop": "Eine Stufe geht bald verloren",
    "trigger.before_expiry": "Eine Erinnerung, bevor Punkte verfallen",
    "trigger.segment_entered": "Ein Mitglied kam in ein Segment",
    "trigger.inactivity": {"one": "{n} Tag ohne Einkauf", "other": "{n} Tage ohne Einkauf"},
    "trigger.birthday": "Ein Geburtstag",
    "trigger.anniversary": "Ein Jahrestag der Anmeldung",
    "asks.wallet": "Konto",
    "asks.min_points": "Punkte ab",
    "asks.campaign": "Aktion",
    "asks.activity": "Aktivität",
    "asks.reference": "Prämie",
    "asks.stage": "Schritt",
    "asks.tier_set": "Stufenleiter",
    "asks.level": "Stufe",
    "asks.step": "Schritt",
    "asks.segment": "Segment",
    "asks.days_before": "Tage vorher",
    "asks.years": "Jahre",
    "control": "Die Vergleichsgruppe, die nichts bekommt.",
    "no-goal": "Das Szenario hat kein Ziel, an dem verglichen werden könnte.",
    "no-control": "Es gibt keine Vergleichsgruppe: nennen Sie eine der Gruppen `control`.",
    "too-few": "Zu wenig für eine Aussage: es braucht {few} Mitglieder am Ziel in jeder Gruppe.",
    "no-difference": (
        "Kein Unterschied, der nicht Zufall sein könnte: das Ziel wird um {relative} % öfter erreicht, mit {sure} % "
        "Sicherheit zwischen {low} % und {high} %."
    ),
    "more": (
        "Das Ziel wird öfter erreicht als in der Vergleichsgruppe: {relative} %, mit {sure} % Sicherheit zwischen "
        "{low} % und {high} %."
    ),
    "less": (
        "Das Ziel wird seltener erreicht als in der Vergleichsgruppe: {relative} %, mit {sure} % Sicherheit zwischen "
        "{low} % und {high} %."
    ),
    "page.title": "Szenarien",
    "page.none": "Kein Programm Ihres Unternehmens hat Szenarien. Sie stehen in seinem Dokument unter `scenarios`.",
    "page.paused": "angehalten",
    "page.picture": "Wie weit Mitglieder in {name} kamen",
    "page.begun": "begonnen",
    "page.won": "Ziel erreicht",
    "page.counted": "Schritte, die innerhalb von {days} Tagen fällig wurden oder es werden.",
    "page.steps": "Schritte, und wie viele Mitglieder wo stehen",
    "page.try": "Am Geschehenen ausprobieren",
    "page.try-what": (
        "Was diese Szenarien getan hätten, wären sie in Kraft gewesen: nichts wird gesendet. Segmente, Stufen, "
        "Adressen und Einwilligungen sind die von jetzt."
    ),
    "page.back": "Zurück um",
    "page.days": {"one": "{n} Tag", "other": "{n} Tage"},
    "page.try-now": "Ausprobieren",
    "page.again": "Noch einmal nachsehen",
    "page.trial-waiting": "Der Versuch wartet, bis er an der Reihe ist.",
    "page.trial-running": "Der Versuch läuft.",
    "page.trial-failed": "Aus dem Versuch wurde nichts: lesen Sie das Protokoll des Notifiers.",
    "page.trial-done": {"one": "Am letzten Tag:", "other": "In den letzten {n} Tagen:"},
    "page.would": {
        "one": "Es hätte für {n} Mitglied begonnen, {times} Mal.",
        "other": "Es hätte für {n} Mitglieder begonnen, {times} Mal.",
    },
    "page.step": "Schritt",
    "page.action": "Was geschieht",
    "page.after": "Nach",
    "page.waiting": "Warten",
    "page.sent": "Erledigt",
    "page.seen": "Gesehen",
    "page.goal_reached": "Ziel vorher erreicht",
    "page.held_out": "Vergleichsgruppe",
    "page.not_meant": "Nicht gemeint",
    "page.not_sent": "Nicht erreicht",
    "page.arms": "Gruppen, und wie oft das Ziel erreicht wurde",
    "page.arm": "Gruppe",
    "page.share": "Anteil",
    "page.part": "Von allen",
    "page.beside": "Neben der Vergleichsgruppe",
    "page.hours": {"one": "{n} Stunde", "other": "{n} Stunden"},
    "action.message": "Nachricht",
    "action.points": "Punkte",
    "action.reward": "Prämie",
    "action.webhook": "Webhook",
    "action.tag": "Merkmal",
}

SCENARIOS = Catalogue({"en": _ENGLISH, "de": _GERMAN})
