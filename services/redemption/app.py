"""The composition root of redemption: settings in, a Faust app out. Its work comes later; so far it only listens."""

from __future__ import annotations

import faust
from prometheus_client import CollectorRegistry

from libs.runtime.clock import Clock
from libs.runtime.faust_host import listen_only, make_app, serve_health
from services.redemption.metrics import RedemptionMetrics
from services.redemption.settings import RedemptionSettings

SERVICE = "redemption"


def build(settings: RedemptionSettings, clock: Clock | None = None) -> faust.App:
    """Wire everything; nothing connects before the app starts.

    Raises:
        ValueError: a driven clock was asked for outside the embedded platform.
    """
    registry = CollectorRegistry()
    app = make_app(SERVICE, settings)
    metrics = RedemptionMetrics(registry)
    trouble = listen_only(app, settings, clock or settings.make_clock(), metrics.announcements.inc)
    serve_health(app, registry, [trouble])
    return app
