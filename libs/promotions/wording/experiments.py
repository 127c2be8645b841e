"""Experiments in both languages: in which arm a member is, and that something is being tried out."""

from __future__ import annotations

from types import MappingProxyType

from libs.language.catalogue import Texts

ENGLISH: Texts = MappingProxyType(
    {
        "tried.control": "it is being tried out, and the control group of {experiment!r}, drawn by lot, goes without",
        "tried.other": "it is being tried out, and arm {arm!r} of {experiment!r}, drawn by lot, goes without",
        "tried.nobody": "it is being tried out with members ({experiment!r}), and no member is known here",
        "arm.control": "In the control group of {experiment!r}, drawn by lot: what is being tried out is for others.",
        "arm.other": "In arm {arm!r} of {experiment!r}, drawn by lot.",
    }
)

GERMAN: Texts = MappingProxyType(
    {
        "tried.control": "sie wird erprobt, und die ausgeloste Vergleichsgruppe von {experiment!r} bekommt sie nicht",
        "tried.other": "sie wird erprobt, und die ausgeloste Gruppe {arm!r} von {experiment!r} bekommt sie nicht",
        "tried.nobody": "sie wird mit Mitgliedern erprobt ({experiment!r}), und hier ist keines bekannt",
        "arm.control": "In der ausgelosten Vergleichsgruppe von {experiment!r}: was erprobt wird, bekommen andere.",
        "arm.other": "In der ausgelosten Gruppe {arm!r} von {experiment!r}.",
    }
)

RULES_ENGLISH: Texts = MappingProxyType(
    {"experiment": "for {share} % of the members, drawn by lot, while it is being tried out"}
)
RULES_GERMAN: Texts = MappingProxyType(
    {"experiment": "für {share} % der Mitglieder, die ausgelost sind, solange es erprobt wird"}
)
