"""The pages for people: the description of the API, and what each problem means.

Plain HTML from the same facts that programs get; nothing is loaded from elsewhere, and these have no scripts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from importlib import resources
from typing import Any

from services.gateway.door.openapi import operations
from services.gateway.door.problem_kind import Kind
from services.gateway.door.problems import KINDS, example
from services.gateway.site.markup import listed, page, preformatted, prose, rows, table
from services.gateway.site.schema_tables import field_table

_STATIC = resources.files("services.gateway") / "static"
ICON = (_STATIC / "icon.svg").read_text(encoding="utf-8")
STYLE = (_STATIC / "style.css").read_text(encoding="utf-8")
SCRIPT = (_STATIC / "live.js").read_text(encoding="utf-8")
TIME_LEFT = (_STATIC / "time-left.js").read_text(encoding="utf-8")
DESIGNER = (_STATIC / "designer.js").read_text(encoding="utf-8")
CHAT = (_STATIC / "chat.js").read_text(encoding="utf-8")
WATCH = (_STATIC / "watch.js").read_text(encoding="utf-8")


def documentation(document: Mapping[str, Any]) -> str:
    """The operations of an OpenAPI document."""
    sections = "".join(
        _operation(path, method, operation, document["components"]["schemas"])
        for (path, method), operation in operations(document).items()
    )
    about = "".join(f"<p>{prose(part)}</p>" for part in document["info"]["description"].strip().split("\n\n"))
    contents = listed(
        f'<a href="#{operation["operationId"]}">{escape(operation["summary"])}</a> '
        f'<code class="soft">{method.upper()} {escape(path)}</code>'
        for (path, method), operation in operations(document).items()
    )
    return page("The Pointstream API", f'{about}<nav aria-label="Operations">{contents}</nav>{sections}')


def problem_list() -> str:
    """All kinds of problems."""
    lines = rows((f'<a href="/problems/{kind.code}">{kind.code}</a>', kind.status, kind.title) for kind in _sorted())
    return page("Problems", table("Every error that the API can answer", ("Code", "Status", "Meaning"), lines))


def problem(kind: Kind) -> str:
    """What one kind means."""
    body = f"<p>Status {kind.status}, code <code>{kind.code}</code>.</p><p>{prose(kind.help)}</p>"
    return page(kind.title, body + _json(example(kind.code)) + '<p><a href="/problems">All problems</a></p>')


def _sorted() -> list[Kind]:
    return sorted(KINDS.values(), key=lambda kind: (kind.status, kind.code))


def _operation(path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    scopes = [scope for needs in operation.get("security", ()) for scopes in needs.values() for scope in scopes]
    parameters = operation.get("parameters", ())
    described = (
        (f"<code>{escape(one['name'])}</code>", one["in"], prose(one.get("description", ""))) for one in parameters
    )
    answers = ((status, escape(answer["description"])) for status, answer in operation["responses"].items())
    return (
        f'<h2 id="{operation["operationId"]}">{escape(operation["summary"])}</h2>'
        f"<p><code>{method.upper()} {escape(path)}</code> "
        f'<span class="soft">scope {escape(", ".join(scopes))}</span></p>'
        f"<p>{prose(operation['description'])}</p>"
        + (
            table("Parameters", ("Name", "In", "Meaning"), rows(described), of=operation["summary"])
            if parameters
            else ""
        )
        + _body(operation, schemas)
        + table("Answers", ("Status", "Meaning"), rows(answers), of=operation["summary"])
    )


def _body(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """What a request's body holds, and an example of it."""
    body = operation.get("requestBody", {"content": {}})
    content = body["content"].get("application/json")
    if content is None:
        kinds = ", ".join(f"<code>{escape(kind)}</code>" for kind in body["content"])
        return f"<p>Body: {escape(body['description'])} {kinds}</p>" if kinds else ""
    given = [one["value"] for one in content.get("examples", {}).values()][:1] or [
        content[name] for name in ("example",) if name in content
    ]
    examples = "".join(f"<details><summary>Example</summary>{_json(value)}</details>" for value in given)
    return field_table("Body", schemas, content["schema"], of=operation["summary"]) + examples


def _json(value: object) -> str:
    return preformatted(json.dumps(value, indent=2, ensure_ascii=False))
