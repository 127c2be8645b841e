"""Ties acceptance tests to features: `@pytest.mark.feature("OMNI-3", "VOU-46")`.

A mark is a claim that somebody else will read as a promise, so it is checked when tests are collected: the ids exist,
there are at most three, and the test runs on the platform as a user would start it (it requests the fixture
`platform`, directly or through another one). The ids travel in the JUnit file; `pointstream features` reads them there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from cli.features import PROPERTY, all_features

MARK = "feature"
PLATFORMS = ("platform", "platform_in_2017")
MOST_IDS = 3


def _ids(item: pytest.Item) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one) for mark in item.iter_markers(MARK) for one in mark.args))


def complaints(ids: Sequence[str], fixtures: Sequence[str]) -> Iterator[str]:
    """Say what is wrong with a test that carries these ids and uses these fixtures."""
    known = all_features()
    if not ids:
        yield "names no feature"
    if len(ids) > MOST_IDS:
        yield f"claims {len(ids)} features; one test proves {MOST_IDS} at most"
    for one in ids:
        if one not in known:
            yield f"{one} is no feature"
        elif (same_as := known[one].same_as) is not None:
            yield f"{one} repeats {same_as}; claim that one"
    if not any(name in fixtures for name in PLATFORMS):
        yield f"proves a feature without the running platform; request the fixture {PLATFORMS[0]!r}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Check every mark, and give its ids to the report."""
    wrong = []
    for item in items:
        if item.get_closest_marker(MARK) is None:
            continue
        ids = _ids(item)
        wrong += [f"{item.nodeid}: {what}" for what in complaints(ids, getattr(item, "fixturenames", ()))]
        item.user_properties += [(PROPERTY, one) for one in ids]
    if wrong:
        raise pytest.UsageError("\n".join(["feature marks:", *wrong]))
