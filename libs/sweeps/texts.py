"""What is said of sweeps, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue, Texts

_ENGLISH: Texts = {
    "page.title": "Expiry",
    "page.none": "No points lapse: no wallet has a period that ends.",
    "page.calendar": "Boundaries ahead",
    "page.sweeps": "Sweeps",
    "page.no_sweeps": "None has been announced yet.",
    "page.boundary": "Lapses at",
    "page.last_day": "Valid to",
    "page.wallets": "Wallets",
    "page.state": "State",
    "page.announced": "Announced",
    "page.done": "Written down",
    "page.spared": "Spared, and by what",
    "page.members": "{done} of {all} members",
    "page.ahead": "What lapses, if nothing else happens",
    "page.as_of": "As of {moment}.",
    "page.points": "Points",
    "page.worth": "Worth",
    "page.tiers": "By tier",
    "page.campaigns": "By campaign",
    "page.none_of": "none",
    "page.picture": "Points of {wallet} that lapse at each boundary",
    "state.announced": "announced",
    "state.running": "running",
    "state.paused": "rests",
    "state.finished": "finished",
    "state.cancelled": "called off",
}

_GERMAN: Texts = {
    "page.title": "Verfall",
    "page.none": "Es verfallen keine Punkte: Keine Punkteart hat einen Zeitraum, der endet.",
    "page.calendar": "Kommende Stichtage",
    "page.sweeps": "Durchläufe",
    "page.no_sweeps": "Noch keiner ist angekündigt.",
    "page.boundary": "Verfällt um",
    "page.last_day": "Gültig bis",
    "page.wallets": "Punktearten",
    "page.state": "Stand",
    "page.announced": "Angekündigt",
    "page.done": "Verbucht",
    "page.spared": "Verschont, und wodurch",
    "page.members": "{done} von {all} Mitgliedern",
    "page.ahead": "Was verfällt, wenn nichts mehr geschieht",
    "page.as_of": "Stand: {moment}.",
    "page.points": "Punkte",
    "page.worth": "Wert",
    "page.tiers": "Nach Stufe",
    "page.campaigns": "Nach Kampagne",
    "page.none_of": "ohne",
    "page.picture": "Punkte der Art {wallet}, die an jedem Stichtag verfallen",
    "state.announced": "angekündigt",
    "state.running": "läuft",
    "state.paused": "ruht",
    "state.finished": "fertig",
    "state.cancelled": "abgesagt",
}

SWEEPS = Catalogue({"en": _ENGLISH, "de": _GERMAN})
