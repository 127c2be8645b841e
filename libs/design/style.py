"""A brand's style: colours, type, logo and small print, and what a promotion changes of them. Pure.

Grounds are light: in the dark, mails and pages have a palette of their own that keeps the brand's accent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from libs.design.contrast import lightened, readable

FONTS: Mapping[str, str] = {
    "system": "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
    "grotesque": "'Helvetica Neue', Helvetica, Arial, sans-serif",
    "humanist": "Verdana, Geneva, 'DejaVu Sans', sans-serif",
    "geometric": "Avenir, Montserrat, 'Century Gothic', 'Trebuchet MS', sans-serif",
    "serif": "Georgia, 'Times New Roman', 'DejaVu Serif', serif",
    "old-style": "'Palatino Linotype', Palatino, 'Book Antiqua', Georgia, serif",
    "mono": "'Courier New', Courier, monospace",
}
"""The fonts that there are, with what is taken where one is missing: nothing is loaded from elsewhere."""

DARK_CARD, DARK_PAGE = "#20252a", "#15181b"
MOST_RADIUS = 24
NOWHERE = "https://pictures.invalid"
"""Where pictures are shown of what is only checked."""
Texts = tuple[tuple[str, str], ...]
"""Texts by language tag, in the order of the tags."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one message or page looks: a brand's style as a promotion changes it. Colours are written `#rrggbb`.

    `accent` is what stands out, bands and buttons, and `on_accent` what is written on it; `ink` and `soft` are written
    on `card` and `page`. `radius` is that of corners, in pixels. `logo` and `picture` are digests of the media store.
    `headline` is what a promotion calls itself, `legal` the small print. `site` is where the media store is shown.
    """

    accent: str = "#0f5c4d"
    on_accent: str = "#ffffff"
    ink: str = "#22262a"
    soft: str = "#55606a"
    card: str = "#ffffff"
    page: str = "#f1f3f2"
    font: str = "system"
    radius: int = 14
    logo: str | None = None
    picture: str | None = None
    headline: Texts = ()
    legal: Texts = ()
    site: str = ""

    @property
    def link(self) -> str:
        """The colour of links: the accent where it can be read, else that of the text; links are underlined too."""
        return self.accent if all(readable(self.accent, ground) for ground in (self.card, self.page)) else self.ink

    @property
    def dark_link(self) -> str:
        """The colour of links in the dark."""
        return lightened(self.accent, DARK_CARD)

    @property
    def family(self) -> str:
        """The fonts, as CSS lists them."""
        return FONTS[self.font]

    def media(self, digest: str) -> str:
        """The address of a picture."""
        return f"{self.site or NOWHERE}/media/{digest}"


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What a promotion changes of its brand's style; None leaves it."""

    accent: str | None = None
    on_accent: str | None = None
    picture: str | None = None
    headline: Texts = ()


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand's style guide. `promotions` are the changes by the name of a promotion: a message's or a page's."""

    look: Look = field(default_factory=Look)
    promotions: Mapping[str, Adaptation] = field(default_factory=dict)

    def look_of(self, promotion: str, site: str = "") -> Look:
        """Return how a message or page of a promotion looks, whose pictures are shown by `site`."""
        look = replace(self.look, site=site)
        if (changed := self.promotions.get(promotion)) is None:
            return look
        return replace(
            look,
            accent=changed.accent or look.accent,
            on_accent=changed.on_accent or look.on_accent,
            picture=changed.picture,
            headline=changed.headline,
        )


Brands = Mapping[str, Brand]
"""The styles of a programme by brand; the programme's own is that of the empty name."""
DEFAULT = Look()


def look_for(brands: Brands, brand: str, promotion: str, site: str = "") -> Look:
    """Return how a brand's message or page looks: by its own style, else by the programme's, else as shipped."""
    found = brands.get(brand) or brands.get("")
    return replace(DEFAULT, site=site) if found is None else found.look_of(promotion, site)


def text_in(texts: Texts, language: str) -> str:
    """Return the text for a language such as `de-AT`: its own, that of its language, else the first there is."""
    found = dict(texts)
    for tag in (language, language.partition("-")[0], "en"):
        if tag in found:
            return found[tag]
    return texts[0][1] if texts else ""
