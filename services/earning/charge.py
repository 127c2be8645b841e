"""What the worker in charge has in hand for all that one worker of many does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import asyncpg

from libs.judging.programmes import Programmes
from libs.runtime.clock import Clock
from services.earning.metrics import EarningMetrics
from services.earning.sender import Sender


@dataclass(frozen=True, slots=True)
class Charge:
    """The means of work done in one worker; `programmes` and `in_charge` tell how it is at the moment."""

    pool: asyncpg.Pool
    programmes: Callable[[], Programmes]
    sender: Sender
    clock: Clock
    metrics: EarningMetrics
    in_charge: Callable[[], bool]
