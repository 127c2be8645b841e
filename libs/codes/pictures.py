"""Codes as pictures that scanners read: QR and bar codes, as SVG and PNG. Pure, the same bytes for the same text."""

from __future__ import annotations

import io
import struct
import zlib
from html import escape
from typing import Literal

import barcode
import segno
from barcode.errors import BarcodeError

Kind = Literal["qr", "code128", "ean13"]
Form = Literal["svg", "png"]
MEDIA_TYPES: dict[Form, str] = {"svg": "image/svg+xml", "png": "image/png"}
_MODULE = 3
"""Pixels, or units of an SVG, that the smallest bar or square is wide."""
_HEIGHT = 120
_QUIET = 11
"""Modules left white at both sides of a bar code."""


class NotDrawn(ValueError):
    """The text can't be written in this kind of picture."""


def picture(text: str, kind: Kind, form: Form) -> bytes:
    """Draw a text.

    Raises:
        NotDrawn: it has characters, or a length, that the kind has not.
    """
    if kind == "qr":
        drawn = io.BytesIO()
        extra = {"xmldecl": False} if form == "svg" else {}
        segno.make_qr(text, error="m").save(drawn, kind=form, scale=_MODULE, border=4, **extra)
        return drawn.getvalue()
    modules = "0" * _QUIET + _modules(text, kind) + "0" * _QUIET
    return _svg(modules, text) if form == "svg" else _png(modules)


def _modules(text: str, kind: Kind) -> str:
    """The bars of a code: a digit for each module, 1 for black."""
    if kind == "ean13" and not (text.isascii() and text.isdigit() and len(text) in (12, 13)):
        raise NotDrawn("an EAN has 12 digits, or 13 with the one that checks them")
    try:
        made = barcode.get_barcode_class(kind)(text)
        if kind == "ean13" and len(text) == 13 and made.get_fullcode() != text:
            raise NotDrawn("the last digit of this EAN does not check the others")
        return str(made.build()[0])
    except (BarcodeError, KeyError) as error:
        raise NotDrawn(f"not a text for {kind}: {error}") from None


def _svg(modules: str, text: str) -> bytes:
    width = len(modules) * _MODULE
    bars, at = [], 0
    while at < len(modules):
        end = at
        while end < len(modules) and modules[end] == modules[at]:
            end += 1
        if modules[at] == "1":
            bars.append(f"M{at * _MODULE} 0h{(end - at) * _MODULE}v{_HEIGHT}h-{(end - at) * _MODULE}z")
        at = end
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}" height="{_HEIGHT}" '
        f'role="img" aria-label="{escape(text)}"><path fill="#fff" d="M0 0h{width}v{_HEIGHT}H0z"/>'
        f'<path d="{"".join(bars)}"/></svg>'
    ).encode()


def _png(modules: str) -> bytes:
    """A grey PNG of one byte a pixel: rows are equal, so that it packs to almost nothing."""
    row = b"\0" + b"".join(b"\0" * _MODULE if module == "1" else b"\xff" * _MODULE for module in modules)
    header = struct.pack(">IIBBBBB", len(modules) * _MODULE, _HEIGHT, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * _HEIGHT, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
