"""The composition root of notifier: settings in, a Faust app out that hosts what sends and listens to what happens."""

from __future__ import annotations

import random

import faust
from prometheus_client import CollectorRegistry

from libs.runtime.clock import Clock
from libs.runtime.faust_host import Hosted, listen_only, make_app, serve_health
from libs.webhooks.wanted import SOURCES
from services.notifier.metrics import NotifierMetrics
from services.notifier.settings import NotifierSettings
from services.notifier.webhooks.work import WebhookWork

SERVICE = "notifier"
_UPKEEP = 15.0


def build(settings: NotifierSettings, clock: Clock | None = None) -> faust.App:
    """Wire everything; nothing connects before the app starts.

    Raises:
        ValueError: a driven clock was asked for outside the embedded platform.
    """
    registry = CollectorRegistry()
    app = make_app(SERVICE, settings)
    metrics = NotifierMetrics(registry)
    trouble = listen_only(app, settings, clock or settings.make_clock(), metrics.announcements.inc)
    _host_webhooks(app, settings, WebhookWork(settings, metrics.webhooks, random.SystemRandom().random))
    serve_health(app, registry, [trouble])
    return app


def _host_webhooks(app: faust.App, settings: NotifierSettings, work: WebhookWork) -> None:
    """Let the app run what sends webhooks, and give it the events of the output topics one by one."""
    app.service(Hosted(work.run, work.stop))  # type: ignore[arg-type]  # faust takes an instance too, its types do not
    names = [settings.kafka.topic_prefix + topic.name for topic in SOURCES]
    happened = app.topic(*names, value_type=bytes, internal=False)

    @app.agent(happened, concurrency=1)
    async def webhook_events(stream: faust.StreamT[bytes]) -> None:
        async for raw in stream:
            await work.hear(raw)

    @app.timer(interval=_UPKEEP)  # type: ignore[untyped-decorator]  # faust
    async def look_after_webhooks() -> None:
        await work.look()
