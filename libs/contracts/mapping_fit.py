"""Whether a mapping fits the event that it makes: a misspelt field dies when it is registered and not at the till."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from libs.contracts.mapping_language import Const, Each, Fault, Index, Listed, Moment, Named, Node, Scalar, Taken


def unfit(named: Named, model: type[BaseModel], path: str) -> Iterator[Fault]:
    """Give what does not fit a payload model: fields it lacks or does not know, and values it would refuse."""
    for name, node in named.fields.items():
        field = model.model_fields.get(name)
        if field is None:
            yield Fault(f"{path}/{name}", f"one of the fields {', '.join(model.model_fields)}")
        else:
            yield from _unfit(node, _whole(field), f"{path}/{name}")
    for name, field in model.model_fields.items():
        if field.is_required() and name not in named.fields:
            yield Fault(f"{path}/{name}", "the event needs this field")


def _unfit(node: Node, wanted: Any, path: str) -> Iterator[Fault]:
    kind = _kind(wanted)
    if isinstance(node, (Each, Listed)):
        if get_origin(kind) is not tuple:
            yield Fault(path, "a single value, not a list")
            return
        item = get_args(kind)[0]
        if isinstance(node, Each):
            yield from _unfit(node.item, item, f"{path}/item")
        else:
            for at, entry in enumerate(node.entries):
                yield from _unfit(entry, item, f"{path}/{at}")
    elif isinstance(node, Named):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from unfit(node, kind, path)
        elif get_origin(kind) is dict:
            key, value = get_args(kind)
            yield from _unfit_entries(node, key, value, path)
        else:
            yield Fault(path, "a list" if get_origin(kind) is tuple else "a value, or where to find it")
    elif not isinstance(node, (Index, Moment)):
        for value in _fixed(node):
            yield from _refused(value, wanted, path)


def _unfit_entries(named: Named, key: Any, value: Any, path: str) -> Iterator[Fault]:
    """Give what does not fit a field whose entries the sender names: their names, and what stands under them."""
    for name, node in named.fields.items():
        yield from _refused(name, key, f"{path}/{name}")
        yield from _unfit(node, value, f"{path}/{name}")


def _fixed(node: Const | Taken) -> Iterator[Scalar]:
    if isinstance(node, Const):
        yield node.const
        return
    yield from (node.table or {}).values()
    if node.otherwise is not None:
        yield node.otherwise


def _refused(value: Scalar, wanted: Any, path: str) -> Iterator[Fault]:
    try:
        TypeAdapter(wanted).validate_json(json.dumps(value), strict=True)
    except ValidationError as invalid:
        yield Fault(path, f"{json.dumps(value)} is no value of this field: {invalid.errors()[0]['msg']}")


def _whole(field: FieldInfo) -> Any:
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _kind(wanted: Any) -> Any:
    """Return what a field is, its rules and null set aside."""
    if get_origin(wanted) is Annotated:
        return _kind(get_args(wanted)[0])
    if get_origin(wanted) in (Union, UnionType):
        return _kind(next(choice for choice in get_args(wanted) if choice is not NoneType))
    return wanted
