"""The description of the API: OpenAPI 3.1 with every problem that an operation can answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.gateway.door.problems import KINDS, MEDIA_TYPE, Problem, example
from services.gateway.intake.description import components

_EVERYWHERE = (
    "key-missing",
    "key-invalid",
    "key-expired",
    "key-revoked",
    "scope-missing",
    "quota-exceeded",
    "internal-error",
    "database-away",
)
_INTRODUCTION = """\
Points of members, what happened to them, and why.

Every request carries an API key: `Authorization: Bearer ly_…`. Errors are problems of RFC 9457; their `code` is one of
a closed list, explained on /problems. Points are whole numbers in the minor unit of a wallet, money in that of its
currency, instants RFC 3339 in UTC.
"""
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_QUOTA = {
    "RateLimit-Policy": {"description": "The quota and its window in seconds.", "schema": {"type": "string"}},
    "RateLimit": {"description": "What is left, and when all is back.", "schema": {"type": "string"}},
}


def refusals(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Describe the problems of an operation: its own, and those that any may answer."""
    by_status: dict[int | str, list[str]] = {}
    for code in (*codes, *_EVERYWHERE):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {status: _refusal(some) for status, some in sorted(by_status.items(), key=lambda item: int(item[0]))}


def _refusal(codes: list[str]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    content["examples"] = {code: {"summary": KINDS[code].title, "value": example(code)} for code in codes}
    described: dict[str, Any] = {
        "description": "; ".join(KINDS[code].title for code in codes),
        "content": {MEDIA_TYPE: content},
    }
    if {KINDS[code].status for code in codes} & {429, 503}:
        described["headers"] = _RETRY
    return described


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the application."""
    document = get_openapi(
        title="Pointstream",
        version="1",
        summary="The HTTP door of the Pointstream loyalty platform.",
        description=_INTRODUCTION,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/"}],
        tags=[
            {"name": "events", "description": "What tills, shops and apps send; each answered when the broker has it."},
            {"name": "files", "description": "Files of receipts: sent, watched, and what was left out of them."},
            {"name": "members", "description": "Balances and histories."},
            {"name": "redemptions", "description": "Points are held, spent, and given back; answered at once."},
            {"name": "trades", "description": "Points are bought, exchanged with other programmes, donated, lent."},
            {"name": "households", "description": "Members who let each other spend their points."},
            {
                "name": "rewards",
                "description": "The catalogue, as members see it and as it is kept; orders and wishes.",
            },
            {"name": "reinstatements", "description": "Lapsed points that come back, and who agreed to it."},
            {"name": "quotes", "description": "What a purchase would bring, and by which rules."},
            {"name": "receipts", "description": "Why a receipt brought what it brought."},
            {"name": "rules", "description": "The programme: its versions, its campaigns, its kill switches."},
            {"name": "webhooks", "description": "Events told to URLs of yours, signed; what became of each."},
            {"name": "messages", "description": "What members were told, what not, and why."},
            {"name": "chats", "description": "What members and the staff write to each other, and have at once."},
            {"name": "designs", "description": "Styles of brands, landing pages, drafts and pictures."},
            {"name": "questionnaires", "description": "Questions to members, whose answers are their profile."},
            {"name": "places", "description": "Where members are who agreed to it: stores near, and what they offer."},
            {"name": "mass messages", "description": "Messages to many members, counted before they are sent."},
            {"name": "posts", "description": "What the company says on its own pages on a network."},
            {"name": "ledger", "description": "The points of all members together."},
        ],
    )
    schemas = document["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**components(), **problem.pop("$defs"), "Problem": problem}
    document["components"]["schemas"] = {
        name: schemas[name] for name in sorted(schemas) if name not in {"HTTPValidationError", "ValidationError"}
    }
    for operation in operations(document).values():
        next(response for status, response in operation["responses"].items() if status < "300")["headers"] = _QUOTA
        if MEDIA_TYPE not in operation["responses"].get("422", {"content": MEDIA_TYPE})["content"]:
            del operation["responses"]["422"]  # added by FastAPI to whatever has a parameter, even to any text
    return document


def inlined(schema: Mapping[str, Any]) -> Any:
    """A schema with its parts in their places: what it refers to by `$defs` is nowhere in the whole description."""
    return _inlined({name: part for name, part in schema.items() if name != "$defs"}, schema.get("$defs", {}))


def _inlined(node: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(node, dict):
        name = str(node.get("$ref", "")).removeprefix("#/$defs/")
        return _inlined(parts[name], parts) if name in parts else {k: _inlined(v, parts) for k, v in node.items()}
    return [_inlined(each, parts) for each in node] if isinstance(node, list) else node


def operations(document: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the operations of a document by (path, method)."""
    return {
        (path, method): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
