"""A look as a sheet of styles for pages, whose address says all of it: it is made of nothing else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from libs.design.contrast import COLOUR
from libs.design.style import DARK_CARD, DARK_PAGE, FONTS, MOST_RADIUS, Look

PATH = "/look.css"
_COLOURS = ("accent", "on_accent", "ink", "soft", "card", "page")
_SHEET = """\
:root {{ --ink: light-dark({ink}, #eceeef); --soft: light-dark({soft}, #a9b2b9);
  --back: light-dark({page}, {dark_page});
  --field: light-dark({card}, {dark_card}); --link: light-dark({link}, {dark_link}); --radius: {radius}px; }}
body {{ font-family: {family}; }}
main {{ background: light-dark({card}, {dark_card}); border-radius: var(--radius); padding: 1.25rem 1.5rem; }}
button, .cta {{ background: {accent}; border: 0; border-radius: min(var(--radius), 1.5rem); color: {on_accent};
  font-weight: 600; padding: .6rem 1.4rem; }}
.cta {{ display: inline-block; text-decoration: none; }}
input, select {{ border-radius: min(var(--radius), .6rem); }}
.hero {{ background: {accent}; color: {on_accent}; }}
"""


def address(look: Look) -> str:
    """Where the sheet of a look is."""
    said = {name: getattr(look, name)[1:] for name in _COLOURS}
    values = {**said, "font": look.font, "radius": str(look.radius)}  # letters, digits and hyphens alone
    return f"{PATH}?{'&'.join(f'{name}={value}' for name, value in values.items())}"


def sheet(look: Look) -> str:
    """Return the sheet of a look."""
    colours = {name: getattr(look, name) for name in _COLOURS}
    dark = {"dark_card": DARK_CARD, "dark_page": DARK_PAGE, "dark_link": look.dark_link}
    return _SHEET.format(**colours, **dark, link=look.link, family=look.family, radius=look.radius)


def look_at(query: Mapping[str, str]) -> Look | None:
    """Return the look that an address says; None for one that nobody wrote here."""
    colours = {name: f"#{query.get(name, '')}" for name in _COLOURS}
    font, radius = query.get("font", ""), query.get("radius", "")
    if not all(COLOUR.fullmatch(colour) for colour in colours.values()) or font not in FONTS:
        return None
    if not (radius.isascii() and radius.isdigit() and len(radius) <= 2 and int(radius) <= MOST_RADIUS):
        return None
    said: dict[str, Any] = {**colours, "font": font, "radius": int(radius)}
    return Look(**said)
