"""A platform that no test wants any more is stopped: idle it takes a sixth of a processor.

Tests of the platform in 2017 run one after the other, before those of the other one.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from deploy.embedded.supervisor import stop_running
from tests.support.running import Platform

_WANTED = "platform_in_2017"
_PATIENCE = 60.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the tests of the platform in 2017 together."""
    items.sort(key=lambda item: not _wants(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """Stop it after the last of them; its fixture finds nothing left to stop."""
    yield
    if _wants(item) and not (nextitem is not None and _wants(nextitem)) and isinstance(item, pytest.Function):
        platform = item.funcargs.get(_WANTED)
        if isinstance(platform, Platform):
            stop_running(platform.data, _PATIENCE)


def _wants(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and _WANTED in item.fixturenames
