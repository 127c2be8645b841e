"""What a figure depends on: the machine and the versions."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

import psutil

from deploy.embedded import kafka, postgres

_LIBRARIES = ("aiokafka", "asyncpg", "faust-streaming", "msgspec", "orjson", "uvloop")


def describe() -> dict[str, Any]:
    """Cores, memory, load before the end, and versions."""
    return {
        "environment": {
            "cores": os.cpu_count(),
            "cpu": _processor(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
            "load_average_1m": round(os.getloadavg()[0], 2),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()}",
            "postgres": postgres.describe(),
            "kafka": kafka.describe(),
            **{name: metadata.version(name) for name in _LIBRARIES},
        }
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        return platform.processor()
