"""The measurements that bring a stage of their own: each is a process, whose last line is a JSON object."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import orjson

from tests.support.stack import ROOT

OTHERS: dict[str, tuple[str, ...]] = {
    "quote": ("quote",),
    "redeem": ("redeem",),
    "expiry": ("expiry",),
    "forecast": ("forecast",),
    "mails": ("notifier", "--members", "10000"),
    "http": ("notifier_http", "--members", "4000"),
    "push": ("notifier_push", "push", "--members", "4000"),
    "web_push": ("notifier_push", "web_push", "--members", "3000"),
    "mail_workers": ("notifier_workers", "--members", "12000"),
    "hand_over": ("notifier_pace", "--members", "6000"),
}
"""Parts of the full benchmark, and what `python -m tests.bench.…` is told."""


async def measure(name: str) -> dict[str, Any]:
    """Run one of them, and return its figures; what it tells meanwhile goes to our own stderr.

    Raises:
        RuntimeError: it failed.
    """
    module, *arguments = OTHERS[name]
    command = (sys.executable, "-m", f"tests.bench.{module}", *arguments)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode != 0:
        raise RuntimeError(f"{name} ended with status {process.returncode}")
    figures: dict[str, Any] = orjson.loads(told.splitlines()[-1])
    return {key: value for key, value in figures.items() if key not in ("environment", "violations", "seconds")}
