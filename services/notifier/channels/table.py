"""Which providers there are: one entry a kind, with the channels that it carries, its settings and its channel.

Whoever writes another channel adds its file and its entry; everything else finds it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from libs.messages.content import ChannelName
from libs.runtime.settings import Part
from services.notifier.channels.channel import Channel
from services.notifier.channels.exchange import Line
from services.notifier.channels.file import FileChannel, FileSettings
from services.notifier.channels.http import HttpChannel, HttpSettings
from services.notifier.channels.push import PushChannel, PushSettings
from services.notifier.channels.sms import SmsChannel, SmsSettings
from services.notifier.channels.sms_budget import NO_CAP, DailyCap
from services.notifier.channels.web_push import WebPushChannel, WebPushSettings


@dataclass(frozen=True, slots=True)
class Means:
    """What channels are made with. `capped` is told of each text message that the cap of a day stopped."""

    pool: asyncpg.Pool
    now: Callable[[], datetime]
    wall: Callable[[], datetime]
    line: Line
    capped: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of provider."""

    channels: tuple[ChannelName, ...]
    settings: type[Part]
    make: Callable[[ChannelName, Any, Means], Channel]


def _sms(name: ChannelName, settings: SmsSettings, means: Means) -> Channel:
    most = settings.segments_a_day
    budget = NO_CAP if most is None else DailyCap(means.pool, most, means.wall, means.capped)
    return SmsChannel(settings, means.line, budget)


def _http(name: ChannelName, settings: HttpSettings, means: Means) -> Channel:
    return HttpChannel(settings, means.line, name)


def _push(name: ChannelName, settings: PushSettings, means: Means) -> Channel:
    return PushChannel(settings, means.line, means.wall)


def _web_push(name: ChannelName, settings: WebPushSettings, means: Means) -> Channel:
    return WebPushChannel(settings, means.line)


def _file(name: ChannelName, settings: FileSettings, means: Means) -> Channel:
    return FileChannel(settings, means.wall)


KINDS: Mapping[str, Kind] = {
    "twilio": Kind(("sms",), SmsSettings, _sms),
    "fcm": Kind(("push",), PushSettings, _push),
    "vapid": Kind(("web_push",), WebPushSettings, _web_push),
    "http": Kind(("http", "sms", "push"), HttpSettings, _http),
    "csv": Kind(("file",), FileSettings, _file),
}


def read_settings(channel: ChannelName, document: Any) -> Part:
    """Read the settings of a provider for a channel.

    Raises:
        ValueError: there is no such kind, it does not carry the channel, or its settings are wrong.
    """
    name = document.get("kind") if isinstance(document, dict) else None
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None or channel not in kind.channels:
        fitting = [each for each, known in KINDS.items() if channel in known.channels]
        raise ValueError(f"`kind` of a provider for {channel} is one of: {', '.join(fitting) or 'none'}")
    return kind.settings.model_validate(document)


def make_channel(channel: ChannelName, kind: str, settings: Part, means: Means) -> Channel:
    """Make the channel of a provider."""
    return KINDS[kind].make(channel, settings, means)
