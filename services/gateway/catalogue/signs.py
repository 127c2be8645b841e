"""How a reward looks: by its picture, or by a sign of its kind where it has none. Pure."""

from __future__ import annotations

from html import escape
from types import MappingProxyType

from services.gateway.catalogue.views import OfferView

_BOX = "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8"
_CARD = "M3 6h18v12H3zM3 10h18M6 15h5"
_TICKET = "M3 7h18v3a2 2 0 0 0 0 4v3H3v-3a2 2 0 0 0 0-4zM14 7v10"
SIGNS = MappingProxyType(
    {
        "merchandise": _BOX,
        "gift_card": _CARD,
        "experience": _TICKET,
        "discount": "M4 4h8l8 8-8 8-8-8zM8 7a1 1 0 1 0 0 2 1 1 0 0 0 0-2",
        "cashback": _CARD,
        "status": "M12 15a5 5 0 1 0 0-10 5 5 0 0 0 0 10M9 14l-1 7 4-2 4 2-1-7",
        "currency": "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16M12 8v8M9 10h5M9 14h5",
        "trial": _BOX,
        "customised": "M4 20l4-1L19 8l-3-3L5 16z",
        "charity": "M12 20s-7-4.5-7-10a4 4 0 0 1 7-2.5A4 4 0 0 1 19 10c0 5.5-7 10-7 10z",
        "training": "M3 9l9-4 9 4-9 4zM7 11v5c3 2 7 2 10 0v-5",
        "access": _TICKET,
        "travel": "M3 12l18-8-6 17-4-7z",
        "digital": "M7 3h10v18H7zM11 18h2",
        "referral": "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M16 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M3 19c0-3 2-5 5-5s5 2 5 5",
        "personalised": "M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7 9.6 9z",
    }
)
"""A sign for each of the sixteen kinds, as a path in a field of 24 by 24."""


def look(offer: OfferView) -> str:
    """Return the first picture of a reward, with its words; else the sign of its kind, which says nothing new."""
    found = next((each for each in offer.media if each.form == "picture"), None)
    if found is not None:
        return f'<img src="{escape(found.link)}" alt="{escape(found.alt)}" loading="lazy">'
    path = SIGNS.get(offer.kind, _BOX)
    return f'<svg class="kind" viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>'
