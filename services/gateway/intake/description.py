"""The bodies of the ways in, as the description of the API tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from pydantic.json_schema import models_json_schema

from libs.contracts.registry import EVENTS
from libs.contracts.samples import example
from services.gateway.carts.bodies import CartWants
from services.gateway.intake.idempotency import HEADER, MOST
from services.gateway.intake.offers import TYPE_PREFIX

TEMPLATE = "#/components/schemas/{model}"
MOST_ITEMS = 1_000
ALWAYS = (
    "idempotency-key-missing",
    "idempotency-key-invalid",
    "body-not-json",
    "body-too-slow",
    "idempotency-key-running",
    "event-conflict",
    "body-too-large",
    "media-type-unsupported",
    "event-invalid",
    "idempotency-key-reused",
    "publishing-away",
)
"""The problems that every way in may answer."""
TAKEN = (
    "purchase.completed.v1",
    "purchase.returned.v1",
    "purchase.corrected.v1",
    "purchase.voided.v1",
    "activity.recorded.v1",
    "member.enrolled.v1",
    "member.updated.v1",
)
"""Every event type that callers send as such."""
KEY: Mapping[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "A text of your own, new for each request and the same when you repeat it: then it counts once.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": MOST,
        "pattern": r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
    },
    "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
}
"""The header that names a request."""
_PLAIN = ("id", "source", "time", "data")
_ATTRIBUTES: Mapping[str, Any] = {
    "specversion": {
        "type": "string",
        "const": "1.0",
        "description": "Makes it a CloudEvent; without it, the plain form.",
    },
    "id": {"type": "string", "minLength": 1, "maxLength": 128, "description": "Yours, unique within the source."},
    "source": {"type": "string", "pattern": "^/", "maxLength": 256, "description": "At or below a registered source."},
    "time": {"type": "string", "format": "date-time", "description": "When it happened, with an offset."},
}


def event_body(*names: str) -> dict[str, Any]:
    """Describe a body that is one event of one of these types; the first is meant where none is named."""
    full = _example(names[0])
    examples = {
        "plain": {"summary": "Plain form", "value": {name: full[name] for name in _PLAIN}},
        "cloudevent": {"summary": "CloudEvent", "value": full},
    }
    return _body({"application/json": {"schema": _event(names), "examples": examples}})


def quote_body() -> dict[str, Any]:
    """Describe a body that asks what a purchase would bring: that of the purchase, of which less is needed."""
    name = "purchase.completed.v1"
    schema = _event((name,))
    payload = EVENTS[TYPE_PREFIX + name].model.model_json_schema(ref_template=TEMPLATE)
    payload["required"] = [field for field in payload["required"] if field not in ("receipt_number", "lines")]
    own = {
        "at": {
            "type": "string",
            "format": "date-time",
            "description": "When it would be bought: now, or up to a year ahead. `time` is not looked at.",
        },
        "member_id": {"type": "string", "format": "uuid", "description": "Whose it is, instead of identifiers."},
        "programme": {"type": "string", "description": "The programme's slug, where no `source` names it."},
        **_wants(),
    }
    payload.pop("$defs", None)
    schema = {**schema, "properties": {**schema["properties"], **own, "data": payload}, "required": ["data"]}
    full = _example(name)
    data = {key: value for key, value in full["data"].items() if key != "receipt_number"}
    examples = {"cart": {"summary": "A cart", "value": {"source": full["source"], "data": data}}}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema, "examples": examples}}}
    }


def cart_body() -> dict[str, Any]:
    """Describe the same for a cart that is set aside: its receipt has a number, and the request a key."""
    described = quote_body()
    content = described["requestBody"]["content"]["application/json"]
    full = _example("purchase.completed.v1")
    data = {key: value for key, value in full["data"].items() if key not in ("cart", "codes", "discounts")}
    wants = {"codes": ["SPRING-3F7K-9QRT-XCW4-H"], "points": {}, "gift_cards": [{"number": "4821-0093-7745-1286-003"}]}
    value = {"source": full["source"], "data": data, **wants}
    content["examples"] = {"cart": {"summary": "A cart", "value": value}}
    return {**described, "parameters": [KEY]}


def _wants() -> dict[str, Any]:
    """Describe what a cart may name: codes, points and gift cards."""
    schema = CartWants.model_json_schema()
    inner = schema.pop("$defs", {})
    found: dict[str, Any] = _inlined(schema["properties"], inner)
    return found


def _inlined(schema: Any, inner: dict[str, Any]) -> Any:
    """The same schema with what it refers to in its place."""
    if isinstance(schema, list):
        return [_inlined(each, inner) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(inner[schema["$ref"].rpartition("/")[2]], inner)
    return {name: _inlined(each, inner) for name, each in schema.items()}


def batch_body(*names: str) -> dict[str, Any]:
    """Describe a body that is an array of such events."""
    items = [{name: full[name] for name in ("type", *_PLAIN)} for full in map(_example, names[:2])]
    schema = {"type": "array", "minItems": 1, "maxItems": MOST_ITEMS, "items": _event(names)}
    return _body({"application/json": {"schema": schema, "examples": {"batch": {"summary": "Two", "value": items}}}})


def form_body(name: str, without: Sequence[str], specimen: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a body that has the fields of an event's data but for those that the gateway fills in."""
    schema = EVENTS[TYPE_PREFIX + name].model.model_json_schema()
    schema["properties"] = {key: value for key, value in schema["properties"].items() if key not in without}
    schema["required"] = [key for key in schema["required"] if key not in without]
    schema["additionalProperties"] = False
    return _body({"application/json": {"schema": schema, "example": dict(specimen)}})


def components() -> dict[str, Any]:
    """Return the schemas of the payloads that callers send, by name."""
    models = [(EVENTS[TYPE_PREFIX + name].model, "validation") for name in TAKEN]
    _, schemas = models_json_schema(models, ref_template=TEMPLATE)  # type: ignore[arg-type]
    found: dict[str, Any] = schemas["$defs"]
    return found


_PAYLOAD = "What happened, in the form that its type has."


def _event(names: Sequence[str]) -> dict[str, Any]:
    data = [{"$ref": TEMPLATE.format(model=EVENTS[TYPE_PREFIX + name].model.__name__)} for name in names]
    kinds = {
        "type": "string",
        "enum": [text for name in names for text in (TYPE_PREFIX + name, name)],
        "default": TYPE_PREFIX + names[0],
        "description": "What happened; a CloudEvent writes it in full.",
    }
    return {
        "type": "object",
        "required": list(_PLAIN),
        "properties": {
            **_ATTRIBUTES,
            "type": kinds,
            "data": data[0] if len(data) == 1 else {"anyOf": data, "description": _PAYLOAD},
        },
    }


def _body(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"parameters": [dict(KEY)], "requestBody": {"required": True, "content": dict(content)}}


def _example(name: str) -> dict[str, Any]:
    full: dict[str, Any] = msgspec.json.decode(example(name, "full"))
    del full["partitionkey"]
    return full
