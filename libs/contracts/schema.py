"""JSON Schemas (2020-12) of the events, one file a version, generated from the models and committed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import CoreSchema

from libs.contracts.events import DeadLetterHeadersV1
from libs.contracts.registry import EVENTS, event_model
from libs.contracts.samples import DEAD_LETTER_HEADERS

SCHEMAS = Path(__file__).parent / "schemas"
_SUFFIX = ".schema.json"


class _WithoutFieldTitles(GenerateJsonSchema):
    """A title that repeats the name of the field says nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def generate(self, schema: CoreSchema, mode: Any = "validation") -> JsonSchemaValue:
        return {"$schema": self.schema_dialect, **super().generate(schema, mode)}


def schema_of(model: type[BaseModel], short_name: str) -> dict[str, Any]:
    """Return the JSON Schema of a model under the name of its version."""
    schema = model.model_json_schema(schema_generator=_WithoutFieldTitles)
    return {"$schema": schema.pop("$schema"), "$id": f"urn:pointstream:schema:{short_name}", **schema}


def all_schemas() -> Mapping[str, dict[str, Any]]:
    """Return the schema of every version by its short name: events whole, dead letters by their headers."""
    schemas = {
        contract.short_name: schema_of(event_model(name), contract.short_name) for name, contract in EVENTS.items()
    }
    schemas[DEAD_LETTER_HEADERS] = schema_of(DeadLetterHeadersV1, DEAD_LETTER_HEADERS)
    return schemas


def schema_file(short_name: str) -> Path:
    """Return where the schema of a version is committed."""
    return SCHEMAS / (short_name + _SUFFIX)


def rendered(schema: Mapping[str, Any]) -> str:
    """Return a schema as the text of its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def committed_schemas() -> Mapping[str, dict[str, Any]]:
    """Read the schemas in the tree, by short name."""
    return {
        path.name.removesuffix(_SUFFIX): json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*" + _SUFFIX))
    }
