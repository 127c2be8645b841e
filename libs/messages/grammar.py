"""What a template may say: a small part of Jinja2, in which every expression has a type.

Only what is listed here gets through, and the sandbox stands behind it: no calls, no assignments, no imports, no
arithmetic, and no loop but over a list that the message tells, whose length is limited. A template that gets through
fails at no value that fits its variables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import nodes

from libs.design.faults import Fault
from libs.language import wording
from libs.messages.values import FIELDS, Declared

Kind = Literal["text", "flag", "number", "points", "money", "day", "moment", "url", "names", "proposals", "proposal"]

DEEPEST_LOOP = 2

_SHOWN = frozenset(("text", "number", "points", "money", "day", "moment", "url"))
_ORDERED = frozenset(("number", "day"))
_LOOP: Mapping[str, Kind] = {"index": "number", "length": "number", "first": "flag", "last": "flag"}
_ITEMS: Mapping[str, Kind] = {"names": "text", "proposals": "proposal"}
_FILTERS: Mapping[str, tuple[frozenset[str], Kind]] = {
    "plural": (frozenset(("number", "points")), "text"),
    "all_of": (frozenset(("names",)), "text"),
    "one_of": (frozenset(("names",)), "text"),
    "upper": (frozenset(("text",)), "text"),
    "day_of_year": (frozenset(("day",)), "text"),
    "weekday": (frozenset(("day",)), "text"),
}

FILTERS = tuple(_FILTERS)


@dataclass(frozen=True, slots=True)
class _Typed:
    kind: Kind
    optional: bool = False
    path: str = ""


_Scope = Mapping[str, _Typed]


class _Wrong(Exception):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a template found: its faults, and the kinds of what it writes out, one by one in its order."""

    faults: tuple[Fault, ...]
    kinds: tuple[Kind, ...]


def read(template: nodes.Template, declared: Declared, language: str, part: str) -> Read:
    """Read a parsed template against its variables; `part` is how faults name it."""
    scope = {name: _Typed(variable.type, variable.optional, name) for name, variable in declared.items()}
    reader = _Reader(language, part)
    faults = tuple(reader.block(template.body, scope, frozenset(), 0))
    return Read(faults, tuple(reader.kinds))


class _Reader:
    def __init__(self, language: str, part: str) -> None:
        self._language = language
        self._part = part
        self.kinds: list[Kind] = []
        self._ways: dict[type[nodes.Node], Callable[[Any, _Scope, frozenset[str]], _Typed]] = {
            nodes.Const: lambda node, scope, sure: _Typed(_kind_of(node)),
            nodes.Name: self._named,
            nodes.Getattr: self._field,
            nodes.Filter: self._filtered,
            nodes.And: self._either,
            nodes.Or: self._either,
            nodes.Not: self._not,
            nodes.Compare: self._compared,
            nodes.CondExpr: self._chosen,
        }

    def block(self, body: list[nodes.Node], scope: _Scope, sure: frozenset[str], depth: int) -> Iterator[Fault]:
        for node in body:
            try:
                yield from self._statement(node, scope, sure, depth)
            except _Wrong as wrong:
                yield Fault(f"{self._part}:{wrong.line}", wrong.reason)

    def _statement(self, node: nodes.Node, scope: _Scope, sure: frozenset[str], depth: int) -> Iterator[Fault]:
        match node:
            case nodes.Output():
                yield from self._shown(node, scope, sure)
            case nodes.If():
                self._typed(node.test, scope, sure)
                yield from self.block(node.body, scope, sure | _known(node.test), depth)
                without = sure | _known_otherwise(node.test)
                for branch in node.elif_:
                    self._typed(branch.test, scope, without)
                    yield from self.block(branch.body, scope, without | _known(branch.test), depth)
                    without |= _known_otherwise(branch.test)
                yield from self.block(node.else_, scope, without, depth)
            case nodes.For():
                yield from self._loop(node, scope, sure, depth)
            case _:
                raise _Wrong(node.lineno, f"a template can't have {_name_of(node)}")

    def _shown(self, node: nodes.Output, scope: _Scope, sure: frozenset[str]) -> Iterator[Fault]:
        for each in node.nodes:
            if isinstance(each, nodes.TemplateData):
                continue
            try:
                self._show(each, scope, sure)
            except _Wrong as wrong:
                yield Fault(f"{self._part}:{wrong.line}", wrong.reason)

    def _show(self, node: nodes.Expr, scope: _Scope, sure: frozenset[str]) -> None:
        self.kinds.append("text")
        typed = self._typed(node, scope, sure)
        self.kinds[-1] = typed.kind
        if typed.optional:
            what = f"{typed.path!r}" if typed.path else "this"
            raise _Wrong(node.lineno, f"{what} may be unknown: ask for it by if, or say what else by or")
        if typed.kind not in _SHOWN:
            raise _Wrong(node.lineno, f"{typed.kind} can't be written; {_instead(typed.kind)}")

    def _loop(self, node: nodes.For, scope: _Scope, sure: frozenset[str], depth: int) -> Iterator[Fault]:
        if depth >= DEEPEST_LOOP:
            raise _Wrong(node.lineno, f"loops lie in each other at most {DEEPEST_LOOP} deep")
        if node.recursive or node.test or not isinstance(node.target, nodes.Name):
            raise _Wrong(node.lineno, "a loop is written: for item in list")
        typed = self._typed(node.iter, scope, sure)
        if typed.optional or typed.kind not in _ITEMS:
            raise _Wrong(node.lineno, "a loop goes over names or proposals")
        name = node.target.name
        if name in scope or name == "loop":
            raise _Wrong(node.lineno, f"{name!r} means something else already")
        inner = {**scope, name: _Typed(_ITEMS[typed.kind], path=name), "loop": _Typed("flag", path="loop")}
        yield from self.block(node.body, inner, sure, depth + 1)
        yield from self.block(node.else_, scope, sure, depth)

    def _typed(self, node: nodes.Node, scope: _Scope, sure: frozenset[str]) -> _Typed:
        if (way := self._ways.get(type(node))) is None:
            raise _Wrong(node.lineno, f"a template can't have {_name_of(node)}")
        return way(node, scope, sure)

    def _named(self, node: nodes.Name, scope: _Scope, sure: frozenset[str]) -> _Typed:
        if node.name not in scope:
            raise _Wrong(node.lineno, f"{node.name!r} is no variable of this message: {', '.join(sorted(scope))}")
        return _surely(scope[node.name], sure)

    def _not(self, node: nodes.Not, scope: _Scope, sure: frozenset[str]) -> _Typed:
        self._typed(node.node, scope, sure)
        return _Typed("flag")

    def _field(self, node: nodes.Getattr, scope: _Scope, sure: frozenset[str]) -> _Typed:
        if isinstance(node.node, nodes.Name) and node.node.name == "loop" in scope and node.attr in _LOOP:
            return _Typed(_LOOP[node.attr])
        owner = self._typed(node.node, scope, sure)
        if owner.kind != "proposal" or node.attr not in FIELDS:
            raise _Wrong(node.lineno, f"{owner.kind} has no field {node.attr!r}")
        kind, optional = FIELDS[node.attr]
        return _surely(_Typed(kind, optional, f"{owner.path}.{node.attr}"), sure)

    def _filtered(self, node: nodes.Filter, scope: _Scope, sure: frozenset[str]) -> _Typed:
        if node.name not in _FILTERS or node.node is None or node.args or node.dyn_args or node.dyn_kwargs:
            raise _Wrong(node.lineno, f"a template can't have the filter {node.name!r} so: {', '.join(FILTERS)}")
        taken, kind = _FILTERS[node.name]
        typed = self._typed(node.node, scope, sure)
        if typed.optional:
            raise _Wrong(node.lineno, f"{typed.path!r} may be unknown: ask for it by if")
        if typed.kind not in taken:
            raise _Wrong(node.lineno, f"{node.name} takes {' or '.join(sorted(taken))}, and this is {typed.kind}")
        if node.name == "plural":
            self._plurals(node)
        elif node.kwargs:
            raise _Wrong(node.lineno, f"{node.name} takes nothing more")
        return _Typed(kind)

    def _plurals(self, node: nodes.Filter) -> None:
        given = {pair.key: pair.value for pair in node.kwargs}
        for key, value in given.items():
            if not isinstance(value, nodes.Const) or not isinstance(value.value, str):
                raise _Wrong(node.lineno, f"plural takes texts, and {key} is none")
        needed = wording.plural_categories(self._language)
        if set(given) != needed:
            raise _Wrong(node.lineno, f"plural takes {', '.join(sorted(needed))} in this language")

    def _either(self, node: nodes.And | nodes.Or, scope: _Scope, sure: frozenset[str]) -> _Typed:
        left = self._typed(node.left, scope, sure)
        if isinstance(node, nodes.And):
            self._typed(node.right, scope, sure | _known(node.left))
            return _Typed("flag")
        right = self._typed(node.right, scope, sure | _known_otherwise(node.left))
        return _Typed(left.kind, right.optional, right.path) if left.kind == right.kind else _Typed("flag")

    def _compared(self, node: nodes.Compare, scope: _Scope, sure: frozenset[str]) -> _Typed:
        if len(node.ops) != 1:
            raise _Wrong(node.lineno, "compare two values at a time")
        left = self._typed(node.expr, scope, sure)
        right = self._typed(node.ops[0].expr, scope, sure)
        match node.ops[0].op:
            case "in" | "notin":
                fits = right.kind == "names" and left.kind == "text"
            case "eq" | "ne":
                fits = left.kind == right.kind
            case _:
                fits = left.kind == right.kind and left.kind in _ORDERED and not (left.optional or right.optional)
        if not fits:
            raise _Wrong(node.lineno, f"{left.kind} and {right.kind} can't be compared so")
        return _Typed("flag")

    def _chosen(self, node: nodes.CondExpr, scope: _Scope, sure: frozenset[str]) -> _Typed:
        if node.expr2 is None:
            raise _Wrong(node.lineno, "say what else: a if b else c")
        self._typed(node.test, scope, sure)
        first = self._typed(node.expr1, scope, sure | _known(node.test))
        second = self._typed(node.expr2, scope, sure | _known_otherwise(node.test))
        if first.kind != second.kind:
            raise _Wrong(node.lineno, f"this is {first.kind} or {second.kind}, and must be one of them")
        return _Typed(first.kind, first.optional or second.optional, first.path if first.optional else second.path)


def _surely(typed: _Typed, sure: frozenset[str]) -> _Typed:
    return _Typed(typed.kind, path=typed.path) if typed.path in sure else typed


def _path_of(node: nodes.Node) -> str:
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr(node=nodes.Name()):
            return f"{node.node.name}.{node.attr}"  # type: ignore[attr-defined]  # the pattern has just said that it is a name
    return ""


def _known(test: nodes.Node) -> frozenset[str]:
    """What is known where a condition holds."""
    match test:
        case nodes.And():
            return _known(test.left) | _known(test.right)
        case nodes.Not():
            return _known_otherwise(test.node)
    return frozenset((_path_of(test),))


def _known_otherwise(test: nodes.Node) -> frozenset[str]:
    """What is known where a condition does not hold."""
    match test:
        case nodes.Or():
            return _known_otherwise(test.left) | _known_otherwise(test.right)
        case nodes.Not():
            return _known(test.node)
    return frozenset()


def _kind_of(node: nodes.Const) -> Kind:
    if isinstance(node.value, bool):
        return "flag"
    if isinstance(node.value, int):
        return "number"
    if isinstance(node.value, str):
        return "text"
    raise _Wrong(node.lineno, "a constant is a text, a whole number, true or false")


_INSTEAD: Mapping[str, str] = {
    "names": "write it by all_of or one_of, or go over it by for",
    "proposals": "go over it by for",
    "proposal": "write its title, text, price, points, image or link",
    "flag": "ask for it by if",
}


def _instead(kind: str) -> str:
    return _INSTEAD[kind]


def _name_of(node: nodes.Node) -> str:
    return repr(type(node).__name__.lower())
