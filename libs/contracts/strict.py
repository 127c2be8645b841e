"""Strict twins of the models: what a producer is held to in tests, where a field that nobody declared is a mistake."""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, create_model

from libs.contracts.registry import event_model


@cache
def strict_twin(model: type[BaseModel]) -> type[BaseModel]:
    """Return the same model, and the same models inside it, with unknown fields forbidden."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        copy = field._copy()
        copy.annotation = _strict(field.annotation)
        fields[name] = (copy.annotation, copy)
    return create_model(
        f"Strict{model.__name__}", __config__=ConfigDict(**{**model.model_config, "extra": "forbid"}), **fields
    )


def strict_event(event_type: str) -> type[BaseModel]:
    """Return the strict twin of a whole event, envelope and data.

    Raises:
        KeyError: the type is not ours.
    """
    return strict_twin(event_model(event_type))


def _strict(annotation: Any) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[(_strict(arguments[0]), *arguments[1:])]
    if origin is tuple:
        items: Any = tuple(map(_strict, arguments))
        return tuple[items]
    if origin in (Union, UnionType):
        return Union[tuple(map(_strict, arguments))]  # noqa: UP007 - made from a list
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return strict_twin(annotation)
    return annotation
