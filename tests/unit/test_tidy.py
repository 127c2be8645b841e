"""The house rules hold for every file of the tree, and each of them can fail."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import indent

import pytest

from tests.support.tidy import LONGEST_FUNCTION, LONGEST_MODULE, PYTHON_RULES, TEXT_RULES, Finding, Source, check

ROOT = Path(__file__).parents[2]
RULES = sorted({**PYTHON_RULES, **TEXT_RULES})
FOLDERS = (".ci", "cli", "deploy", "docs", "libs", "services", "tests")
SUFFIXES = {"", ".cfg", ".css", ".env", ".html", ".ini", ".json", ".md", ".py", ".sql", ".toml", ".txt", ".yaml"}


def sources() -> Iterator[Source]:
    """Read the tree; generated lock files are not prose and not ours."""
    files = [file for file in ROOT.iterdir() if file.is_file() and not file.name.startswith(".")]
    for folder in FOLDERS:
        files += [file for file in ROOT.joinpath(folder).rglob("*") if file.is_file()]
    for file in sorted(files):
        if file.suffix in SUFFIXES and "__pycache__" not in file.parts:
            yield Source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))


@cache
def findings() -> dict[str, list[Finding]]:
    """What each rule finds, for all of them file by file: the parsed files together take half a gigabyte."""
    found: dict[str, list[Finding]] = {rule: [] for rule in RULES}
    for source in sources():
        for rule in RULES:
            found[rule] += check(rule, source)
    return found


@pytest.mark.parametrize("rule", RULES)
def test_rule_holds(rule: str) -> None:
    assert not findings()[rule], "\n" + "\n".join(map(str, sorted(findings()[rule])))


def test_every_part_of_the_tree_is_read() -> None:
    read = list(sources())
    assert {"cli", "deploy", "libs", "services", "tests"} <= {source.folder for source in read if source.is_python}
    assert any(source.path.endswith(".sql") for source in read)


HEAD = '"""A module."""\n'
LONG_FUNCTION = "def f() -> None:\n" + "    pass\n" * LONGEST_FUNCTION
# Written in two halves, so that the rule does not find them here.
TRACKER = "# see iss" + "ue 12\n"
FOLDER = "# kept in /wo" + "rk/notes\n"
HOST = "pip install --index-u" + "rl http://mirror/x\n"

BAD = [
    ("vague-name", "libs/runtime/utils.py", HEAD),
    ("vague-name", "services/common/store.py", HEAD),
    ("vague-name", "tests/support/helpers.py", HEAD),
    ("impure-time", "libs/ledger/decide.py", "from datetime import datetime\nx = datetime.now()\n"),
    ("impure-time", "libs/ledger/decide.py", "import datetime as dt\nx = dt.datetime.now(dt.UTC)\n"),
    ("impure-time", "libs/runtime/consume.py", "import time\nx = time.time()\n"),
    ("impure-time", "libs/runtime/consume.py", "from time import time as wall\nx = wall()\n"),
    ("impure-time", "services/earning/domain.py", "from uuid import uuid4\nfield(default_factory=uuid4)\n"),
    ("impure-time", "services/earning/handlers.py", "import random\nx = random.random()\n"),
    ("impure-time", "services/earning/handlers.py", "from random import shuffle\nshuffle([])\n"),
    ("impure-time", "services/earning/handlers.py", "from datetime import date\nx = date.today()\n"),
    ("sql-in-python", "services/earning/store.py", 'QUERY = "SELECT 1"\n'),
    ("sql-in-python", "cli/verify.py", 'QUERY = f"""\n    WITH x AS ({1})"""\n'),
    ("sql-in-python", "deploy/embedded/roles.py", 'execute("create role pointstream login")\n'),
    ("sql-in-python", "libs/runtime/outbox.py", 'execute("delete from stream.outbox where seq < 1")\n'),
    ("server-clock", "services/earning/sql/queries.sql", "UPDATE x SET y = now();\n"),
    ("server-clock", "libs/runtime/sql/outbox.sql", "SELECT Current_Timestamp\n"),
    ("formatted-log", "libs/runtime/consume.py", 'log.info(f"applied {1}")\n'),
    ("formatted-log", "libs/runtime/consume.py", 'self._log.warning("halted %s" % 1)\n'),
    ("formatted-log", "libs/runtime/consume.py", 'logger.error("halted {}".format(1))\n'),
    ("formatted-log", "libs/runtime/consume.py", 'logging.log(10, "halted " + reason)\n'),
    ("docstring", "libs/runtime/consume.py", "x = 1\n"),
    ("length", "libs/runtime/consume.py", HEAD + "x = 1\n" * LONGEST_MODULE),
    ("length", "libs/runtime/consume.py", LONG_FUNCTION),
    (
        "length",
        "libs/runtime/consume.py",
        "class A:\n" + indent(LONG_FUNCTION, "    "),
    ),
    ("swallowed", "cli/main.py", "try:\n    f()\nexcept:\n    pass\n"),
    ("swallowed", "cli/main.py", "try:\n    f()\nexcept Exception as error:\n    log(error)\n"),
    ("swallowed", "cli/main.py", "try:\n    f()\nexcept Exception:  # noqa: BLE001\n    pass\n"),
    ("swallowed", "cli/main.py", "try:\n    f()\nexcept (OSError, BaseException):\n    pass\n"),
    ("swallowed", "cli/main.py", "try:\n    f()\nexcept Exception:\n    def g():\n        raise ValueError\n"),
    ("private-words", "libs/runtime/consume.py", TRACKER),
    ("private-words", "docs/architecture.md", FOLDER),
    ("private-words", "Makefile", HOST),
    ("ledger-imports", "libs/ledger/model.py", "import pydantic\n"),
    ("ledger-imports", "libs/ledger/model.py", "from libs.runtime.clock import Clock\n"),
    ("ledger-sql", "services/earning/handlers.py", "from libs.ledger import postgres\n"),
    ("ledger-sql", "libs/ledger/decide.py", "from libs.ledger.postgres import LedgerRows\n"),
]

GOOD = [
    ("vague-name", "libs/runtime/outbox.py", HEAD),
    ("impure-time", "libs/runtime/clock.py", "from datetime import datetime\nx = datetime.now()\n"),
    ("impure-time", "services/earning/app.py", "from uuid import uuid4\nx = uuid4()\n"),
    ("impure-time", "cli/up.py", "import time\nx = time.time()\n"),
    ("impure-time", "services/earning/handlers.py", "from datetime import datetime\nx = clock.now()\ny: datetime\n"),
    ("impure-time", "services/earning/handlers.py", "import time\nx = time.monotonic()\n"),
    ("sql-in-python", "tests/integration/test_store.py", 'QUERY = "SELECT 1"\n'),
    ("sql-in-python", "libs/runtime/sql.py", '"""Select the queries of a store from its file."""\nx = "With care"\n'),
    (
        "server-clock",
        "services/earning/sql/queries.sql",
        "UPDATE x SET y = $1; -- not now(): a driven clock\n",
    ),
    ("formatted-log", "libs/runtime/consume.py", 'log.info("batch.applied", receipts=1)\nraise ValueError(f"{1}")\n'),
    ("formatted-log", "services/earning/prices.py", "math.log(x + 1)\ncatalogue.info(f'{1}')\n"),
    ("docstring", "libs/runtime/consume.py", HEAD),
    ("length", "libs/runtime/consume.py", HEAD + "x = 1\n" * (LONGEST_MODULE - 1)),
    ("swallowed", "cli/main.py", "try:\n    f()\nexcept Exception:\n    if g():\n        raise\n"),
    ("swallowed", "cli/main.py", "try:\n    f()\nexcept (OSError, ValueError):\n    pass\n"),
    (
        "swallowed",
        "cli/main.py",
        "try:\n    f()\nexcept Exception:  # noqa: BLE001  nobody is left\n    pass\n",
    ),
    (
        "private-words",
        "docs/runbook.md",
        "An issue with 3 brokers; see https://kafka.apache.org/ and http://127.0.0.1:80/x.\n",
    ),
    ("ledger-imports", "libs/ledger/model.py", "import dataclasses\nfrom libs.ledger.zones import zone\n"),
    ("ledger-imports", "libs/ledger/postgres.py", "import asyncpg\n"),
    ("ledger-sql", "services/earning/store.py", "from libs.ledger import postgres\n"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD)
def test_rule_can_fail(rule: str, path: str, text: str) -> None:
    assert check(rule, Source(path, text))


@pytest.mark.parametrize(("rule", "path", "text"), GOOD)
def test_rule_leaves_good_code_alone(rule: str, path: str, text: str) -> None:
    assert not check(rule, Source(path, text))


def test_every_rule_is_seen_to_fail() -> None:
    assert {rule for rule, _, _ in BAD} == set(RULES)
