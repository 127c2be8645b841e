"""What a page for members has of its brand: colours and type, the logo above, the small print below. Pure."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from libs.design import sheet
from libs.design.style import Look, text_in

ICON = "/icon.svg"
"""Where the picture of a browser's tab is that has no brand."""


class Dress(NamedTuple):
    """HTML for the head of a page, and for above and below what is its own; and where the picture of its tab is."""

    head: str = ""
    top: str = ""
    foot: str = ""
    icon: str = ICON

    def also(self, head: str) -> Dress:
        """The same with more in the head."""
        return self._replace(head=self.head + head)


PLAIN = Dress()
"""What a page has of no brand."""


def dress(look: Look, brand: str, language: str) -> Dress:
    """Return what a page of a look wears in a language."""
    legal = text_in(look.legal, language)
    foot = f'<footer class="legal">{escape(legal).replace(chr(10), "<br>")}</footer>' if legal else ""
    top, icon = "", ICON
    if look.logo is not None:
        icon = f"/media/{look.logo}"
        top = f'<p class="logo"><img src="{icon}" alt="{escape(brand)}"></p>'
    return Dress(f'<link rel="stylesheet" href="{escape(sheet.address(look))}">', top, foot, icon)
