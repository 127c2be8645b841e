"""Templates as JSON has them, in the database, over HTTP and in files. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from libs.design import blocks
from libs.design.faults import Fault
from libs.messages.content import ChannelName, Purpose
from libs.messages.template import Compiled, Template, TemplateInvalid
from libs.messages.values import TYPES, Type, Variable

_FIELDS = ("name", "language", "channel", "parts", "brand", "purpose", "variables", "blocks")
_PURPOSES = get_args(Purpose)
_CHANNELS = get_args(ChannelName)


def told(template: Template) -> dict[str, Any]:
    """Return a template as JSON has it; what says nothing is left out."""
    variables = {
        name: {"type": each.type, **({"optional": True} if each.optional else {})}
        for name, each in template.variables.items()
    }
    whole = {
        "name": template.name,
        "language": template.language,
        "channel": template.channel,
        "brand": template.brand,
        "purpose": template.purpose,
        "variables": variables,
        "parts": dict(template.parts),
        "blocks": blocks.told(template.blocks),
    }
    return {name: value for name, value in whole.items() if value not in ("", None, {}, [])}


def read(document: object) -> Template:
    """Read a template from JSON; whether it is a good one `libs.messages.compiling` says.

    Raises:
        TemplateInvalid: it has not the form of one, with every fault that was found.
    """
    if not isinstance(document, Mapping):
        raise TemplateInvalid((Fault("document", "it is no object"),))
    faults = [
        Fault(str(name), f"no such field; there are {', '.join(_FIELDS)}") for name in document.keys() - {*_FIELDS}
    ]
    for name in ("name", "language", "channel"):
        if not isinstance(document.get(name), str):
            faults.append(Fault(name, "a text is needed"))
    if not isinstance(document.get("brand", ""), str):
        faults.append(Fault("brand", "it is no text"))
    if document.get("channel") not in _CHANNELS:
        faults.append(Fault("channel", f"it is none of {', '.join(_CHANNELS)}"))
    if document.get("purpose") not in (None, *_PURPOSES):
        faults.append(Fault("purpose", f"it is none of {', '.join(_PURPOSES)}"))
    parts = document.get("parts")
    if not isinstance(parts, Mapping) or not all(isinstance(text, str) for text in parts.values()):
        faults.append(Fault("parts", "an object of texts is needed: title, text, mjml or html"))
    variables, of_variables = _variables(document.get("variables", {}))
    made_of = blocks.read(document.get("blocks", []), "blocks", faults)
    if faults := [*faults, *of_variables]:
        raise TemplateInvalid(tuple(faults))
    return Template(
        **{**document, "parts": dict(document["parts"]), "variables": variables, "blocks": made_of},
    )


def _variables(given: object) -> tuple[dict[str, Variable], list[Fault]]:
    if not isinstance(given, Mapping):
        return {}, [Fault("variables", "it is no object")]
    found: dict[str, Variable] = {}
    faults: list[Fault] = []
    for name, each in given.items():
        whole = {"type": each} if isinstance(each, str) else each
        if not isinstance(whole, Mapping) or whole.keys() - {"type", "optional"}:
            faults.append(Fault(f"variables.{name}", "write its type, or an object with type and optional"))
        elif whole.get("type") not in TYPES:
            faults.append(Fault(f"variables.{name}", f"its type is none of {', '.join(TYPES)}"))
        else:
            found[str(name)] = Variable(cast(Type, whole["type"]), whole.get("optional") is True)
    return found, faults


def told_compiled(made: Compiled) -> dict[str, Any]:
    """Return a compiled template as JSON has it."""
    return {"language": made.language, "title": made.title, "text": made.text, "html": made.html}


def read_compiled(document: Mapping[str, Any]) -> Compiled:
    """Read one back."""
    return Compiled(document["language"], document["title"], document["text"], document["html"])
