"""Exceptions from expiry in both languages: whose points live on at a boundary, and which of them."""

from __future__ import annotations

from types import MappingProxyType

from libs.language.catalogue import Texts

ENGLISH: Texts = MappingProxyType(
    {
        "spared.rule": "{whose}: {which} at such a date; they live on to the next one.",
        "spared.tier": "Level {name}",
        "spared.segment": "Members of “{name}”",
        "spared.benefit": "In “{wallet}”: {which} at the end of a period",
        "spared.all": "points do not lapse",
        "spared.first": {
            "one": "the first {number} point does not lapse",
            "other": "the first {number} points do not lapse",
        },
        "spared.older": {
            "one": "points that are at least {n} day old do not lapse",
            "other": "points that are at least {n} days old do not lapse",
        },
        "spared.younger": {
            "one": "points that are less than {n} day old do not lapse",
            "other": "points that are less than {n} days old do not lapse",
        },
    }
)

GERMAN: Texts = MappingProxyType(
    {
        "spared.rule": "{whose}: {which} zu einem solchen Stichtag; sie gelten bis zum nächsten weiter.",
        "spared.tier": "Stufe {name}",
        "spared.segment": "Mitglieder von „{name}“",
        "spared.benefit": "In „{wallet}“: {which} am Ende eines Zeitraums",
        "spared.all": "Punkte verfallen nicht",
        "spared.first": {
            "one": "der erste {number} Punkt verfällt nicht",
            "other": "die ersten {number} Punkte verfallen nicht",
        },
        "spared.older": {
            "one": "Punkte, die mindestens {n} Tag alt sind, verfallen nicht",
            "other": "Punkte, die mindestens {n} Tage alt sind, verfallen nicht",
        },
        "spared.younger": {
            "one": "Punkte, die weniger als {n} Tag alt sind, verfallen nicht",
            "other": "Punkte, die weniger als {n} Tage alt sind, verfallen nicht",
        },
    }
)
