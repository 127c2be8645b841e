"""Why a record could not be taken, in words that never repeat what it said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

RejectionCode = Literal["too-large", "not-json", "envelope", "unknown-type", "field"]
REJECTION_CODES: tuple[RejectionCode, ...] = get_args(RejectionCode)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that is no event of ours.

    `code` is one of `REJECTION_CODES` here; a service that looks further adds codes of its own.
    `field` is a JSON Pointer into the record, empty for the whole of it; `detail` says what was expected there and
    never what was found, since that may be personal.
    """

    code: str
    field: str
    detail: str


_EXPECTED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "a value: the field is required",
    "extra_forbidden": lambda _: "no field of this name",
    "int_type": lambda _: "an integer",
    "int_from_float": lambda _: "an integer",
    "int_parsing_size": lambda _: "an integer of a reasonable size",
    "string_type": lambda _: "text",
    "bool_type": lambda _: "true or false",
    "none_required": lambda _: "null",
    "string_too_short": lambda limits: f"text of at least {limits['min_length']} characters",
    "string_too_long": lambda limits: f"text of at most {limits['max_length']} characters",
    "string_pattern_mismatch": lambda limits: f"text that matches {limits['pattern']}",
    "greater_than_equal": lambda limits: f"a number of at least {limits['ge']}",
    "less_than_equal": lambda limits: f"a number of at most {limits['le']}",
    "tuple_type": lambda _: "an array",
    "too_short": lambda limits: f"at least {limits['min_length']} items",
    "too_long": lambda limits: f"at most {limits['max_length']} items",
    "literal_error": lambda limits: f"one of {limits['expected']}",
    "model_type": lambda _: "an object",
    "dict_type": lambda _: "an object",
    "uuid_type": lambda _: "a UUID",
    "uuid_parsing": lambda _: "a UUID",
    # Our own kinds, raised by the primitives and the envelope.
    "instant": lambda _: "an RFC 3339 date-time with an offset, of the years 1970 to 9998",
    "nul": lambda _: "text without the character U+0000",
    "source": lambda _: "a path that begins with '/'",
}

_OF_A_NAME = frozenset(("missing", "extra_forbidden"))
"""Kinds of fault of what is not there, or should not be: their place ends with a name."""


def explain(error: ValidationError, document: object) -> Rejection:
    """Turn pydantic's first complaint about an event, read from `document`, into a rejection.

    A value that may be of several kinds and is none is complained about once for each: the rejection names them all.
    """
    faults = error.errors(include_url=False, include_input=False)
    place = _place(faults[0], document)
    details = dict.fromkeys(_detail(fault) for fault in faults if _place(fault, document) == place)
    pointer = "".join(f"/{step}" for step in place)
    return Rejection("field" if pointer.startswith("/data/") else "envelope", pointer, " or ".join(details))


def _detail(fault: ErrorDetails) -> str:
    expected = _EXPECTED.get(fault["type"])
    return expected(fault.get("ctx", {})) if expected else "a value as the schema says"


def _place(fault: ErrorDetails, document: object) -> list[str | int]:
    """Return where in the document a fault is; behind the place of a value pydantic says as which kind it was tried."""
    place: list[str | int] = []
    here = document
    for step in fault["loc"]:
        if isinstance(here, Mapping) and (step in here or fault["type"] in _OF_A_NAME):
            here = here.get(str(step))
        elif isinstance(here, Sequence) and isinstance(step, int):
            here = here[step]
        else:
            break
        place.append(step)
    return place
