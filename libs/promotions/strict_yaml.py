"""YAML without its surprises, and where in a text each part of a document stands."""

from __future__ import annotations

import re
from typing import Any

import yaml

_CORE_SCALARS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:float"})
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


class StrictLoader(yaml.SafeLoader):
    """YAML without its surprises: only plain decimal integers, no timestamps, floats, anchors or repeated keys."""

    yaml_implicit_resolvers = {  # noqa: RUF012 the parent's own way
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _CORE_SCALARS]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse an alias: a few of them can stand for a document of any size."""
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(None, None, "anchors are not allowed", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Refuse a key that is written twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} appears twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))


def read_yaml(text: str) -> Any:
    """Read a document.

    Raises:
        yaml.YAMLError: it is not YAML, or has an anchor or a key twice.
    """
    return yaml.load(text, Loader=StrictLoader)  # noqa: S506 a SafeLoader made stricter


def line_of(text: str, path: str) -> int | None:
    """Tell the line, the first being 1, of a path such as `campaigns[3].effect.points`.

    Of what is missing it is the line of the nearest part around it; None where the text can't be read.
    """
    try:
        node = yaml.compose(text, Loader=StrictLoader)
    except yaml.YAMLError:
        return None
    if node is None:
        return None
    line: int = node.start_mark.line
    for name, index in _STEP.findall(path):
        found = _inside(node, name, index)
        if found is None:
            break
        line, node = found
    return line + 1


def _inside(node: Any, name: str, index: str) -> tuple[int, Any] | None:
    """The line at which a part begins (that of its key, in a mapping), and the part."""
    if isinstance(node, yaml.SequenceNode) and index and int(index) < len(node.value):
        item = node.value[int(index)]
        return item.start_mark.line, item
    if isinstance(node, yaml.MappingNode) and name:
        return next(((key.start_mark.line, value) for key, value in node.value if key.value == name), None)
    return None
