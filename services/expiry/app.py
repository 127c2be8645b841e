"""The composition root of expiry: settings in, a Faust app out. Its work comes later; so far it only listens."""

from __future__ import annotations

import faust
from prometheus_client import CollectorRegistry

from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.faust_host import make_app, serve_health
from services.expiry.metrics import ExpiryMetrics
from services.expiry.settings import ExpirySettings

log = logs.get(__name__)
SERVICE = "expiry"


class Listening:
    """Whether the app has come up; what readiness tells until there is work that could be in trouble."""

    def __init__(self) -> None:
        self.up = False

    def trouble(self) -> str | None:
        """What keeps the service from listening."""
        return None if self.up else "starting"


def build(settings: ExpirySettings, clock: Clock | None = None) -> faust.App:
    """Wire everything; nothing connects before the app starts.

    Raises:
        ValueError: a driven clock was asked for outside the embedded platform.
    """
    clock = clock or settings.make_clock()
    registry = CollectorRegistry()
    metrics = ExpiryMetrics(registry)
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
