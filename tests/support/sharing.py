"""Which tests run in one process when several share the work (`pytest -n 2`).

The tests of a folder below `tests/e2e` meet one running platform, so they stay together; other tests stay with those of
their file, which may share what their modules set up. Every process has a PostgreSQL and a Kafka of its own.
"""

from __future__ import annotations

import pytest

_TOGETHER = "tests/e2e/"


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name the group of each test; without several processes it says nothing."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(_TOGETHER if file.startswith(_TOGETHER) else file))
