"""What is said of experiments, in every language."""

from __future__ import annotations

from libs.experiments.uplift import CONFIDENCE, FEW, Uplift
from libs.language import wording
from libs.language.catalogue import Catalogue, Texts

_ENGLISH: Texts = {
    "too-few": "Too little to say anything: it takes {few} members who bought something in each group.",
    "no-difference": (
        "No difference that could not be chance: spend a member is {relative} %, and with {sure} % confidence "
        "between {low} % and {high} %."
    ),
    "more": (
        "Members spend more than the control group: {relative} %, with {sure} % confidence between {low} % and "
        "{high} %."
    ),
    "less": (
        "Members spend less than the control group: {relative} %, with {sure} % confidence between {low} % and "
        "{high} %."
    ),
    "control": "The control group, which gets nothing of it.",
    "running": "It still runs: decide on the day that was planned, not on the first good one.",
    "finished": "It is over, and later returns alone can change these figures.",
    "waiting": "It has not begun.",
    "page.title": "Experiments",
    "page.caption": "What the members of each arm did",
    "page.arm": "Arm",
    "page.share": "Share",
    "page.members": "Members",
    "page.buyers": "Of them bought",
    "page.purchases": "Purchases",
    "page.spend": "Spend",
    "page.member": "Spend a member",
    "page.basket": "Average basket",
    "page.points": "Points",
    "page.cost": "Worth of all that was given",
    "page.uplift": "Beside the control group",
    "page.none": "No programme of your company has experiments. They stand in its document, under `experiments`.",
}

_GERMAN: Texts = {
    "too-few": "Zu wenig für eine Aussage: es braucht {few} Mitglieder mit Einkäufen in jeder Gruppe.",
    "no-difference": (
        "Kein Unterschied, der nicht Zufall sein könnte: Umsatz je Mitglied {relative} %, mit {sure} % Sicherheit "
        "zwischen {low} % und {high} %."
    ),
    "more": (
        "Mitglieder geben mehr aus als die Vergleichsgruppe: {relative} %, mit {sure} % Sicherheit zwischen {low} % "
        "und {high} %."
    ),
    "less": (
        "Mitglieder geben weniger aus als die Vergleichsgruppe: {relative} %, mit {sure} % Sicherheit zwischen {low} % "
        "und {high} %."
    ),
    "control": "Die Vergleichsgruppe, die nichts davon bekommt.",
    "running": "Es läuft noch: entscheiden Sie am geplanten Tag und nicht am ersten guten.",
    "finished": "Es ist vorbei, nur spätere Rückgaben können diese Zahlen noch ändern.",
    "waiting": "Es hat noch nicht begonnen.",
    "page.title": "Experimente",
    "page.caption": "Was die Mitglieder jeder Gruppe taten",
    "page.arm": "Gruppe",
    "page.share": "Anteil",
    "page.members": "Mitglieder",
    "page.buyers": "davon gekauft",
    "page.purchases": "Einkäufe",
    "page.spend": "Umsatz",
    "page.member": "Umsatz je Mitglied",
    "page.basket": "Durchschnittsbon",
    "page.points": "Punkte",
    "page.cost": "Wert von allem, was gegeben wurde",
    "page.uplift": "Neben der Vergleichsgruppe",
    "page.none": "Kein Programm Ihres Unternehmens hat Experimente. Sie stehen in seinem Dokument unter `experiments`.",
}

EXPERIMENTS = Catalogue({"en": _ENGLISH, "de": _GERMAN})


def uplift_words(uplift: Uplift | None, language: str) -> str:
    """Say what an arm brings beside the control group, and how sure that is; None is the control group."""
    if uplift is None:
        return EXPERIMENTS.say(language, "control")
    if uplift.relative is None or uplift.low is None or uplift.high is None:
        return EXPERIMENTS.say(language, uplift.verdict, few=FEW)
    bounds = {"relative": uplift.relative, "low": uplift.low, "high": uplift.high}
    shown = {name: _percent(part, language) for name, part in bounds.items()}
    return EXPERIMENTS.say(language, uplift.verdict, sure=round(CONFIDENCE * 100), **shown)


def _percent(part: float, language: str) -> str:
    tenths = round(part * 1_000)
    return ("+" if tenths > 0 else "") + wording.number(tenths, language, 1)
