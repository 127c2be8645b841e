"""The composition root of expiry: settings in, a Faust app out. Its work comes later; so far it only listens."""

from __future__ import annotations

import faust
from prometheus_client import CollectorRegistry

from libs.runtime.clock import Clock
from libs.runtime.faust_host import listen_only, make_app, serve_health
from services.expiry.metrics import ExpiryMetrics
from services.expiry.settings import ExpirySettings

SERVICE = "expiry"


def build(settings: ExpirySettings, clock: Clock | None = None) -> faust.App:
    """Wire everything; nothing connects before the app starts.

    Raises:
        ValueError: a driven clock was asked for outside the embedded platform.
    """
    registry = CollectorRegistry()
    app = make_app(SERVICE, settings)
    metrics = ExpiryMetrics(registry)
    trouble = listen_only(app, settings, clock or settings.make_clock(), metrics.announcements.inc)
    serve_health(app, registry, [trouble])
    return app
