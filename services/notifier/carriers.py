"""Which channel is carried by what: one entry a channel; without a provider, messages and posts are captured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import asyncpg

from libs.messages.provider_settings import CARRIED
from libs.runtime.clock import SystemClock, monotonic
from libs.runtime.seal import Seal
from services.notifier.channels.captured import CapturedChannel
from services.notifier.channels.channel import Channel
from services.notifier.channels.email import EmailChannel
from services.notifier.channels.exchange import Line
from services.notifier.channels.inbox import InboxChannel
from services.notifier.channels.providers import CompanyChannel, Providers
from services.notifier.channels.table import Means
from services.notifier.channels.webhook import WebhookChannel
from services.notifier.lane import Carrier
from services.notifier.metrics import CHANNELS, NotifierMetrics
from services.notifier.posts.pages import PAGES, Pages
from services.notifier.settings import NotifierSettings

TO_MEMBERS = [name for name in CHANNELS if name in CARRIED]


class Ways(NamedTuple):
    """Every way out: the carriers of channels to members, by their names, and the company's own pages."""

    carriers: dict[str, Carrier]
    pages: Pages


def ways_of(
    settings: NotifierSettings, pool: asyncpg.Pool, seal: Seal, now: Callable[[], datetime], metrics: NotifierMetrics
) -> Ways:
    """Return every way out."""
    wall = SystemClock().now
    channels: dict[str, Channel] = {name: CapturedChannel(name, pool, seal, now) for name in CHANNELS}
    means = Means(pool, now, wall, Line(loopback=settings.webhooks.loopback), metrics.capped.inc)
    providers = Providers(pool, seal, means, monotonic, metrics.providers_unusable.inc)
    for name in TO_MEMBERS:
        channels[name] = CompanyChannel(name, providers, channels[name])
    channels["inbox"] = InboxChannel("inbox", pool, seal, now)
    channels["till"] = InboxChannel("till", pool, seal, now)
    channels["webhook"] = WebhookChannel(pool, wall)
    if settings.email.host is not None:
        channels["email"] = EmailChannel(settings.email, now)
    paces = {"email": settings.email.per_second} if settings.email.host is not None else {}
    carriers = {name: Carrier(channel, paces.get(name), metrics) for name, channel in channels.items()}
    return Ways(carriers, Pages(providers, CompanyChannel(PAGES, providers, CapturedChannel(PAGES, pool, seal, now))))
