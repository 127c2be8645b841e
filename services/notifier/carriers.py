"""Which channel is carried by what: one entry a channel; without settings for a provider, messages are captured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import asyncpg

from libs.runtime.seal import Seal
from services.notifier.channels.captured import CapturedChannel
from services.notifier.channels.email import EmailChannel
from services.notifier.lane import Carrier
from services.notifier.metrics import CHANNELS, NotifierMetrics
from services.notifier.settings import NotifierSettings


def carriers_of(
    settings: NotifierSettings, pool: asyncpg.Pool, seal: Seal, now: Callable[[], datetime], metrics: NotifierMetrics
) -> dict[str, Carrier]:
    """Return every channel's carrier, by its name."""
    carriers = {name: Carrier(CapturedChannel(name, pool, seal, now), None, metrics) for name in CHANNELS}
    if settings.email.host is not None:
        carriers["email"] = Carrier(EmailChannel(settings.email, now), settings.email.per_second, metrics)
    return {str(name): carrier for name, carrier in carriers.items()}
