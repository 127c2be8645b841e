"""Faust as the runtime of a service: process, signals, timers and web pages. Money never goes through its agents.

A service gives its app an agent or two for side streams and puts its batch loops beside them as thin mode services.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import faust
import uvloop
from faust.auth import SASLCredentials, SSLCredentials
from faust.transport.conductor import Conductor
from faust.types.transports import ConductorT
from faust.web import Request, Response, View
from mode import Service
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from libs.runtime import logs, memory
from libs.runtime.clock import Clock
from libs.runtime.kafka_login import KafkaRefused, knock, tls_context
from libs.runtime.settings import KafkaSettings, ServiceSettings, read_files

log = logs.get(__name__)
Settings = TypeVar("Settings", bound=ServiceSettings)
Trouble = Callable[[], str | None]
_PATIENCE = 10.0
_COLLECT, _TELL = 60.0, 5.0


class QuickConductor(Conductor):
    """Takes up the topics of an agent that begins while the app runs; Faust itself would wait 45 seconds."""

    _resubscribe_sleep_lock_seconds = 0.5


class HostApp(faust.App):
    """A Faust app whose services do not wait until its own consumer group has been joined.

    After a crash that takes as long as the group waits for the former member, and points must not wait for it.
    """

    def _new_conductor(self) -> ConductorT:
        return QuickConductor(app=self, beacon=None)

    async def on_start(self) -> None:
        """Start the hosted services beside Faust's own parts."""
        await super().on_start()
        await self.on_started_init_extra_services()

    def _on_rebalance_when_stopped(self) -> None:
        """Leave the consumer to its own thread, which closes it when it ends.

        Faust would close it from here; a task cancelled from another thread may never wake, and the process hang.
        """


def make_app(name: str, settings: ServiceSettings) -> faust.App:
    """Return a Faust app with the settings that work for us: raw values, no tables, no topics declared on its own."""
    return HostApp(
        f"{settings.kafka.topic_prefix}pointstream-{name}",
        broker=[f"kafka://{address}" for address in settings.kafka.bootstrap.split(",")],
        broker_credentials=_credentials(settings.kafka),
        value_serializer="raw",
        broker_session_timeout=settings.kafka.session_timeout.total_seconds(),
        broker_heartbeat_interval=settings.kafka.heartbeat.total_seconds(),
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_tables_enabled=False,
        web_enabled=True,
        web_bind=settings.web.host,
        web_host=settings.web.host,
        web_port=settings.web.port,
        consumer_auto_offset_reset="latest",
        datadir=os.path.join(tempfile.gettempdir(), f"pointstream-{name}-{os.getpid()}"),  # for tables; we have none
    )


def _credentials(kafka: KafkaSettings) -> SASLCredentials | SSLCredentials | None:
    """What Faust takes in place of the arguments of aiokafka's clients."""
    context = tls_context(kafka)
    if kafka.logs_in:
        password = kafka.password.get_secret_value() if kafka.password else None
        return SASLCredentials(
            username=kafka.username, password=password, ssl_context=context, mechanism=kafka.sasl_mechanism
        )
    return SSLCredentials(context) if context is not None else None


class Hosted(Service):
    """A coroutine that runs as long as the app does; what it raises ends the process.

    Asked to stop, it has `patience` seconds; then it is cancelled, which costs no more than a crash would.
    """

    def __init__(
        self, run: Callable[[], Awaitable[None]], stop: Callable[[], None], patience: float = _PATIENCE
    ) -> None:
        super().__init__()
        self._run, self._ask_to_stop, self._patience = run, stop, patience
        self._task: asyncio.Task[None] | None = None
        self._crashing: asyncio.Task[None] | None = None

    async def on_start(self) -> None:
        """Start the coroutine."""
        self._task = asyncio.ensure_future(self._run())
        self._task.add_done_callback(self._ended)

    async def on_stop(self) -> None:
        """Ask it to stop, and wait."""
        self._ask_to_stop()
        if self._task is not None:
            _, late = await asyncio.wait([self._task], timeout=self._patience)
            if late:
                log.warning("service.cut_short", patience=self._patience)
                self._task.cancel()
                await asyncio.wait([self._task])

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crashing = asyncio.ensure_future(self.crash(error))


def serve_health(
    app: faust.App,
    registry: CollectorRegistry,
    troubles: Sequence[Trouble] = (),
    stalled: Callable[[], bool] = lambda: False,
) -> None:
    """Serve `/livez`, `/readyz` and `/metrics`. Faust's own stall detector does not see the batch loops.

    Each of `troubles` says what keeps a part from working, or None.
    """

    @app.page("/livez")
    async def livez(view: View, request: Request) -> Response:
        dead = stalled()
        return view.json({"live": not dead}, status=503 if dead else 200)

    @app.page("/readyz")
    async def readyz(view: View, request: Request) -> Response:
        why = next((why for trouble in troubles if (why := trouble())), None)
        return view.json({"ready": why is None, "why": why}, status=200 if why is None else 503)

    @app.page("/metrics")
    async def metrics(view: View, request: Request) -> Response:
        return view.bytes(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def listen_only(app: faust.App, settings: ServiceSettings, clock: Clock, heard: Callable[[], None]) -> Trouble:
    """Give the app of a service whose work comes later all it does so far: `heard` is called for each
    programme that it hears of.

    Returns what its readiness asks: the app is ready once it has come up.
    """
    up = asyncio.Event()

    @app.task  # type: ignore[untyped-decorator]  # faust
    async def come_up() -> None:
        up.set()
        log.info("service.started", business_time=clock.now().isoformat())

    announced = app.topic(f"{settings.kafka.topic_prefix}loyalty.programmes", value_type=bytes, internal=False)

    @app.agent(announced, concurrency=1)
    async def programme_announced(stream: faust.StreamT[bytes]) -> None:
        async for _ in stream:
            heard()

    return lambda: None if up.is_set() else "starting"


def serve(
    service: str,
    read_settings: Callable[[], Settings],
    build: Callable[[Settings], faust.App],
    arguments: Sequence[str],
) -> int:
    """Run a service from its command line until a signal ends it; `check` only validates the settings.

    Returns the exit status of a check, or 1 when no broker lets us in; a run exits the process, with an error if a
    service crashed.
    """
    read_files()
    settings = read_settings()
    if list(arguments) == ["check"]:
        tls_context(settings.kafka)
        return 0
    seldom = logs.configure(service, settings.log_level)
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(knock(settings.kafka))
    except KafkaRefused as error:  # every client would be refused, each with less to say
        log.error("kafka.refused", why=str(error))
        return 1
    app = build(settings)
    _look_after(app, seldom)
    memory.settle_in()
    worker = faust.Worker(app, quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None  # it would put its escape codes between the lines of the log
    worker.execute_from_commandline()
    return 0


def _look_after(app: faust.App, seldom: logs.Seldom) -> None:
    """Let the app do now and then what every process needs, whatever its service."""

    @app.timer(interval=_COLLECT)  # type: ignore[untyped-decorator]  # faust
    async def look_for_cycles() -> None:
        memory.collect()

    @app.timer(interval=_TELL)  # type: ignore[untyped-decorator]  # faust
    async def tell_of_silence() -> None:
        seldom.tell_silence()
