"""The description of the API as it is committed: to make it anew from the routes takes seconds, too long for a request.

A test holds it to what `openapi.describe` makes of the routes.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import orjson

from services.gateway.site import pages


def document() -> dict[str, Any]:
    """Return the OpenAPI document; each call makes a new one."""
    made: dict[str, Any] = orjson.loads(as_json())
    return made


@cache
def as_json() -> bytes:
    """Return it as JSON, without the indentation of the file."""
    return orjson.dumps(orjson.loads((resources.files("services.gateway") / "openapi.json").read_bytes()))


@cache
def as_page() -> str:
    """Return the page that shows it to people; the first call takes a tenth of a second."""
    return pages.documentation(document())
