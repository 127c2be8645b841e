"""The JSON Schema of the document, for editors and other tools; `programme.schema.json` is a copy of it.

It says what stands where. What parts must agree on among themselves is said by `parse_programme` alone.
"""

from __future__ import annotations

from typing import Any

from libs.promotions.document import SCHEMA_KEY
from libs.promotions.programme import Programme

SCHEMA_ID = "urn:pointstream:schema:programme"
SCHEMA_PATH = "/schemas/programme.schema.json"
"""Where the gateway serves it."""


def programme_schema() -> dict[str, Any]:
    """Return the schema of what people write: the version may be left out, and `$schema` put in."""
    schema = Programme.model_json_schema(by_alias=True, mode="validation")
    properties = schema.pop("properties")
    required = [name for name in schema.pop("required") if name != "version"]
    properties["version"]["description"] = "May be left out; else that of the latest version, or the next."
    naming = {"type": "string", "description": "Where an editor finds this schema; no part of the document."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
        "title": "Programme",
        "properties": {SCHEMA_KEY: naming, **properties},
        "required": required,
    }
