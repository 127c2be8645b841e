"""The language of mappings, as its documents are written: a closed set of forms, no templates, nothing evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    StrictBool,
    ValidationError,
    model_validator,
)

from libs.contracts.mapping_values import pinned_zone
from libs.contracts.pointers import Pointer
from libs.contracts.registry import EVENTS, TYPE_DOMAIN

MAX_FAULTS = 50
_MAPPABLE = tuple(name for name, known in EVENTS.items() if known.direction == "in" and not known.internal)
_LAYOUT = re.compile(r"(?:[^%]|%[YymdHMSfzj%])+")
_DEEPEST = 8


def _read_pointer(value: object) -> Pointer:
    if isinstance(value, Pointer):
        return value
    if not isinstance(value, str):
        raise ValueError("a JSON Pointer, such as /number")
    try:
        return Pointer.of(value)
    except ValueError:
        raise ValueError("a JSON Pointer, which begins with '/'; a fixed value is written {const: …}") from None


def _read_zone(value: object) -> ZoneInfo:
    try:
        return pinned_zone(str(value))
    except LookupError:
        raise ValueError("the name of a time zone, such as Europe/Rome") from None


def _read_layout(value: object) -> object:
    if isinstance(value, str) and value not in ("unix", "unix-ms") and not _LAYOUT.fullmatch(value):
        raise ValueError("unix, unix-ms, or a layout of %Y %y %m %d %j %H %M %S %f %z")
    return value


def _read_type(value: object) -> object:
    name = TYPE_DOMAIN + value.removeprefix(TYPE_DOMAIN) if isinstance(value, str) else ""
    if name not in _MAPPABLE:
        raise ValueError(f"one of {', '.join(each.removeprefix(TYPE_DOMAIN) for each in _MAPPABLE)}")
    return name


PointerField = Annotated[Pointer, PlainValidator(_read_pointer)]
ZoneField = Annotated[ZoneInfo, PlainValidator(_read_zone)]
LayoutField = Annotated[str, MinLen(1), MaxLen(64), BeforeValidator(_read_layout)]
Scalar = Annotated[str, MaxLen(256)] | StrictBool | Annotated[int, Ge(-(10**15)), Le(10**15)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class Const(_Form):
    """A fixed value."""

    const: Scalar


class Index(_Form):
    """The position in the nearest `each`, counted from `index`."""

    index: Annotated[int, Ge(0), Le(1)]


class Taken(_Form):
    """What stands somewhere in the record: as it is, or as text, as a whole number of minor units, or by a table.

    `otherwise` is for when nothing stands there, or something that the table lacks.
    """

    pointer: PointerField
    text: StrictBool = False
    decimal: Annotated[int, Ge(0), Le(9)] | None = None
    mark: Literal[".", ","] = "."
    table: dict[str, Scalar] | None = None
    otherwise: Scalar | None = None

    @model_validator(mode="after")
    def _one_reading(self) -> Self:
        if self.text + (self.decimal is not None) + (self.table is not None) > 1:
            raise ValueError("only one of text, decimal and table")
        return self


class Moment(_Form):
    """An instant: text of one place, or of several with a blank between, in a layout and a zone."""

    pointer: PointerField | None = None
    pointers: Annotated[tuple[PointerField, ...], MinLen(1), MaxLen(4)] | None = None
    zone: ZoneField | None = None
    format: LayoutField | None = None

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, value: Any) -> Any:
        return _with_tuple(value, "pointers")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.pointer is None) == (self.pointers is None):
            raise ValueError("either pointer or pointers")
        return self

    @property
    def places(self) -> tuple[Pointer, ...]:
        """Where its parts stand."""
        return self.pointers or ((self.pointer,) if self.pointer else ())


@dataclass(frozen=True, slots=True)
class Each:
    """A list with an item for each one that stands in the record; pointers in `item` begin there."""

    each: Pointer
    item: Node


@dataclass(frozen=True, slots=True)
class Listed:
    """A list written out. An entry that takes from the record and finds nothing there is left out.

    `places` has the pointers of each entry.
    """

    entries: tuple[Node, ...]
    places: tuple[tuple[Pointer, ...], ...]


@dataclass(frozen=True, slots=True)
class Named:
    """An object, field by field."""

    fields: Mapping[str, Node]


Node = Const | Index | Taken | Moment | Each | Listed | Named


class Condition(_Form):
    """What a record has to say, in itself or in a header, for a mapping to be meant for it."""

    pointer: PointerField | None = None
    header: Annotated[str, MinLen(1), MaxLen(128)] | None = None
    equals: Scalar

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.pointer is None) == (self.header is None):
            raise ValueError("either pointer or header")
        return self


class Outline(_Form):
    """A mapping document before its trees are read."""

    match: Annotated[tuple[Condition, ...], MaxLen(8)] = ()
    type: Annotated[str, BeforeValidator(_read_type)]
    id: Any
    time: Any
    source: Annotated[tuple[PointerField, ...], MaxLen(8)] = ()
    group_by: Annotated[tuple[PointerField, ...], MaxLen(8)] = ()
    data: Any

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and isinstance(value.get("match"), Mapping):
            value = {**value, "match": (value["match"],)}
        return _with_tuple(_with_tuple(_with_tuple(value, "match"), "source"), "group_by")


def _with_tuple(value: Any, name: str) -> Any:
    """Let a list of JSON stand for a tuple, which strict models ask for."""
    if isinstance(value, Mapping) and isinstance(value.get(name), list):
        return {**value, name: tuple(value[name])}
    return value


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a mapping: where in its document, as a JSON Pointer, and what was expected."""

    path: str
    reason: str

    def __str__(self) -> str:
        """Write it as one line."""
        return f"{self.path or '/'}: {self.reason}"


class MappingInvalid(ValueError):
    """A mapping document is refused; `faults` names what is wrong with it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def faults_of(invalid: ValidationError, path: str = "") -> Iterator[Fault]:
    """Give the faults that pydantic found in a part of a document that begins at `path`."""
    for fault in invalid.errors(include_url=False, include_input=False):
        where = "".join(f"/{step}" for step in fault["loc"] if step not in ("str", "bool", "int", "constrained-str"))
        yield Fault(path + where, fault["msg"].removeprefix("Value error, "))


def read_node(value: object, path: str, faults: list[Fault], depth: int = 0) -> Node | None:
    """Read one tree of a document; what is wrong is added to `faults`, and then None may be returned."""
    if depth > _DEEPEST:
        faults.append(Fault(path, f"at most {_DEEPEST} levels"))
        return None
    if isinstance(value, list):
        entries = [read_node(entry, f"{path}/{at}", faults, depth + 1) for at, entry in enumerate(value)]
        kept = tuple(entry for entry in entries if entry is not None)
        return Listed(kept, tuple(tuple(_places(entry)) for entry in kept))
    if isinstance(value, Mapping) and "each" in value:
        return _read_each(value, path, faults, depth)
    if isinstance(value, Mapping) and not value.keys() & {"const", "index", "pointer", "pointers"}:
        read = {str(name): read_node(node, f"{path}/{name}", faults, depth + 1) for name, node in value.items()}
        return Named({name: node for name, node in read.items() if node is not None})
    return read_leaf(value, path, faults)


def _places(node: Node) -> Iterator[Pointer]:
    if isinstance(node, Taken):
        yield node.pointer
    elif isinstance(node, Moment):
        yield from node.places
    elif isinstance(node, Each):
        yield node.each
    elif isinstance(node, (Listed, Named)):
        for inner in node.entries if isinstance(node, Listed) else node.fields.values():
            yield from _places(inner)


def read_leaf(value: object, path: str, faults: list[Fault]) -> Const | Index | Taken | Moment | None:
    """Read one leaf; what is wrong is added to `faults`, and then None is returned."""
    keys = value.keys() if isinstance(value, Mapping) else set()
    form: type[Const | Index | Taken | Moment] = Taken
    if "const" in keys:
        form = Const
    elif "index" in keys:
        form = Index
    elif keys & {"pointers", "zone", "format"}:
        form = Moment
    try:
        return form.model_validate(value if keys else {"pointer": value})
    except ValidationError as invalid:
        faults.extend(faults_of(invalid, path) if keys else [Fault(path, next(faults_of(invalid)).reason)])
        return None


def _read_each(value: Mapping[str, object], path: str, faults: list[Fault], depth: int) -> Each | None:
    faults.extend(Fault(f"{path}/{name}", "no field of this name") for name in value.keys() - {"each", "item"})
    item = read_node(value.get("item"), f"{path}/item", faults, depth + 1)
    try:
        return Each(_read_pointer(value["each"]), item) if item is not None else None
    except ValueError as wrong:
        faults.append(Fault(f"{path}/each", str(wrong)))
        return None
