"""Named queries: all SQL lives in `.sql` files beside the store that calls it."""

from __future__ import annotations

import re
from importlib import resources

_NAME = re.compile(r"^-- name: *(\w+) *$", re.MULTILINE)


def load(package: str, resource: str = "queries.sql") -> dict[str, str]:
    """Read `resource` from the `sql` folder of `package` and return its queries by name.

    A query begins with a line `-- name: query_name`; the comment lines that follow travel with it to the server, where
    they help whoever reads `pg_stat_activity`.

    Raises:
        ValueError: text stands before the first name, or a name stands twice.
    """
    text = resources.files(package).joinpath("sql", resource).read_text(encoding="utf-8")
    parts = _NAME.split(text)
    if parts[0].strip() and any(not line.startswith("--") for line in parts[0].strip().splitlines()):
        raise ValueError(f"{package}/sql/{resource}: SQL before the first '-- name:' line")
    names, bodies = parts[1::2], parts[2::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{package}/sql/{resource}: a query name stands twice")
    return {name: body.strip().rstrip(";") for name, body in zip(names, bodies, strict=True)}
