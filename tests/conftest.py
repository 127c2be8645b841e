"""Fixtures for every test; each module of `tests/support` that brings some is loaded here as a plug-in."""

from __future__ import annotations

from pathlib import Path

import pytest

# Modules of the folder import one another, and an assertion is explained only where it was rewritten before the import.
pytest.register_assert_rewrite("tests.support")

_SUPPORT = Path(__file__).parent / "support"

pytest_plugins = [f"tests.support.{path.stem}" for path in sorted(_SUPPORT.glob("*.py")) if path.stem != "__init__"]
