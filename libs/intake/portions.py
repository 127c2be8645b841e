"""A file in portions: so much of it at once as is published and acknowledged together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from libs.contracts.rejection import Rejection
from libs.intake.convert import Converter
from libs.intake.events import Prepared
from libs.intake.gather import Gathered
from libs.intake.lines import START, Place
from libs.intake.rows import Row

MOST_DOCUMENTS = 1_000
MOST_BYTES = 4 * 1024 * 1024


class Recipe(Protocol):
    """What is made of the rows of a file."""

    def documents(self, rows: Iterator[Row]) -> Iterator[Row] | Iterator[Gathered]:
        """Give the rows as they belong together."""
        ...

    def make(self, document: Row | Gathered) -> Sequence[Prepared] | Rejection:
        """Return the records of a document, or why it makes none."""
        ...


class OneEach:
    """The recipe of a converter: one record of each document."""

    def __init__(self, converter: Converter) -> None:
        self.documents = converter.documents
        self._convert = converter.convert

    def make(self, document: Row | Gathered) -> Sequence[Prepared] | Rejection:
        """Return the record of a document, or why it makes none."""
        made = self._convert(document)
        return made if isinstance(made, Rejection) else (made,)


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that makes no event: the line that it begins on, why, and its text."""

    line: int
    why: Rejection
    text: str


@dataclass(slots=True)
class Portion:
    """What a stretch of a file makes. `end` is the place behind it; `last` at the end of the file."""

    end: Place = START
    documents: int = 0
    records: list[Prepared] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    last: bool = False


def portions(
    rows: Iterator[Row],
    recipe: Recipe,
    start: Place = START,
    *,
    most: int = MOST_DOCUMENTS,
    most_bytes: int = MOST_BYTES,
) -> Iterator[Portion]:
    """Cut rows, read from `start` on, into portions of `most` documents or of little more than `most_bytes` of records.

    The last one may be empty.

    Raises:
        FileUnreadable: nothing can be made of the file.
    """
    portion, size = Portion(start), 0
    for document in recipe.documents(rows):
        made = recipe.make(document)
        portion.end = document.end
        portion.documents += 1
        if isinstance(made, Rejection):
            portion.refused.append(Refused(document.line, made, document.text))
        else:
            portion.records.extend(made)
            size += sum([len(record.value) for record in made])
        if portion.documents >= most or size >= most_bytes:
            yield portion
            portion, size = Portion(document.end), 0
    portion.last = True
    yield portion
