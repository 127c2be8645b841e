"""Trades in words, in every language: in a member's history, and on the receipt of a donation."""

from __future__ import annotations

from libs.language.catalogue import DEFAULT, Catalogue

TRADES = Catalogue(
    {
        "en": {
            "buy": "Points were bought",
            "exchange_in": "Points came from the programme {party}",
            "exchange_out": "Points went to the programme {party}",
            "donate": "Points were donated to {party}",
            "lend": "Points were lent",
            "receipt": "Receipt {number}: on {day}, {points} points of the member {member} were donated to {charity}, "
            "to which they are worth {worth}.",
            "for": "They are for “{pool}”.",
        },
        "de": {
            "buy": "Punkte wurden gekauft",
            "exchange_in": "Punkte kamen aus dem Programm {party}",
            "exchange_out": "Punkte gingen in das Programm {party}",
            "donate": "Punkte wurden an {party} gespendet",
            "lend": "Punkte wurden geliehen",
            "receipt": "Beleg {number}: Am {day} wurden {points} Punkte des Mitglieds {member} an {charity} gespendet, "
            "denen sie {worth} wert sind.",
            "for": "Sie sind für „{pool}“.",
        },
    }
)


def trade_words(kind: str, party: str | None, language: str = DEFAULT) -> str:
    """Say in a sentence what a movement was for that a trade brought about."""
    return TRADES.say(language, kind, party=party or "")
