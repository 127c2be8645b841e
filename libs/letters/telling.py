"""From a message that was kept for want of a provider to a letter in its brand's look. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from libs.deliveries.told import Captured
from libs.design.style import Brands, look_for, text_in
from libs.language import wording
from libs.letters.letter import Letter


def letter_of(captured: Captured, brands: Brands) -> Letter:
    """Return a message as a letter; the first line of the small print stands above the address."""
    look = look_for(brands, captured.sender, captured.told.message)
    legal = text_in(look.legal, captured.language)
    returns = (legal.splitlines() or [captured.sender])[0]
    return Letter(
        str(captured.told.delivery_id),
        captured.address,
        captured.language,
        captured.title,
        captured.text,
        captured.sender,
        returns,
        wording.day(captured.captured_at.date(), captured.language.replace("-", "_")),
        look,
    )


def logos_of(letters: Iterable[Letter]) -> frozenset[str]:
    """The pictures that some letters show."""
    return frozenset(each.look.logo for each in letters if each.look.logo is not None)
