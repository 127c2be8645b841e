"""Small forms of the console: the fields that a browser sends."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import Request

from services.gateway.door.problems import ProblemError
from services.gateway.files.sending import chunks_of

_FIELDS = 8


async def fields_of(request: Request, most: int, fields: int = _FIELDS) -> dict[str, str]:
    """Read the fields of a form of at most so many bytes, the first of each name.

    Raises:
        ProblemError: it is longer, or no such form.
    """
    body = bytearray()
    async for chunk in chunks_of(request, most):
        body += chunk
        if len(body) > most:
            raise ProblemError("body-too-large", f"At most {most} bytes are taken.")
    try:
        found = parse_qs(body.decode("latin-1"), keep_blank_values=True, max_num_fields=fields)
    except ValueError:
        raise ProblemError("request-invalid", f"A form of at most {fields} fields is expected.") from None
    return {name: values[0] for name, values in found.items()}
