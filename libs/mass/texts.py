"""Words of messages to many, for commands and pages. Pure."""

from __future__ import annotations

from libs.deliveries.texts import DELIVERIES
from libs.language.catalogue import Catalogue, Texts
from libs.mass.counts import Count

_ENGLISH: Texts = {
    "state.counting": "is being counted",
    "state.counted": "is counted, and not sent",
    "state.awaiting_approval": "waits for a second person",
    "state.refused": "was refused",
    "state.scheduled": "is to be sent at its hour",
    "state.sending": "is being sent",
    "state.paused": "is paused",
    "state.cancelled": "was called off",
    "state.finished": "is over",
    "verdict.send": "now",
    "verdict.wait": "later",
    "verdict.drop": "never",
}
_GERMAN: Texts = {
    "state.counting": "wird gezählt",
    "state.counted": "ist gezählt und nicht gesendet",
    "state.awaiting_approval": "wartet auf eine zweite Person",
    "state.refused": "wurde abgelehnt",
    "state.scheduled": "wird zu ihrer Stunde gesendet",
    "state.sending": "wird gesendet",
    "state.paused": "ist angehalten",
    "state.cancelled": "wurde abgebrochen",
    "state.finished": "ist vorbei",
    "verdict.send": "jetzt",
    "verdict.wait": "später",
    "verdict.drop": "nie",
}
MASS = Catalogue({"en": _ENGLISH, "de": _GERMAN})


def reason_of(count: Count, language: str) -> str:
    """Why it goes out later or never, in a sentence; empty for what goes out now."""
    return DELIVERIES.get(language, f"reason.{count.reason}", count.reason) if count.reason else ""
