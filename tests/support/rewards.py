"""A reward of each of the sixteen kinds, with what a member says who orders it."""

from __future__ import annotations

from typing import Any

from libs.catalogue.reward import Reward, parse_reward

MUG: dict[str, Any] = {
    "category": "home",
    "what": {"kind": "merchandise", "article": "A1", "variants": ["blue", "white"]},
    "texts": {"en": {"title": "A mug"}, "de": {"title": "Ein Becher"}},
    "stock": "global",
    "prices": [{"name": "standard", "points": 300}],
}
PICK_UP = {"pick_up_at": "12"}
WHAT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "merchandise": ({"article": "A1", "variants": ["blue", "white"]}, {"variant": "blue", **PICK_UP}),
    "gift_card": ({"retailer": "Books", "amount_minor": 1_000, "currency": "EUR", "valid_days": 365}, {}),
    "experience": ({"place": "Spa", "provider": "Baths", "days": ["2024-05-04", "2024-05-05"]}, {"on": "2024-05-04"}),
    "discount": ({"percent": 10, "valid_days": 30}, {}),
    "cashback": ({"amount_minor": 500, "currency": "EUR"}, {}),
    "status": ({"form": "badge", "title": "Friend of the house"}, {}),
    "currency": ({"scheme": "Air miles", "units": 250}, {"account": "AM-4711"}),
    "trial": ({"article": "S1"}, {"address": "Hauptstr. 1, Bonn"}),
    "customised": (
        {"article": "P1", "options": {"colour": ["red", "black"]}, "words_most": 20},
        {"choices": {"colour": "red"}, "words": "For Ada", **PICK_UP},
    ),
    "charity": ({"charity": "Trees", "amount_minor": 200, "currency": "EUR"}, {}),
    "training": ({"course": "Coffee", "link": "https://courses.example/coffee"}, {}),
    "access": ({"to": "Spring sale", "form": "early_sale"}, {}),
    "travel": (
        {"to": "Rome", "partner": "Rails", "nights": 2},
        {"on": "2024-06-01", "travellers": ["Ada Lovelace"]},
    ),
    "digital": ({"item": "A song", "form": "download", "link": "https://songs.example/1"}, {}),
    "referral": ({"incentive": "A bonus", "referrals": 2}, {}),
    "personalised": ({"offer": "Your favourite", "categories": ["home"]}, {}),
}
"""Of each kind what a reward says of itself, and what is answered with an order."""


def reward_of(kind: str, **fields: Any) -> Reward:
    """A reward of a kind at 100 points."""
    return parse_reward(
        {
            "reference": f"a-{kind}",
            "category": "home",
            "what": {"kind": kind, **WHAT[kind][0]},
            "texts": {"en": {"title": kind}},
            "prices": [{"name": "standard", "points": 100}],
            **fields,
        }
    )
