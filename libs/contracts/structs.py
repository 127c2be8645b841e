"""Fast twins of the pydantic models: msgspec structs derived from the same annotations, field by field.

The derivation knows every rule that a payload may use and refuses any other, so that a rule added to a model can't be
lost on the fast path. Rules without a counterpart in msgspec are kept elsewhere: the instants of a payload in
`__post_init__`, the envelope's own in `checked_envelope`, and the character U+0000 in `codec`, before decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec
from annotated_types import Ge, GroupedMetadata, Le, MaxLen, MinLen
from pydantic import BaseModel, FailFast, WithJsonSchema
from pydantic.fields import FieldInfo

from libs.contracts.envelope import ROOTED
from libs.contracts.primitives import EARLIEST_YEAR, INSTANT, LATEST_YEAR, NO_NUL, as_utc
from libs.contracts.registry import EVENTS

_KEPT_ELSEWHERE = (NO_NUL, ROOTED, INSTANT)
_SINGLETONS = (None, (), True, False)


@cache
def data_struct(model: type[BaseModel]) -> type[msgspec.Struct]:
    """Return the struct with the fields of a payload model, in their order.

    Raises:
        TypeError: the model uses a type or a rule that has no twin here yet.
    """
    return _struct(model, f"{model.__name__}Struct", {"__post_init__": _normaliser(_instants(model))})


@cache
def event_struct(event_type: str) -> type[msgspec.Struct]:
    """Return the struct of a whole event: the envelope's fields, the constant `type`, and `data`.

    Raises:
        KeyError: the type is not ours.
        TypeError: as `data_struct`.
    """
    contract = EVENTS[event_type]
    name = contract.model.__name__ + "Event"
    namespace = {"type": event_type}
    extra = (("data", data_struct(contract.model)),)
    return _struct(contract.envelope, name, namespace, extra=extra, tag_field="type", tag=event_type)


class NoEvent(msgspec.Struct, frozen=True, tag_field="type", tag=""):
    """Stands beside an event in a union to make `type` obligatory: alone, msgspec takes a struct without its tag."""

    def __post_init__(self) -> None:
        """Refuse to exist.

        Raises:
            ValueError: always.
        """
        raise ValueError("no event")


def to_struct(value: Any) -> Any:
    """Return what the fast decoder would have made of a validated pydantic value."""
    if isinstance(value, BaseModel):
        return _filled(data_struct(type(value)), value)
    if isinstance(value, tuple):
        return tuple(map(to_struct, value))
    return value


def to_event(event_type: str, model: BaseModel) -> Any:
    """Return what the fast decoder would have made of a validated pydantic event."""
    return _filled(event_struct(event_type), model)


def _filled(struct: type[msgspec.Struct], model: BaseModel) -> msgspec.Struct:
    return struct(**{name: to_struct(getattr(model, name)) for name in struct.__struct_fields__})


def _struct(
    model: type[BaseModel],
    name: str,
    namespace: dict[str, Any],
    *,
    extra: Iterable[tuple[str, Any]] = (),
    tag_field: str | None = None,
    tag: str | None = None,
) -> type[msgspec.Struct]:
    fields = [_field(field_name, field) for field_name, field in model.model_fields.items()]
    return msgspec.defstruct(
        name,
        [*fields, *extra],
        namespace={key: value for key, value in namespace.items() if value is not None},
        module=__name__,
        tag_field=tag_field,
        tag=tag,
        frozen=True,
        kw_only=True,
        # Frozen and made of primitives, tuples and other such structs: no reference cycle is possible.
        gc=False,
        # So that an optional field added later doesn't change the canonical form of an event that lacks it.
        omit_defaults=True,
    )


def _field(name: str, field: FieldInfo) -> tuple[str, Any] | tuple[str, Any, Any]:
    twin = _twin(field.annotation, field.metadata)
    if field.is_required():
        return name, twin
    default = field.get_default(call_default_factory=False)
    if field.default_factory is not None or isinstance(default, (list, dict, set)):
        raise TypeError(f"{name}: a default has to be a constant")
    if any(default is singleton for singleton in _SINGLETONS):
        return name, twin, default
    # msgspec omits a default by identity, so that "store" would be written or not depending on whether the sender wrote
    # it out. From a factory it's always written.
    return name, twin, msgspec.field(default_factory=lambda: default)


def _twin(annotation: Any, metadata: Iterable[Any] = ()) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _twin(arguments[0], (*arguments[1:], *metadata))
    if origin in (Union, UnionType):
        return Union[tuple(map(_twin, arguments))]  # noqa: UP007 - made from a list
    rules = dict(_rules(metadata))
    if annotation is datetime:
        if INSTANT not in metadata:
            raise TypeError("a date-time has to be an Instant")
        return Annotated[datetime, msgspec.Meta(tz=True)]
    if origin is dict or (origin is tuple and arguments[1:] == (...,)):
        inner = tuple(each if each is ... else _twin(each) for each in arguments)
        return _limited(origin[inner], rules)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return data_struct(annotation)
    if annotation in (str, int, bool, UUID, NoneType) or origin is Literal:
        return _limited(annotation, rules)
    raise TypeError(f"{annotation!r} has no fast twin yet")


def _limited(twin: Any, rules: dict[str, Any]) -> Any:
    return Annotated[twin, msgspec.Meta(**rules)] if rules else twin


def _rules(metadata: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for item in metadata:
        match item:
            case MinLen(min_length=limit):
                yield "min_length", limit
            case MaxLen(max_length=limit):
                yield "max_length", limit
            case Ge(ge=limit):
                yield "ge", limit
            case Le(le=limit):
                yield "le", limit
            case FailFast() | WithJsonSchema() | FieldInfo():
                pass  # they refuse nothing
            case GroupedMetadata():
                yield from _rules(item)
            case _ if item in _KEPT_ELSEWHERE:
                pass
            case _ if {key for key, value in vars(item).items() if value is not None} == {"pattern"}:
                yield "pattern", _python_pattern(item.pattern)
            case _:
                raise TypeError(f"{item!r} has no fast twin yet")


def _python_pattern(pattern: str) -> str:
    """Return a pattern that means in Python what it means in JSON Schema and to pydantic, where `$` is the very end."""
    if "\\" in pattern:
        raise TypeError(f"{pattern}: classes such as \\d differ between engines, write them out")
    return pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern


def _instants(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name, field in model.model_fields.items() if _holds_instant(field.annotation))


def _holds_instant(annotation: Any) -> bool:
    return annotation is datetime or any(map(_holds_instant, get_args(annotation)))


def _normaliser(instants: tuple[str, ...]) -> Callable[[Any], None] | None:
    """Make the hook that brings the instants of a struct to UTC; none for a struct without."""
    if not instants:
        return None

    def normalise(struct: Any) -> None:
        for name in instants:
            moment = getattr(struct, name)
            if moment is not None:
                _bring_to_utc(struct, name, moment)

    return normalise


def _bring_to_utc(struct: Any, name: str, moment: datetime) -> None:
    if moment.tzinfo is not UTC or not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        msgspec.structs.force_setattr(struct, name, as_utc(moment))


def checked_envelope(event: Any) -> Any:
    """Apply the two rules of the envelope that msgspec has no word for, and return the event with its time in UTC.

    Called by the decoder rather than from `__post_init__`, which would cost every receipt a call.

    Raises:
        ValueError: the source is relative, or the time lies outside the years that we accept.
    """
    if event.source[0] != "/":
        raise ValueError("relative source")
    _bring_to_utc(event, "time", event.time)
    return event
