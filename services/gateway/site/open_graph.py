"""What a messenger shows of a link to a page for anybody: its preview, by the Open Graph. Pure."""

from __future__ import annotations

from html import escape


def open_graph(title: str, text: str, address: str, image: str | None, site: str, *, locale: str = "") -> str:
    """The Open Graph of a page: its title, a text, a picture and the address; what is empty is not said."""
    told = {
        "og:type": "website",
        "og:title": title,
        "og:description": text,
        "og:url": address,
        "og:site_name": site,
        "og:locale": locale,
        "og:image": image,
    }
    tags = [f'<meta property="{name}" content="{escape(value)}">' for name, value in told.items() if value]
    named = {"twitter:card": "summary_large_image" if image else "summary", "description": text}
    tags += [f'<meta name="{name}" content="{escape(value)}">' for name, value in named.items() if value]
    return "".join(tags)
