"""When a webhook is tried again."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import libs.webhooks
from libs.webhooks.schedule import DELAYS, JITTER, LONGEST_WAIT, PAUSE, Verdict, next_attempt, retry_after, verdict

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)


def test_the_table_under_a_clock() -> None:
    at, waits = NOW, []
    for failed in range(len(DELAYS) + 1):
        due = next_attempt(failed, at, 0.0)
        if due is None:
            assert failed == len(DELAYS)
            break
        waits.append((due - at).total_seconds())
        at = due
    minute, hour = 60, 3600
    assert waits == [0, 5, 5 * minute, 30 * minute, *(n * hour for n in (2, 5, 10, 14, 20, 24))]


@settings(max_examples=60)
@given(st.integers(0, len(DELAYS) - 1), st.floats(0, 1, exclude_max=True), st.timedeltas(timedelta(0), timedelta(30)))
def test_chance_adds_little_and_what_the_receiver_asks_is_obeyed(failed: int, chance: float, after: timedelta) -> None:
    plain = next_attempt(failed, NOW, chance)
    asked = next_attempt(failed, NOW, chance, after)
    assert plain is not None
    assert asked is not None
    assert DELAYS[failed] <= plain - NOW <= DELAYS[failed] * (1 + JITTER)
    assert asked == max(plain, NOW + min(after, LONGEST_WAIT))


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, Verdict("delivered")),
        (204, {"Retry-After": "9"}, Verdict("delivered")),
        (301, {"Location": "http://127.0.0.1/"}, Verdict("failed", "a redirect, which is not followed")),
        (400, {}, Verdict("failed", "status 400")),
        (410, {}, Verdict("gone", "the receiver wants no more")),
        (429, {}, Verdict("failed", "status 429", PAUSE, busy=True)),
        (429, {"Retry-After": "120"}, Verdict("failed", "status 429", timedelta(seconds=120), busy=True)),
        (500, {}, Verdict("failed", "status 500")),
        (503, {"Retry-After": "60"}, Verdict("failed", "status 503", timedelta(seconds=60), busy=True)),
        (502, {}, Verdict("failed", "status 502", PAUSE, busy=True)),
    ],
)
def test_answers_are_judged(status: int, headers: dict[str, str], expected: Verdict) -> None:
    assert verdict(status, headers, NOW) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("0", 0),
        (" 30 ", 30),
        ("99999999999999", 24 * 3600),
        ("Sun, 29 Nov 2026 09:01:00 GMT", 60),
        ("Sun, 29 Nov 2026 08:01:00 GMT", 0),
        ("-5", None),
        ("soon", None),
        ("٣", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Mon, 99999999999999999999 Jan 2026 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999", None),
    ],
)
def test_retry_after_is_read(text: str | None, seconds: int | None) -> None:
    assert retry_after(text, NOW) == (None if seconds is None else timedelta(seconds=seconds))


def test_the_examples_of_the_readme_hold() -> None:
    outcome = doctest.testfile(str(Path(libs.webhooks.__file__).with_name("README.md")), module_relative=False)
    assert outcome.attempted > 0
    assert outcome.failed == 0
