"""Words by which people stop text messages, and have them again. Pure.

A message counts that is one of these words and no more: whoever writes a sentence wants a person.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Literal

Word = Literal["stop", "start"]

_STOP: Mapping[str, tuple[str, ...]] = {
    "en": ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"),
    "de": ("stopp", "abmelden", "abbestellen", "ende"),
    "it": ("basta", "cancella", "annulla", "disiscrivi", "fermare"),
    "fr": ("arret", "arreter", "desabonner"),
    "es": ("alto", "baja", "cancelar", "parar", "detener"),
    "pt": ("sair",),
    "cs": ("konec", "zrusit", "odhlasit"),
    "pl": ("koniec", "wypisz", "zrezygnuj"),
    "nl": ("afmelden", "stoppen"),
}
_START: Mapping[str, tuple[str, ...]] = {
    "en": ("start", "unstop", "subscribe", "yes", "optin"),
    "de": ("anmelden", "weiter"),
    "it": ("inizia", "iscrivi", "riprendi"),
    "fr": ("reprendre", "abonner"),
    "es": ("alta", "iniciar", "reanudar"),
    "cs": ("prihlasit", "zacit"),
    "pl": ("zapisz", "wznow"),
    "nl": ("aanmelden",),
}
_STOPS = frozenset(each for words in _STOP.values() for each in words)
_STARTS = frozenset(each for words in _START.values() for each in words)


def read_word(text: str) -> Word | None:
    """Return what a member asks for by an incoming message; None where it is something else."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if each.isalpha() or each == " ")
    words = plain.split()
    if not words or len(words) > 2:
        return None
    word = "".join(words)  # "stop all", "opt out"
    if word in _STOPS:
        return "stop"
    return "start" if word in _STARTS else None
