"""Fail points strike where and when they are armed, and nowhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from libs.runtime.failpoint import POINTS, FailPoint


def test_unarmed_is_harmless() -> None:
    for text in (None, ""):
        point = FailPoint.parse(text)
        for name in POINTS:
            point.reach(name)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="no fail point 'after-lunch'"):
        FailPoint.parse("after-lunch")


def test_form() -> None:
    assert FailPoint.parse("after-send") == FailPoint("after-send", 1, signal.SIGKILL)
    assert FailPoint.parse("after-send:3:STOP") == FailPoint("after-send", 3, signal.SIGSTOP)


def test_strikes_at_the_count() -> None:
    code = "from libs.runtime.failpoint import reach\nfor n in range(5): reach('before-commit'); print(n, flush=True)"
    environment = {**os.environ, "POINTSTREAM_FAIL_POINT": "before-commit:3"}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.split() == [b"0", b"1"]
