"""CEL behind our own small interface: compile a source once, then ask whether it holds.

Four traps of the engine are closed here. An evaluation error comes back as a *value* that is truthy: only a true
boolean counts as "holds". There are no decimals: only integers are declared. A typo must die at publish: every variable
has a type. And the engine bounds iterations, but not what one iteration builds: sources that could grow are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cel_expr_python import cel

SOURCE_LIMIT = 2_000
"""Characters of one expression."""

MAX_COMPREHENSIONS = 3
MANY_COMPREHENSIONS_SOURCE_LIMIT = 500
MAX_PLUS_BESIDE_COMPREHENSIONS = 8

Kind = Literal["int", "string", "bool", "strings", "records", "facts"]
"""What a variable holds; `facts` are texts, integers and booleans by name."""

_TYPES: dict[Kind, object] = {
    "int": cel.Type.INT,
    "string": cel.Type.STRING,
    "bool": cel.Type.BOOL,
    "strings": cel.Type.List(cel.Type.STRING),
    "records": cel.Type.List(cel.Type.Map(cel.Type.STRING, cel.Type.DYN)),
    "facts": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
}
_COMPREHENSION = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|map|filter)\s*\(")
_COMPILE_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_ENGINE_NOISE = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$")


class ExpressionInvalid(ValueError):
    """A source that can't be published: `line` and `column` (from 1; 0 when it is about the whole) and the reason."""

    def __init__(self, line: int, column: int, reason: str) -> None:
        super().__init__(f"{reason} (line {line}, column {column})" if line else reason)
        self.line = line
        self.column = column
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ExpressionFailed:
    """The expression could not be evaluated on this receipt: it pays nothing, and is counted and explained."""

    reason: str


EXHAUSTED = "Iteration budget exceeded"
"""Why an expression failed that took too many steps, in the engine's words."""


class Predicate:
    """A compiled expression. `names` are the declared variables that its source mentions, in declared order."""

    __slots__ = ("_program", "names", "source")

    def __init__(self, source: str, names: tuple[str, ...], program: cel.Expression) -> None:
        self.source = source
        self.names = names
        self._program = program

    def holds(self, variables: Mapping[str, object]) -> bool | ExpressionFailed:
        """Evaluate on `variables`, which must hold at least `names`. Never raises for what a rule or a receipt does."""
        result = _result(self._program, variables)
        if result is True or result is False:
            return result
        return result if isinstance(result, ExpressionFailed) else ExpressionFailed(_plain(str(result)))


class Number:
    """A compiled expression that yields a whole number; `names` as in `Predicate`."""

    __slots__ = ("_program", "names", "source")

    def __init__(self, source: str, names: tuple[str, ...], program: cel.Expression) -> None:
        self.source = source
        self.names = names
        self._program = program

    def value(self, variables: Mapping[str, object]) -> int | ExpressionFailed:
        """Evaluate on `variables`, which must hold at least `names`. Never raises for what a rule or a receipt does."""
        found = _result(self._program, variables)
        if isinstance(found, int) and not isinstance(found, bool):
            return found
        return found if isinstance(found, ExpressionFailed) else ExpressionFailed(_plain(str(found)))


class Expressions:
    """Compiles expressions over declared, typed variables."""

    def __init__(self, variables: Mapping[str, Kind]) -> None:
        self._env = cel.NewEnv(variables={name: _TYPES[kind] for name, kind in variables.items()})
        # A name that is mentioned only as a field or in a string is passed in vain; none that is needed is missed.
        self._mentions = {name: re.compile(rf"\b{re.escape(name)}\b") for name in variables}

    def compile(self, source: str) -> Predicate:
        """Compile a source that must yield a boolean.

        Raises:
            ExpressionInvalid: too long, could grow without bound, a syntax error, an unknown name, or a wrong type.
        """
        return Predicate(source, self.mentioned(source), self._program(source, cel.Type.BOOL, "true or false"))

    def compile_number(self, source: str) -> Number:
        """Compile a source that must yield a whole number.

        Raises:
            ExpressionInvalid: as `compile` does.
        """
        return Number(source, self.mentioned(source), self._program(source, cel.Type.INT, "a whole number"))

    def _program(self, source: str, wanted: object, words: str) -> cel.Expression:
        _refuse_growth(source)
        try:
            program = self._env.compile(source)
        except (RuntimeError, ValueError) as error:
            raise _invalid(str(error)) from None
        if program.return_type() != wanted:
            raise ExpressionInvalid(0, 0, f"must yield {words}, but yields {program.return_type().name()}")
        return program

    def mentioned(self, source: str) -> tuple[str, ...]:
        """Name the declared variables that a source mentions, in declared order, without compiling it."""
        return tuple(name for name, seen in self._mentions.items() if seen.search(source))


def _result(program: cel.Expression, variables: Mapping[str, object]) -> object:
    """Evaluate; an error that the engine gives back as a value is whatever it is, and no bool or int."""
    try:
        return program.eval(data=variables).value()
    except (RuntimeError, ValueError, TypeError, ArithmeticError, LookupError) as error:
        return ExpressionFailed(_plain(str(error)))


def _refuse_growth(source: str) -> None:
    """Each comprehension can multiply what the one before built, so their number and the material are bounded."""
    if len(source) > SOURCE_LIMIT:
        raise ExpressionInvalid(0, 0, f"{len(source)} characters; at most {SOURCE_LIMIT}")
    comprehensions = len(_COMPREHENSION.findall(source))
    if comprehensions > MAX_COMPREHENSIONS:
        raise ExpressionInvalid(0, 0, f"{comprehensions} comprehensions (all, exists, map, …); at most 3")
    if comprehensions == MAX_COMPREHENSIONS and len(source) > MANY_COMPREHENSIONS_SOURCE_LIMIT:
        raise ExpressionInvalid(0, 0, f"{len(source)} characters; at most 500 with three comprehensions")
    if comprehensions and source.count("+") > MAX_PLUS_BESIDE_COMPREHENSIONS:
        raise ExpressionInvalid(0, 0, f"{source.count('+')} plus signs; at most 8 beside a comprehension")


def _invalid(message: str) -> ExpressionInvalid:
    found = _COMPILE_ERROR.search(message)
    if found is None:
        return ExpressionInvalid(0, 0, _plain(message))
    return ExpressionInvalid(int(found[1]), int(found[2]), found[3].removesuffix(" (in container '')"))


def _plain(message: str) -> str:
    return _ENGINE_NOISE.sub("", message.splitlines()[0] if message else "no result")[:200]
