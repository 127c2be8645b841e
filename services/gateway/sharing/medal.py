"""A medal with a star, as PNG: what a messenger shows of a link where nothing of its own has a picture. Pure."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from math import cos, pi, sin, sqrt

WIDTH, HEIGHT = 1_200, 630
_BACK, _RIM, _GOLD, _STAR = range(4)
_COLOURS = ((24, 66, 120), (255, 255, 255), (240, 180, 41), (255, 250, 230))
_OUTER, _INNER, _POINT, _DENT = 250.0, 232.0, 185.0, 74.0


@lru_cache(maxsize=1)
def medal() -> bytes:
    """Return the picture; it is the same each time."""
    star = _star()
    rows = bytearray()
    for y in range(HEIGHT):
        row = bytearray([_BACK]) * WIDTH
        for radius, colour in ((_OUTER, _RIM), (_INNER, _GOLD)):
            half = _half(radius, y + 0.5)
            _fill(row, WIDTH / 2 - half, WIDTH / 2 + half, colour)
        crossings = sorted(_crossings(star, y + 0.5))
        for begin, end in zip(crossings[::2], crossings[1::2], strict=True):
            _fill(row, begin, end, _STAR)
        rows += b"\0" + row
    palette = bytes(part for colour in _COLOURS for part in colour)
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _star() -> list[tuple[float, float]]:
    """The ten corners of a star that stands in the middle."""
    found = []
    for corner in range(10):
        radius, angle = (_DENT if corner % 2 else _POINT), corner * pi / 5
        found.append((WIDTH / 2 + radius * sin(angle), HEIGHT / 2 - radius * cos(angle)))
    return found


def _crossings(corners: list[tuple[float, float]], y: float) -> list[float]:
    """Where a line across meets the sides; always an even number."""
    found = []
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (y0 <= y) != (y1 <= y):
            found.append(x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return found


def _half(radius: float, y: float) -> float:
    """Half the width of a circle at a line."""
    return sqrt(max(radius**2 - (y - HEIGHT / 2) ** 2, 0.0))


def _fill(row: bytearray, begin: float, end: float, colour: int) -> None:
    first, last = round(begin), round(end)
    row[first:last] = bytes([colour]) * (last - first)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
