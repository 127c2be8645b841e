"""The composition root of notifier: settings in, a Faust app out. Its work comes later; so far it only listens."""

from __future__ import annotations

import faust
from prometheus_client import CollectorRegistry

from libs.runtime.clock import Clock
from libs.runtime.faust_host import listen_only, make_app, serve_health
from services.notifier.metrics import NotifierMetrics
from services.notifier.settings import NotifierSettings

SERVICE = "notifier"


def build(settings: NotifierSettings, clock: Clock | None = None) -> faust.App:
    """Wire everything; nothing connects before the app starts.

    Raises:
        ValueError: a driven clock was asked for outside the embedded platform.
    """
    registry = CollectorRegistry()
    app = make_app(SERVICE, settings)
    metrics = NotifierMetrics(registry)
    trouble = listen_only(app, settings, clock or settings.make_clock(), metrics.announcements.inc)
    serve_health(app, registry, [trouble])
    return app
