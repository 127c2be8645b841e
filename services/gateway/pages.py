"""The pages for people: what runs here, the description of the API, and what each problem means.

Plain HTML from the same facts that programs get; nothing is loaded from elsewhere, and there are no scripts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from importlib import resources
from typing import Any

from services.gateway.openapi import operations
from services.gateway.problems import KINDS, Kind, example

STYLE = resources.files("services.gateway").joinpath("static", "style.css").read_text(encoding="utf-8")
_LINKS = (
    ("/docs", "the API, for people"),
    ("/openapi.json", "the API, for programs (OpenAPI 3.1)"),
    ("/problems", "what each error means"),
    ("/readyz", "whether the door can serve"),
    ("/metrics", "metrics for Prometheus"),
)


def home() -> str:
    """The first page."""
    items = "".join(f'<li><a href="{path}">{path}</a>: {escape(text)}</li>' for path, text in _LINKS)
    return _page("Pointstream", f"<p>The HTTP door of an open loyalty platform.</p><ul>{items}</ul>")


def documentation(document: Mapping[str, Any]) -> str:
    """The operations of an OpenAPI document."""
    sections = "".join(
        _operation(path, method, operation) for (path, method), operation in operations(document).items()
    )
    about = f"<p>{escape(document['info']['description'])}</p>"
    return _page("The Pointstream API", about + sections)


def problem_list() -> str:
    """All kinds of problems."""
    rows = _rows((f'<a href="/problems/{kind.code}">{kind.code}</a>', kind.status, kind.title) for kind in _sorted())
    return _page("Problems", _table("Every error that the API can answer", ("Code", "Status", "Meaning"), rows))


def problem(kind: Kind) -> str:
    """What one kind means."""
    body = f"<p>Status {kind.status}, code <code>{kind.code}</code>.</p><p>{escape(kind.help)}</p>"
    return _page(kind.title, body + _json(example(kind.code)) + '<p><a href="/problems">All problems</a></p>')


def _sorted() -> list[Kind]:
    return sorted(KINDS.values(), key=lambda kind: (kind.status, kind.code))


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    scopes = [scope for needs in operation.get("security", ()) for scopes in needs.values() for scope in scopes]
    parameters = operation.get("parameters", ())
    described = (
        (f"<code>{escape(one['name'])}</code>", one["in"], escape(one.get("description", ""))) for one in parameters
    )
    answers = ((status, escape(answer["description"])) for status, answer in operation["responses"].items())
    return (
        f'<h2 id="{operation["operationId"]}">{escape(operation["summary"])}</h2>'
        f"<p><code>{method.upper()} {escape(path)}</code> "
        f'<span class="soft">scope {escape(", ".join(scopes))}</span></p>'
        f"<p>{escape(operation['description'])}</p>"
        + (_table("Parameters", ("Name", "In", "Meaning"), _rows(described)) if parameters else "")
        + _table("Answers", ("Status", "Meaning"), _rows(answers))
    )


def _table(caption: str, heads: Iterable[str], rows: str) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _rows(rows: Iterable[Iterable[object]]) -> str:
    """Table rows of cells that are HTML already."""
    return "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)


def _json(value: object) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/style.css"></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
