"""The fields of a campaign's form, made from the JSON Schema of the document: whatever a campaign has, has a field.

A field is named by where it stands in the campaign, `effect.steps[0].points`. Some are shown though they are empty,
because most campaigns want them; what else there is can be written as text. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

from libs.programmes.calendar_telling import AUDIENCE
from libs.promotions.allowances import UNITS
from libs.promotions.schema import programme_schema

Kind = Literal["int", "money", "degrees", "text", "texts", "choice", "several", "yesno", "instant"]
Section = Literal["name", "gives", "trigger", "time", "audience", "what", "budget", "stacking"]
BLANK_LIMITS = 2
"""Limits that can be added at once."""
_STEP = re.compile(r"([A-Za-z_$][\w$-]*)|\[(\d+)\]")

_ALWAYS: Mapping[str, tuple[str, ...]] = {
    "frame": ("starts_at", "ends_at", "weekdays", "hours"),
    "when": (
        "tiers", "segments", "lists", "stores", "partners", "channels",
        "skus", "categories", "brands", "labels", "min_total_minor",
    ),
}  # fmt: skip
"""Parts of which most is left out where it is empty, and what of them is shown all the same."""
_FOR_WHOM = re.compile(r"when\.(\w+)")
_OF_PURCHASES = ("skus", "categories", "brands")
_OF_RECEIPTS = (*_OF_PURCHASES, "labels", "min_total_minor", "stores", "partners", "channels")
"""Conditions that an activity has not, and those that an occasion has not."""
_TOP: tuple[tuple[str, Section], ...] = (
    ("id", "name"), ("name", "name"), ("effect", "gives"), ("effects", "gives"), ("trigger", "trigger"),
    ("frame", "time"), ("when", "what"), ("cel", "what"), ("limits", "budget"), ("priority", "stacking"),
    ("group", "stacking"), ("mode", "stacking"), ("excludes", "stacking"), ("only_with", "stacking"),
)  # fmt: skip
_EMPTY_TOO = ("id", "name", "priority", "group", "mode", "excludes", "only_with")


@dataclass(frozen=True, slots=True)
class Field:
    """A field: where it stands, what it holds (None: nothing), what it means when empty, and what may be chosen."""

    path: str
    kind: Kind
    section: Section
    value: Any
    default: Any = None
    choices: tuple[str, ...] = ()
    required: bool = False

    @property
    def names(self) -> list[str]:
        """The names on the way to it."""
        return [name for name, _ in _STEP.findall(self.path) if name]

    @property
    def last(self) -> str:
        """The name of the field alone."""
        return self.names[-1]

    @property
    def number(self) -> int | None:
        """Which of several alike it belongs to, from 1 on."""
        numbers = [number for _, number in _STEP.findall(self.path) if number]
        return int(numbers[-1]) + 1 if numbers else None


def fields_of(campaign: Mapping[str, Any]) -> list[Field]:
    """Return the fields of a campaign, section by section."""
    schema = _definitions()["Campaign"]["properties"]
    found: list[Field] = []
    for name, section in _TOP:
        value = campaign.get(name)
        if name == "limits":
            value = [*(value or []), *({} for _ in range(BLANK_LIMITS))]
        if name in ("frame", "when"):
            value = value if isinstance(value, Mapping) else {}
        if value is not None or name in _EMPTY_TOO:
            found += _walk(schema[name], value, name, section, required=name in ("id", "name"))
    order = {section: at for at, section in enumerate(dict.fromkeys(section for _, section in _TOP))}
    order["audience"] = order["what"]
    useless = {"purchase": (), "activity": _OF_PURCHASES}.get(trigger_of(campaign), _OF_RECEIPTS)
    barred = {f"when.{name}" for name in useless if not (campaign.get("when") or {}).get(name)}
    placed = [_placed(field) for field in found if field.path not in barred]
    return sorted(placed, key=lambda field: (order[field.section], field.section != "audience"))


def is_sound(campaign: Mapping[str, Any]) -> bool:
    """Tell whether a campaign has its large parts in the shapes that they must have; the engine looks at the rest."""
    parts = all(isinstance(campaign.get(name), dict | None) for name in ("frame", "when", "trigger", "effect"))
    rows = all(isinstance(campaign.get(name), list | None) for name in ("effects", "limits"))
    return parts and rows and all(isinstance(one, dict) for one in campaign.get("limits") or [])


def trigger_of(campaign: Mapping[str, Any]) -> str:
    """Name the kind of a campaign's trigger."""
    trigger = campaign.get("trigger")
    return str(trigger.get("kind")) if isinstance(trigger, Mapping) else "purchase"


def put(document: dict[str, Any], path: str, value: Any) -> None:
    """Set what stands at a path; None takes it away. Parts on the way are made, lists are as long as need be."""
    steps: list[str | int] = [name or int(number) for name, number in _STEP.findall(path)]
    here: Any = document
    for step, following in pairwise(steps):
        fresh: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            while len(here) <= step:
                here.append({})
            here = here[step]
        else:
            if not isinstance(here.get(step), list if isinstance(following, int) else dict):
                here[step] = fresh
            here = here[step]
    last = steps[-1]
    if isinstance(last, int):
        here[last : last + 1] = [] if value is None else [value]
    elif value is None:
        here.pop(last, None)
    else:
        here[last] = value


def tidied(campaign: dict[str, Any]) -> dict[str, Any]:
    """Leave out what nobody filled in: limits without an amount, hours without a time, parts without content."""
    limits = [one for one in campaign.get("limits") or [] if has_amount(one)]
    tidy = {**campaign, "limits": limits}
    for name in ("frame", "when"):
        part = {key: value for key, value in (tidy.get(name) or {}).items() if value not in ([], {})}
        tidy[name] = part
    return {key: value for key, value in tidy.items() if value not in ([], {}, None)}


def has_amount(limit: Mapping[str, Any]) -> bool:
    """Tell whether a limit says how much; one that does not is a row that nobody filled in."""
    return any(limit.get(unit) is not None for unit in UNITS)


def _placed(field: Field) -> Field:
    named = _FOR_WHOM.match(field.path)
    return replace(field, section="audience") if named and named[1] in AUDIENCE else field


def _walk(node: Mapping[str, Any], value: Any, path: str, section: Section, *, required: bool) -> Iterator[Field]:
    default = node.get("default")
    node = _resolved(node, value)
    if "const" in node:
        return
    if "properties" in node:
        yield from _inside(node, value if isinstance(value, Mapping) else {}, path, section)
    elif node.get("type") == "array":
        yield from _several(node, value, path, section)
    elif isinstance(node.get("additionalProperties"), Mapping):
        for name, each in (value if isinstance(value, Mapping) else {}).items():
            yield from _walk(node["additionalProperties"], each, f"{path}.{name}", section, required=True)
    elif not isinstance(value, Mapping | list):
        kind, choices = _scalar(node, path)
        yield Field(path, kind, section, value, default, choices, required and default is None)


def _inside(node: Mapping[str, Any], value: Mapping[str, Any], path: str, section: Section) -> Iterator[Field]:
    always, needed = _ALWAYS.get(path), node.get("required", ())
    windows = path == "frame" and value.get("windows")
    for name, part in node["properties"].items():
        shown = name in value or (_is_plain(part) if always is None else name in always)
        if shown and not (windows and name == "hours"):
            yield from _walk(part, value.get(name), f"{path}.{name}", section, required=name in needed)


def _several(node: Mapping[str, Any], value: Any, path: str, section: Section) -> Iterator[Field]:
    items, given = _resolved(node.get("items", {}), None), value if isinstance(value, Sequence) else []
    if "enum" in items:
        yield Field(path, "several", section, given, choices=tuple(items["enum"]))
    elif items.get("type") in ("string", "integer") and not any(isinstance(one, Mapping) for one in given):
        yield Field(path, "texts", section, given, choices=("int",) if items["type"] == "integer" else ())
    else:
        for at, each in enumerate(given):
            yield from _walk(node["items"], each, f"{path}[{at}]", section, required=True)


def _is_plain(node: Mapping[str, Any]) -> bool:
    """Whether a part is one value, so that an empty field for it says enough."""
    node = _resolved(node, None)
    if node.get("type") == "array":
        return _resolved(node.get("items", {}), None).get("type") == "string"
    return "const" not in node and node.get("type") in ("string", "integer", "boolean")


def _resolved(node: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    """Follow references, and choose the form that a value has."""
    definitions = _definitions()
    while True:
        if "$ref" in node:
            node = definitions[node["$ref"].rpartition("/")[2]]
        elif "anyOf" in node:
            forms = [form for form in node["anyOf"] if form.get("type") != "null"]
            if len(forms) != 1:
                return {"type": "string"} if value is None or isinstance(value, str) else {}
            node = forms[0]
        elif "discriminator" in node:
            kind = value.get("kind") if isinstance(value, Mapping) else None
            reference = node["discriminator"]["mapping"].get(kind)
            if reference is None:
                return {}
            node = {"$ref": reference}
        else:
            return node


def _scalar(node: Mapping[str, Any], path: str) -> tuple[Kind, tuple[str, ...]]:
    if "enum" in node:
        return "choice", tuple(node["enum"])
    if path.rpartition(".")[2] in ("latitude", "longitude"):
        return "degrees", ()
    match node.get("type"), node.get("format"):
        case "integer", _:
            return ("money" if path.rpartition(".")[2].endswith("minor") else "int"), ()
        case "boolean", _:
            return "yesno", ()
        case "string", "date-time":
            return "instant", ()
    return "text", ()


@lru_cache(maxsize=1)
def _definitions() -> Mapping[str, Any]:
    definitions: Mapping[str, Any] = programme_schema()["$defs"]
    return definitions
