"""A sheet of codes that prints well: one HTML page that loads nothing, each code with its picture. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import NamedTuple

from libs.codes.pattern import canonical
from libs.codes.pictures import Kind, picture

_STYLE = """
@page { size: A4; margin: 12mm }
body { font: 11pt/1.35 system-ui, sans-serif; margin: 0; color: #000; background: #fff }
h1 { font-size: 14pt } p { margin: 0 0 2mm }
.codes { display: grid; grid-template-columns: repeat(auto-fill, minmax(56mm, 1fr)); gap: 4mm }
.code { border: 1px dashed #777; padding: 4mm; text-align: center; break-inside: avoid }
.code svg { max-width: 100%; height: 28mm } .text { font: bold 12pt ui-monospace, monospace; overflow-wrap: anywhere }
"""


class Sheet(NamedTuple):
    """What stands on a sheet beside the codes; `language` is that of its texts."""

    title: str
    below: str = ""
    language: str = "en"
    kind: Kind = "qr"


def sheet(codes: Iterable[str], on: Sheet) -> Iterator[str]:
    """Write a sheet piece by piece, for any number of codes; a code is written as people are shown it.

    Raises:
        libs.codes.pictures.NotDrawn: a code can't be drawn as this kind of picture.
    """
    title, below = escape(on.title), escape(on.below)
    yield (
        f'<!doctype html><html lang="{escape(on.language)}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<style>{_STYLE}</style></head><body><h1>{title}</h1><div class="codes">'
    )
    for code in codes:
        drawn = picture(canonical(code), on.kind, "svg").decode()
        note = f"<p>{below}</p>" if below else ""
        yield f'<div class="code">{drawn}<p class="text">{escape(code)}</p>{note}</div>'
    yield "</div></body></html>\n"
