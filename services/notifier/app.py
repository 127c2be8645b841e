"""The composition root of notifier: settings in, a Faust app out. Its work comes later; so far it only listens."""

from __future__ import annotations

import faust
from prometheus_client import CollectorRegistry

from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.faust_host import make_app, serve_health
from services.notifier.metrics import NotifierMetrics
from services.notifier.settings import NotifierSettings

log = logs.get(__name__)
SERVICE = "notifier"


class Listening:
    """Whether the app has come up; what readiness tells until there is work that could be in trouble."""

    def __init__(self) -> None:
        self.up = False

    def trouble(self) -> str | None:
        """What keeps the service from listening."""
        return None if self.up else "starting"


def build(settings: NotifierSettings, clock: Clock | None = None) -> faust.App:
    """Wire everything; nothing connects before the app starts.

    Raises:
        ValueError: a driven clock was asked for outside the embedded platform.
    """
    clock = clock or settings.make_clock()
    registry = CollectorRegistry()
    metrics = NotifierMetrics(registry)
    listening = Listening()
    app = make_app(SERVICE, settings)

    @app.task  # type: ignore[untyped-decorator]  # faust
    async def come_up() -> None:
        listening.up = True
        log.info("service.started", business_time=clock.now().isoformat())

    announced = app.topic(f"{settings.kafka.topic_prefix}loyalty.programmes", value_type=bytes, internal=False)

    @app.agent(announced, concurrency=1)
    async def programme_announced(stream: faust.StreamT[bytes]) -> None:
        async for _ in stream:
            metrics.announcements.inc()

    serve_health(app, registry, [listening.trouble])
    return app
