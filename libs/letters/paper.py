"""A letter on paper: A4 by DIN 5008, form B, so that a window envelope shows the address and nothing else.

All measures are in millimetres from the left and the top edge of the sheet.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, BinaryIO

from font_rhd import font_files
from PIL.Image import DecompressionBombError
from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from libs.design.style import text_in
from libs.letters.letter import Letter, lines_of, plain

WIDTH, HEIGHT = 210.0, 297.0
LEFT, RIGHT = 25.0, 190.0
WINDOW_LEFT, WINDOW_TOP, WINDOW_WIDTH, WINDOW_HEIGHT = 20.0, 45.0, 85.0, 45.0
RETURNS_AT, ADDRESS_AT, ADDRESS_STEP = 60.5, 67.0, 4.5
INFORMATION_LEFT, INFORMATION_AT = 125.0, 54.0
SUBJECT_AT, BOTTOM = 103.0, 262.0
FOLDS = (105.0, 210.0)
PUNCH = 148.5
MOST_PAGES = 5
MOST_DOTS = 16_000_000
_MM = 72 / 25.4
_SIZE, _STEP, _GAP = 11, 5.2, 3.0
_REGULAR, _BOLD = "letter", "letter-bold"
_LOGO_WIDTH, _LOGO_HEIGHT = 60.0, 20.0


def known_characters() -> Collection[int]:
    """Return the characters that letters can have: all of Latin with its accents, and punctuation."""
    face: Any = _fonts()
    return frozenset(face.charToGlyph)


class Paper:
    """A PDF that letters are written into, one after the other; `pictures` are the logos by their digest."""

    def __init__(self, stream: BinaryIO, pictures: Mapping[str, bytes], title: str) -> None:
        _fonts()
        self._canvas = Canvas(stream, pagesize=(WIDTH * _MM, HEIGHT * _MM), pageCompression=1, invariant=1, lang="en")
        self._canvas.setTitle(title)
        self._canvas.setCreator("Pointstream")
        read = {digest: _picture(content) for digest, content in pictures.items()}
        self._pictures = {digest: picture for digest, picture in read.items() if picture is not None}
        self.pages = 0

    def write(self, letter: Letter) -> int:
        """Write a letter, and return how many pages it has; of more than five the end is left out."""
        self._head(letter)
        at, pages = SUBJECT_AT, 1
        for text, bold in _lines(letter):
            if at > BOTTOM:
                if pages == MOST_PAGES:
                    break
                self._foot(letter, pages)
                self._turn()
                at, pages = LEFT, pages + 1
            if text:
                self._text(LEFT, at, text, _SIZE, bold=bold)
            at += _STEP if text else _GAP
        self._foot(letter, pages)
        self._turn()
        return pages

    def close(self) -> None:
        """Write the end of the PDF."""
        self._canvas.save()

    def _head(self, letter: Letter) -> None:
        look = letter.look
        picture = self._pictures.get(look.logo or "")
        if picture is not None:
            self._canvas.drawImage(
                picture, LEFT * _MM, (HEIGHT - 12 - _LOGO_HEIGHT) * _MM, _LOGO_WIDTH * _MM, _LOGO_HEIGHT * _MM,
                mask="auto", preserveAspectRatio=True, anchor="w",
            )  # fmt: skip
        else:
            self._text(LEFT, 24, plain(letter.sender), 16, bold=True, colour=look.accent)
        self._canvas.setFillColor(HexColor(look.accent))
        self._canvas.rect(0, (HEIGHT - 4) * _MM, WIDTH * _MM, 4 * _MM, stroke=0, fill=1)
        self._text(LEFT, RETURNS_AT, _cut(plain(letter.returns), 7, WINDOW_WIDTH - 5), 7, colour=look.soft)
        for number, line in enumerate(lines_of(letter.address)):
            self._text(LEFT, ADDRESS_AT + number * ADDRESS_STEP, line, _fitting(line), colour="#000000")
        self._text(INFORMATION_LEFT, INFORMATION_AT, plain(letter.written), 10)
        self._canvas.setStrokeColor(HexColor("#808080"))
        self._canvas.setLineWidth(0.3)
        for mark, width in ((FOLDS[0], 4), (PUNCH, 6), (FOLDS[1], 4)):
            self._canvas.line(4 * _MM, (HEIGHT - mark) * _MM, (4 + width) * _MM, (HEIGHT - mark) * _MM)

    def _foot(self, letter: Letter, page: int) -> None:
        legal = text_in(letter.look.legal, letter.language)
        at = 275.0
        for line in [line for part in legal.splitlines() for line in _split(plain(part), 7.5, RIGHT - LEFT)][:4]:
            self._text(LEFT, at, line, 7.5, colour=letter.look.soft)
            at += 3.6
        if page > 1:
            self._text(RIGHT - 4, 275.0, str(page), 7.5, colour=letter.look.soft)

    def _turn(self) -> None:
        self._canvas.showPage()
        self.pages += 1

    def _text(self, left: float, at: float, text: str, size: float, *, bold: bool = False, colour: str = "") -> None:
        self._canvas.setFillColor(HexColor(colour or "#1a1a1a"))
        self._canvas.setFont(_BOLD if bold else _REGULAR, size)
        self._canvas.drawString(left * _MM, (HEIGHT - at) * _MM, text)


def _picture(content: bytes) -> Any:
    """Read a picture; None for one that is damaged, or has more dots than a letter needs.

    All of it is read at once: what breaks in its middle would break the letters.
    """
    try:
        picture = ImageReader(io.BytesIO(content))
        width, height = picture.getSize()
        if width * height > MOST_DOTS:
            return None
        picture.getRGBData()
    except (OSError, SyntaxError, DecompressionBombError):  # what Pillow says of pictures; a syntax is that of a PNG
        return None
    return picture


def _lines(letter: Letter) -> Iterator[tuple[str, bool]]:
    """The lines of a letter, and whether they are bold; an empty one is a gap."""
    for line in _split(plain(letter.title), _SIZE, RIGHT - LEFT, bold=True):
        yield line, True
    yield from (("", False), ("", False))
    for part in letter.text.split("\n\n"):
        for typed in part.splitlines():
            for line in _split(plain(typed), _SIZE, RIGHT - LEFT):
                yield line, False
        yield "", False


def _split(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    found: list[str] = []
    font = _BOLD if bold else _REGULAR
    for line in simpleSplit(text, font, size, width * _MM):
        found += _broken(line, font, size, width)
    return found


def _broken(line: str, font: str, size: float, width: float) -> Iterator[str]:
    """Break a line that has no space to break at, such as a long address of a page."""
    if pdfmetrics.stringWidth(line, font, size) <= width * _MM:
        yield line
        return
    begun, used = 0, 0.0
    for at, char in enumerate(line):
        wide = pdfmetrics.stringWidth(char, font, size)
        if used + wide > width * _MM and at > begun:
            yield line[begun:at]
            begun, used = at, 0.0
        used += wide
    yield line[begun:]


def _fitting(line: str) -> float:
    """The size in which a line of an address fits its window."""
    for size in (11.0, 10.0, 9.0, 8.0):
        if pdfmetrics.stringWidth(line, _REGULAR, size) <= (WINDOW_WIDTH - 5) * _MM:
            return size
    return 7.0


def _cut(text: str, size: float, width: float) -> str:
    lines = _split(text, size, width)
    return lines[0] if lines else ""


@lru_cache
def _fonts() -> Any:
    """Make the fonts known, once a process."""
    regular = TTFont(_REGULAR, font_files["RedHatDisplay"])
    pdfmetrics.registerFont(regular)
    pdfmetrics.registerFont(TTFont(_BOLD, font_files["RedHatDisplayBold"]))
    return regular.face
