"""Why a record could not be taken, in words that never repeat what it said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import ValidationError

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
    "uuid_type": lambda _: "a UUID",
    "uuid_parsing": lambda _: "a UUID",
    # Our own kinds, raised by the primitives and the envelope.
    "instant": lambda _: "an RFC 3339 date-time with an offset, of the years 1970 to 9998",
    "nul": lambda _: "text without the character U+0000",
    "source": lambda _: "a path that begins with '/'",
}


def explain(error: ValidationError) -> Rejection:
    """Turn pydantic's first complaint about an event into a rejection."""
    first = error.errors(include_url=False, include_input=False)[0]
    pointer = "".join(f"/{part}" for part in first["loc"])
    expected = _EXPECTED.get(first["type"])
    detail = expected(first.get("ctx", {})) if expected else "a value as the schema says"
    return Rejection("field" if pointer.startswith("/data/") else "envelope", pointer, detail)
