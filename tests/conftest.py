"""Fixtures for every test; each module of `tests/support` that brings some is loaded here as a plug-in."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import structlog

# Modules of the folder import one another, and an assertion is explained only where it was rewritten before the import.
pytest.register_assert_rewrite("tests.support")

_SUPPORT = Path(__file__).parent / "support"

pytest_plugins = [f"tests.support.{path.stem}" for path in sorted(_SUPPORT.glob("*.py")) if path.stem != "__init__"]


def pytest_collection_finish() -> None:
    """What was collected stays to the end: no collection of garbage need look at it again."""
    gc.collect()
    gc.freeze()


# Outside a service nobody has configured structlog, whose own default draws a traceback with all local values: seconds.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["event"]),
    ]
)
