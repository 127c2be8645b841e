"""Many letters as one PDF or one archive, with what was left out and why. Nothing but what is in hand is in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Literal

from libs.letters.letter import LeftOut, Letter, why_not

if TYPE_CHECKING:
    from libs.letters.paper import Paper

Form = Literal["pdf", "zip"]
MOST_LETTERS = 5_000
"""How many letters one batch has: their pages lie in memory until a PDF is written, some 2 KB each."""
_LEFT_OUT = "left-out.csv"


@dataclass(slots=True)
class Printed:
    """What became of a batch."""

    letters: int = 0
    pages: int = 0
    left_out: list[LeftOut] = field(default_factory=list)


def print_letters(
    letters: Iterable[Letter], form: Form, stream: BinaryIO, pictures: Mapping[str, bytes], title: str
) -> Printed:
    """Write letters as one PDF, or as an archive with a PDF each and a list of those that were left out."""
    # Here, for it takes time and looks into the home of whoever runs it, and most processes print nothing.
    from libs.letters.paper import Paper, known_characters

    def begin(onto: BinaryIO) -> Paper:
        return Paper(onto, pictures, title)

    known = known_characters()
    return _as_pdf(letters, known, begin(stream)) if form == "pdf" else _as_zip(letters, known, stream, begin)


def _as_pdf(letters: Iterable[Letter], known: Collection[int], paper: Paper) -> Printed:
    printed = Printed()
    for letter in letters:
        if (why := why_not(letter, known)) is not None:
            printed.left_out.append(LeftOut(letter.letter_id, why))
        else:
            printed.pages += paper.write(letter)
            printed.letters += 1
    paper.close()
    return printed


def _as_zip(
    letters: Iterable[Letter], known: Collection[int], stream: BinaryIO, begin: Callable[[BinaryIO], Paper]
) -> Printed:
    printed = Printed()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for letter in letters:
            if (why := why_not(letter, known)) is not None:
                printed.left_out.append(LeftOut(letter.letter_id, why))
                continue
            page = io.BytesIO()
            paper = begin(page)
            printed.pages += paper.write(letter)
            paper.close()
            archive.writestr(f"{letter.letter_id}.pdf", page.getvalue())
            printed.letters += 1
        lines = ["message_id,reason", *(f"{each.letter_id},{each.reason}" for each in printed.left_out)]
        archive.writestr(_LEFT_OUT, "\r\n".join(lines) + "\r\n")
    return printed
