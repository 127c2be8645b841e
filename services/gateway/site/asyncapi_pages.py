"""The AsyncAPI document as a page for people: every topic, its messages, and what stands in them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from services.gateway.site.markup import listed, page, preformatted, prose
from services.gateway.site.schema_tables import field_table, resolved

_ACTIONS = {"send": "You may send", "receive": "You receive"}


def asyncapi_page(document: Mapping[str, Any]) -> str:
    """Show an AsyncAPI 3.0 document that has the form of ours."""
    info = document["info"]
    channels = document["channels"]
    about = "".join(f"<p>{prose(part)}</p>" for part in info["description"].strip().split("\n\n"))
    files = (
        '<p>For programs: <a href="/asyncapi.yaml">asyncapi.yaml</a>, <a href="/asyncapi.json">asyncapi.json</a>.</p>'
    )
    contents = listed(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in channels)
    sections = "".join(_channel(document, name, channel) for name, channel in channels.items())
    return page(info["title"], about + files + f"<nav>{contents}</nav>" + sections)


def _channel(document: Mapping[str, Any], name: str, channel: Mapping[str, Any]) -> str:
    kafka = channel["bindings"]["kafka"]
    policy = ", ".join(kafka["topicConfiguration"]["cleanup.policy"])
    operations = [one for one in document["operations"].values() if one["channel"]["$ref"] == f"#/channels/{name}"]
    directions = "; ".join(
        f"{_ACTIONS[one['action']]} "
        + ", ".join(f"<code>{escape(_last(message['$ref']))}</code>" for message in one["messages"])
        for one in operations
    )
    messages = "".join(_message(document, _last(message["$ref"])) for message in channel["messages"].values())
    return (
        f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{prose(channel["description"])}</p>'
        f'<p class="soft">{kafka["partitions"]} partitions, cleanup {escape(policy)}</p>'
        f"<p>{directions}</p>{messages}"
    )


def _message(document: Mapping[str, Any], name: str) -> str:
    message = document["components"]["messages"][name]
    more = "".join(f"<p>{prose(message[part])}</p>" for part in ("summary", "description") if part in message)
    known = field_table(f"Fields of {name}", document["components"]["schemas"], _data_schema(document, message))
    return f"<h3>{escape(name)}</h3>{more}{known}{_examples(message)}"


def _examples(message: Mapping[str, Any]) -> str:
    return "".join(
        f"<details><summary>Example: {escape(example['name'])}</summary>"
        f"{preformatted(json.dumps(example['payload'], indent=2, ensure_ascii=False))}</details>"
        for example in message.get("examples", ())
    )


def _data_schema(document: Mapping[str, Any], message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of an event's `data`; the attributes around it are the same for all."""
    schemas = document["components"]["schemas"]
    event = resolved(schemas, message["payload"])
    return resolved(schemas, event["properties"]["data"])


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]
