"""House rules that no linter knows, as functions from a source file to what is wrong with it.

Each rule guards against something that is easy to let in and hard to get out again; `RULES` says why. A rule sees one
file at a time and uses only the standard library, so that the whole tree is read in less than a second.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60

_VAGUE = {"util", "utils", "common", "helper", "helpers", "misc", "shared", "tools"}

_IMPURE = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid.uuid6",
    "uuid.uuid7",
}
_COMPOSITION_ROOTS = {"app.py", "__main__.py"}
_COMPOSITION_FOLDERS = {"cli", "deploy", "tests"}
_CLOCK = "libs/runtime/clock.py"
_LEDGER_SQL = "libs/ledger/postgres.py"
_LEDGER_IMPORTS = sys.stdlib_module_names | {"msgspec"}
_MIGRATOR = "libs/runtime/sql/migrate.sql"  # notes when the machine changed its schema, which is nobody's business time

_SQL_SHOUTED = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP)\s")
_SQL_WHISPERED = re.compile(
    r"^\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s"
    r"|(create|alter|drop)\s+(table|index|view|role|user|database|schema|function|policy)\s)",
    re.IGNORECASE | re.DOTALL,
)
_SERVER_CLOCK = re.compile(
    r"\b(now\(\)|current_timestamp|current_date|localtimestamp|[a-z]+_timestamp\(\))",
    re.IGNORECASE,
)

_LEVELS = {"debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"}
_LOGGER = re.compile(r"^_?(log|logger|logging)$")

# What belongs to whoever wrote the file, and to nobody who reads it. The machine's folders are matched by their shape.
_PRIVATE_WORDS = re.compile(
    r"\bissues?\s+#?\d+\b"
    r"|(?<![\w./*])/(work|root|home/\w+|tmp/(spec|probe|bash_jobs))/"
    r"|\b(extra-)?index-url\s*[= ]\s*http|\btrusted-host\b|/simple/?['\"\s]"
    r"|\bregistry\.\w+\.\w+"
    r"|\bH-[a-z]{4,}\b"
)


@dataclass(frozen=True)
class Source:
    """One file of the tree: its path from the root, and its text."""

    path: str
    text: str

    @property
    def is_python(self) -> bool:
        """Whether the file is a Python module."""
        return self.path.endswith(".py")

    @property
    def folder(self) -> str:
        """The first folder of the path; empty for a file in the root."""
        return self.path.split("/")[0] if "/" in self.path else ""

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed module."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the module."""
        return list(ast.walk(self.tree))

    @cached_property
    def imported(self) -> dict[str, str]:
        """Local name to what it was imported from: `{"dt": "datetime", "uuid4": "uuid.uuid4"}`."""
        names: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                names.update({alias.asname or alias.name.split(".")[0]: alias.name for alias in node.names})
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
        return names

    def qualified(self, node: ast.expr) -> str:
        """Return what a name or a dotted name stands for; empty when it was not imported."""
        if isinstance(node, ast.Attribute):
            owner = self.qualified(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return self.imported.get(node.id, "") if isinstance(node, ast.Name) else ""


@dataclass(frozen=True, order=True)
class Finding:
    """What is wrong, and where."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        """Write it as compilers do, so that an editor can jump to it."""
        return f"{self.path}:{self.line}: {self.message}"


Rule = Callable[[Source], Iterator[Finding]]


def vague_name(source: Source) -> Iterator[Finding]:
    """A module or folder is named after its idea."""
    path = PurePosixPath(source.path)
    for part in (*path.parts[:-1], path.stem):
        if part.lower() in _VAGUE:
            yield Finding(source.path, 1, f"{part!r} says nothing; name it after its idea")


def impure_time(source: Source) -> Iterator[Finding]:
    """Time, fresh ids and chance come from outside."""
    path = PurePosixPath(source.path)
    if source.path == _CLOCK or path.name in _COMPOSITION_ROOTS or source.folder in _COMPOSITION_FOLDERS:
        return
    for node in source.nodes:
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        name = source.qualified(node)
        if name in _IMPURE or name.startswith("random."):
            yield Finding(source.path, node.lineno, f"{name}: take a clock, an id or a random source as an argument")


def sql_in_python(source: Source) -> Iterator[Finding]:
    """SQL lives in `.sql` files."""
    if source.folder == "tests":
        return
    prose = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
    for node in source.nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in prose:
            continue
        if _SQL_SHOUTED.match(node.value) or _SQL_WHISPERED.match(node.value):
            yield Finding(source.path, node.lineno, "SQL in Python; make it a named query in a .sql file")


def server_clock(source: Source) -> Iterator[Finding]:
    """A query gets the time as an argument."""
    if not source.path.endswith(".sql") or source.folder == "tests" or source.path == _MIGRATOR:
        return
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := _SERVER_CLOCK.search(line.split("--")[0]):
            yield Finding(source.path, number, f"{found[0]}: pass the instant as an argument")


def _is_formatted(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod | ast.Add) and (_is_formatted(node.left) or _is_text(node.left))
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "format" and _is_text(node.func.value)
    return isinstance(node, ast.JoinedStr)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def formatted_log(source: Source) -> Iterator[Finding]:
    """A log event is a constant name with fields."""
    for node in source.nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in _LEVELS:
            continue
        owner = node.func.value
        name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
        if _LOGGER.match(name) and any(_is_formatted(argument) for argument in node.args):
            yield Finding(source.path, node.lineno, "a formatted log message; log a constant event with fields")


def docstring(source: Source) -> Iterator[Finding]:
    """Every module says what it is for."""
    if not ast.get_docstring(source.tree):
        yield Finding(source.path, 1, "the module has no docstring")


def length(source: Source) -> Iterator[Finding]:
    """Modules hold one idea, functions fit on a screen."""
    lines = source.text.count("\n")
    if lines > LONGEST_MODULE:
        yield Finding(source.path, 1, f"{lines} lines; a module has at most {LONGEST_MODULE}")
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                message = f"{node.name} has {lines} lines; a function has at most {LONGEST_FUNCTION}"
                yield Finding(source.path, node.lineno, message)


_REASONED = re.compile(r"# noqa: BLE001\s+\S+")  # ruff asks for the mark, we ask for the reason
_EVERYTHING = {"Exception", "BaseException"}


def _catches_all(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(one is None or (isinstance(one, ast.Name) and one.id in _EVERYTHING) for one in caught)


def _raises(statements: list[ast.stmt]) -> bool:
    for statement in statements:
        if isinstance(statement, ast.Raise):
            return True
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        inner = [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt)]
        if _raises(inner):
            return True
    return False


def swallowed(source: Source) -> Iterator[Finding]:
    """Whoever catches everything raises it again, or says beside it why this is the last place that can."""
    lines = source.text.splitlines()
    for node in source.nodes:
        if not isinstance(node, ast.ExceptHandler) or not _catches_all(node) or _raises(node.body):
            continue
        if not _REASONED.search(lines[node.lineno - 1]):
            yield Finding(source.path, node.lineno, "catches everything; name the exceptions, or raise again")


def private_words(source: Source) -> Iterator[Finding]:
    """A file speaks to its readers, who know neither our tracker nor our machines."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := _PRIVATE_WORDS.search(line):
            yield Finding(source.path, number, f"{found[0].strip()!r} means nothing to a reader of this repository")


def _imports(source: Source) -> Iterator[tuple[int, str]]:
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def ledger_imports(source: Source) -> Iterator[Finding]:
    """The pure ledger stands on the standard library and on structs alone."""
    if not source.path.startswith("libs/ledger/") or source.path == _LEDGER_SQL:
        return
    for line, name in _imports(source):
        if name.split(".")[0] not in _LEDGER_IMPORTS and not name.startswith("libs.ledger."):
            yield Finding(source.path, line, f"imports {name}; the ledger needs nothing but Python and structs")


def ledger_sql(source: Source) -> Iterator[Finding]:
    """Rows of the ledger are read and written in stores, and checked by the command."""
    path = PurePosixPath(source.path)
    if path.name.endswith("store.py") or source.folder in {"cli", "tests"} or source.path == _LEDGER_SQL:
        return
    for line, name in _imports(source):
        if name.startswith("libs.ledger.postgres"):
            yield Finding(source.path, line, "only a store imports libs.ledger.postgres")


PYTHON_RULES: dict[str, Rule] = {
    "docstring": docstring,
    "formatted-log": formatted_log,
    "impure-time": impure_time,
    "ledger-imports": ledger_imports,
    "ledger-sql": ledger_sql,
    "length": length,
    "sql-in-python": sql_in_python,
    "swallowed": swallowed,
}
TEXT_RULES: dict[str, Rule] = {
    "private-words": private_words,
    "server-clock": server_clock,
    "vague-name": vague_name,
}


def check(rule: str, source: Source) -> list[Finding]:
    """Return what one rule has to say about one file."""
    if rule in TEXT_RULES:
        return list(TEXT_RULES[rule](source))
    return list(PYTHON_RULES[rule](source)) if source.is_python else []
