"""Which channel is made of which settings: one entry a kind of provider.

Whoever writes another channel adds its file and its entry here, and its settings in `libs/messages`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from libs.messages.content import WayName
from libs.messages.provider_settings import (
    FacebookSettings,
    FileSettings,
    HttpSettings,
    PushSettings,
    Settings,
    SmsSettings,
    WebPushSettings,
)
from services.notifier.channels.channel import Channel
from services.notifier.channels.exchange import Line
from services.notifier.channels.facebook import FacebookChannel
from services.notifier.channels.file import FileChannel
from services.notifier.channels.http import HttpChannel
from services.notifier.channels.push import PushChannel
from services.notifier.channels.sms import SmsChannel
from services.notifier.channels.sms_budget import NO_CAP, DailyCap
from services.notifier.channels.web_push import WebPushChannel


@dataclass(frozen=True, slots=True)
class Means:
    """What channels are made with. `capped` is told of each text message that the cap of a day stopped."""

    pool: asyncpg.Pool
    now: Callable[[], datetime]
    wall: Callable[[], datetime]
    line: Line
    capped: Callable[[], None]


def make_channel(channel: WayName, settings: Settings, means: Means) -> Channel:
    """Make the channel of a provider.

    Raises:
        ValueError: nothing is made of these settings.
    """
    match settings:
        case SmsSettings(segments_a_day=most):
            capped = None if most is None else DailyCap(means.pool, most, means.wall, means.capped)
            return SmsChannel(settings, means.line, capped or NO_CAP)
        case PushSettings():
            return PushChannel(settings, means.line, means.wall)
        case WebPushSettings():
            return WebPushChannel(settings, means.line)
        case HttpSettings():
            return HttpChannel(settings, means.line, channel)
        case FacebookSettings():
            return FacebookChannel(settings, means.line)
        case FileSettings():
            return FileChannel(settings, means.wall)
    raise ValueError(f"no channel is made of {type(settings).__name__}")
