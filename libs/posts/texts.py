"""Words of posts, for commands and pages. Pure."""

from __future__ import annotations

from libs.language.catalogue import Catalogue, Texts

_ENGLISH: Texts = {
    "state.draft": "is a draft",
    "state.awaiting_approval": "waits for a second person",
    "state.refused": "was refused",
    "state.scheduled": "is to be published",
    "state.published": "is published",
    "state.failed": "could not be published everywhere",
    "state.cancelled": "was called off",
    "page.waiting": "to be published",
    "page.sending": "being published",
    "page.published": "published",
    "page.failed": "not published",
    "page.cancelled": "called off",
    "reason.address-unknown": "there is no such page",
    "reason.address-refused": "the network has blocked the page for now",
    "reason.content-refused": "the network does not take what it says",
    "reason.credentials-refused": "the network does not know the page's token, or it lacks a permission",
    "reason.provider-busy": "too much was asked of the network",
    "reason.provider-failed": "the network had trouble of its own",
    "reason.provider-away": "the network could not be reached",
    "reason.no-answer": "the network gave no answer",
}
_GERMAN: Texts = {
    "state.draft": "ist ein Entwurf",
    "state.awaiting_approval": "wartet auf eine zweite Person",
    "state.refused": "wurde abgelehnt",
    "state.scheduled": "wird veröffentlicht",
    "state.published": "ist veröffentlicht",
    "state.failed": "konnte nicht überall veröffentlicht werden",
    "state.cancelled": "wurde abgebrochen",
    "page.waiting": "wird veröffentlicht",
    "page.sending": "wird gerade veröffentlicht",
    "page.published": "veröffentlicht",
    "page.failed": "nicht veröffentlicht",
    "page.cancelled": "abgebrochen",
    "reason.address-unknown": "diese Seite gibt es nicht",
    "reason.address-refused": "das Netzwerk hat die Seite vorerst gesperrt",
    "reason.content-refused": "das Netzwerk nimmt den Inhalt nicht an",
    "reason.credentials-refused": "das Netzwerk kennt den Schlüssel der Seite nicht, oder ihm fehlt eine Berechtigung",
    "reason.provider-busy": "das Netzwerk wurde zu viel gefragt",
    "reason.provider-failed": "das Netzwerk hatte selbst eine Störung",
    "reason.provider-away": "das Netzwerk war nicht zu erreichen",
    "reason.no-answer": "das Netzwerk hat nicht geantwortet",
}
POSTS = Catalogue({"en": _ENGLISH, "de": _GERMAN})


def reason_in_words(reason: str | None, language: str) -> str:
    """Why a page does not show it, in a sentence; empty without a reason."""
    return POSTS.get(language, f"reason.{reason}", reason) if reason else ""
