"""The committed examples: a minimal and a full event of each type, which every consumer has to take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from libs.contracts.topics import topic_named

EXAMPLES = Path(__file__).parent / "examples"
DEAD_LETTER_HEADERS = "dead-letter.headers.v1"
Form = Literal["minimal", "full"]


@dataclass(frozen=True, slots=True)
class Example:
    """One example, as the bytes of a record's value."""

    type: str
    form: Form
    raw: bytes


def example(short_name: str, form: Form) -> bytes:
    """Return one example by the short name of its type, such as `purchase.completed.v1`.

    Raises:
        FileNotFoundError: nobody has written it.
    """
    return (EXAMPLES / f"{short_name}.{form}.json").read_bytes()


def examples_on(topic: str) -> Iterator[Example]:
    """Give both examples of every type that may lie in a topic.

    Raises:
        KeyError: there is no such topic.
        FileNotFoundError: a type lacks one.
    """
    forms: tuple[Form, ...] = ("minimal", "full")
    for event_type in topic_named(topic).types:
        for form in forms:
            yield Example(event_type, form, example(event_type.removeprefix("org.pointstream."), form))
