"""What differs between two programmes, field by field; campaigns and partners by id, whatever has a name by that.

The version number is not looked at, nor the order of campaigns, which means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from libs.promotions.programme import Programme

What = Literal["added", "removed", "changed"]
NAMED: Mapping[str, str] = {
    "campaigns": "id",
    "wallets": "name",
    "segments": "name",
    "experiments": "name",
    "partners": "id",
}
"""The lists of the document whose parts have names, and the field that holds it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: where (`campaigns[weekend].effect.percent`), and what stood and stands there, as JSON has it."""

    path: str
    what: What
    old: Any = None
    new: Any = None


def compare(old: Programme | None, new: Programme) -> tuple[Change, ...]:
    """Tell what a programme changes of another, in the order of the document; None is no programme at all."""
    return tuple(_compare("", {} if old is None else content(old), content(new)))


def content(programme: Programme) -> dict[str, Any]:
    """Return what a programme says, as its stored form has it, but for the number of its version."""
    return programme.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"version"})


def same(one: Programme | None, other: Programme) -> bool:
    """Tell whether two programmes say the same."""
    return one is not None and not compare(one, other)


def _compare(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in [*new, *(key for key in old if key not in new)]:
        place = f"{path}.{key}" if path else key
        if key in NAMED and not path:
            yield from _compare_named(key, old.get(key, []), new.get(key, []))
        else:
            yield from _compare_values(place, key in old, old.get(key), key in new, new.get(key))


def _compare_values(path: str, was: bool, old: Any, stays: bool, new: Any) -> Iterator[Change]:
    if not was or not stays:
        yield Change(path, "added" if stays else "removed", old, new)
    elif old != new:
        if isinstance(old, dict) and isinstance(new, dict) and old.get("kind") == new.get("kind"):
            yield from _compare(path, old, new)
        else:
            yield Change(path, "changed", old, new)


def _compare_named(key: str, old: list[Any], new: list[Any]) -> Iterator[Change]:
    name = NAMED[key]
    before, after = ({part[name]: part for part in parts} for parts in (old, new))
    for each, part in after.items():
        yield from _compare_values(f"{key}[{each}]", each in before, before.get(each), True, part)
    for each, part in before.items():
        if each not in after:
            yield Change(f"{key}[{each}]", "removed", part)
    if key == "wallets":
        # The first wallet is paid into by whatever names none.
        orders = [each for each in before if each in after], [each for each in after if each in before]
        if orders[0] != orders[1] or (before and next(iter(before)) != next(iter(after))):
            yield Change(key, "changed", list(before), list(after))
