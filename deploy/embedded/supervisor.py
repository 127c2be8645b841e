"""The supervisor behind `pointstream up`: starts everything in order, looks after it, stops it in order."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.embedded import demo, layout, play, state
from deploy.embedded.backing import Backing, Brought
from deploy.embedded.credentials import Credentials
from deploy.embedded.failures import NothingMoves, ServiceUnavailable
from deploy.embedded.lock import DirectoryLock
from deploy.embedded.played import Example, PlayBook
from deploy.embedded.process import Child, clean_orphans
from deploy.embedded.report import Report, Step
from deploy.embedded.reviving import Reviver
from deploy.embedded.services import PROGRAMS, Service, Surroundings, all_services
from deploy.embedded.state import SERVICES, Addresses
from deploy.embedded.stopping import Stopped, StopRequest
from libs.runtime.clock import FILE, DrivenClock, begin_followed, monotonic, parse_clock

FIRST_RECEIPTS = 20_000
CLOCK = "clock"
"""The file below the data directory by which all processes tell a driven time."""
READY_SECONDS = 180.0
_LOOK_SECONDS = 0.2
_RESTARTS_AT_START = 2


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator asked for."""

    data: Path
    demo: bool = True
    receipts: int = FIRST_RECEIPTS
    clock: str | None = None
    """A driven clock in the form of the command line; None keeps that of last time; "real" is the machine's."""
    brought: Brought = field(default_factory=Brought)
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ready:
    """What there is when everything is up."""

    data: Path
    addresses: Addresses
    example: Example | None
    played: play.Outcome | None
    seconds: float


class Supervisor:
    """Runs one data directory."""

    def __init__(self, wishes: Wishes, report: Report) -> None:
        self._wishes = wishes
        self._data = wishes.data.resolve()
        self._report = report
        self._stop = StopRequest()
        self._backing: Backing | None = None
        self._services: list[Service] = []
        self._player: Child | None = None
        self._reviver = Reviver(report, self._stop.check)

    def run(self, on_ready: Callable[[Ready], None]) -> None:
        """Start everything, call `on_ready`, and stay until somebody asks to stop; then stop everything.

        Raises:
            DirectoryInUse: another supervisor runs this data directory.
            PortTaken, BackingUnavailable, ServiceUnavailable, ReceiptsMissing, NothingMoves: with what stands in the
                way; what was started is stopped again.
        """
        began = monotonic()
        with DirectoryLock(self._data), self._stop.listening(self._kill):
            try:
                self._note(phase="starting", pid=os.getpid(), addresses=None, restarts={})
                self._start(began, on_ready)
                self._watch()
            except Stopped:
                pass
            finally:
                self._stop_all()

    def _start(self, began: float, on_ready: Callable[[Ready], None]) -> None:
        if orphans := clean_orphans(self._data):
            self._report.say(f"stopped what a killed supervisor had left behind: {', '.join(orphans)}")
        ports = self._choose_ports()
        clock = self._choose_clock()
        self._backing = Backing(self._data, ports, self._wishes.brought, self._report)
        self._backing.start(self._stop)
        credentials = Credentials(self._data)
        now = parse_clock(clock).now()
        api_key = credentials.made("api_key/demo", lambda: demo.mint_key(now))
        self._stop.run(demo.seed(self._backing.dsn("operator"), api_key, now))
        surroundings = Surroundings(
            bootstrap=self._backing.bootstrap,
            dsns={service: self._backing.dsn(service) for service in SERVICES},
            ports=ports,
            seal_key=credentials.key("seal"),
            clock=clock,
        )
        self._start_services(surroundings)
        addresses = self._addresses(surroundings, api_key)
        self._note(addresses=addresses)
        played = self._play_first()
        example = PlayBook(self._data).load().example
        self._note(phase="ready")
        on_ready(Ready(self._data, addresses, example, played, monotonic() - began))

    def _choose_ports(self) -> dict[str, int]:
        remembered = state.load(self._data).ports
        brought = self._wishes.brought
        absent = {name for name, there in (("kafka", brought.kafka), ("postgres", brought.postgres)) if there}
        names = tuple(name for name in layout.NAMES if name not in absent)
        ports, notes = layout.choose(self._wishes.ports, remembered, names)
        for note in notes:
            self._report.warn(note)
        self._note(ports={**remembered, **ports})
        return ports

    def _choose_clock(self) -> str | None:
        """The clock in the form for processes; a driven one goes on at the next start, where it stood."""
        wish = self._wishes.clock
        if wish is None:
            clock = None if self._wishes.brought.anything else state.load(self._data).clock
        else:
            chosen = parse_clock(None if wish == "real" else wish)
            clock = None
            if isinstance(chosen, DrivenClock):
                path = self._data.resolve() / CLOCK
                begin_followed(path, chosen)
                clock = f"{FILE}{path}"
        self._note(clock=clock)
        if clock:
            self._report.say(f"business time is driven: it is {parse_clock(clock).now():%Y-%m-%d %H:%M:%S} UTC")
        return clock

    def _start_services(self, surroundings: Surroundings) -> None:
        self._services = all_services(self._data, surroundings)
        with self._report.step("Services") as step:
            for service in self._services:
                service.start()
            waiting = list(self._services)
            deadline = monotonic() + READY_SECONDS
            while waiting:
                step.progress(f"waiting for {', '.join(service.name for service in waiting)}")
                for service in waiting:
                    if not service.child.alive:
                        raise ServiceUnavailable(_fell(service.child))
                    if monotonic() > deadline:
                        raise ServiceUnavailable(_slow(service.child))
                self._stop.sleep(0.05)
                waiting = [service for service in waiting if not service.ready()]
            step.done(", ".join(SERVICES))

    def _addresses(self, surroundings: Surroundings, api_key: str) -> Addresses:
        assert self._backing is not None
        urls = {service.name: service.url for service in self._services}
        return Addresses(
            kafka=surroundings.bootstrap,
            postgres=self._backing.dsn("operator"),
            gateway=urls["gateway"],
            api_key=api_key,
            metrics={name: f"{url}/metrics" for name, url in urls.items()},
        )

    def _play_first(self) -> play.Outcome | None:
        """At the first start, let a process of its own enrol the demo's members and play its newest receipts."""
        count = self._wishes.receipts if self._wishes.demo else 0
        if not count or PlayBook(self._data).load().first_done:
            return None
        self._player = Child("demo", self._data)
        self._player.log.unlink(missing_ok=True)
        with self._report.step("Demo") as step:
            step.progress("reading receipts")
            self._player.start(
                [sys.executable, "-m", "deploy.embedded.first_play", str(self._data), str(count)],
                env=os.environ,
                cwd=PROGRAMS,
            )
            outcome = self._follow(self._player, step)
            self._player.stop((signal.SIGTERM, 10.0))
            step.done(
                f"{outcome.receipts:,} receipts, {outcome.points:,} points in {outcome.seconds:.1f} s "
                f"({outcome.receipts / outcome.seconds:,.0f}/s)"
            )
        return outcome

    def _follow(self, player: Child, step: Step) -> play.Outcome:
        """Pass on what the player writes until it says what came of it."""
        with player.log.open("r", encoding="utf-8") as lines:
            while True:
                ended = not player.alive
                for line in lines:
                    news = _parsed(line)
                    if "text" in news:
                        step.progress(**news)
                    elif "error" in news:
                        raise NothingMoves(news["error"])
                    elif "played" in news:
                        return play.Outcome(**news["played"])
                if ended:
                    raise ServiceUnavailable(_fell(player))
                self._look_after_services(patience=_RESTARTS_AT_START)
                self._stop.sleep(0.05)

    def _watch(self) -> None:
        """Look after everything until somebody asks to stop."""
        assert self._backing is not None
        while True:
            self._stop.sleep(_LOOK_SECONDS)
            self._reviver.revive(self._backing.fallen())
            self._look_after_services()

    def _look_after_services(self, patience: int | None = None) -> None:
        """Start again what has fallen; more than `patience` times is too often."""
        for service in self._services:
            if patience is not None and service.restarts >= patience and not service.child.alive:
                raise ServiceUnavailable(_fell(service.child))
            if told := service.revive():
                self._report.warn(told)
                self._note(restarts={each.name: each.restarts for each in self._services})

    def _stop_all(self) -> None:
        """Services first, all at once; then Kafka; then PostgreSQL."""
        self._note(phase="stopping")
        running = [service for service in self._services if service.child.pid is not None]
        if self._player is not None:
            self._player.stop((signal.SIGTERM, 5.0))
        with self._report.step("Stopping") as step:
            step.progress("services")
            for service in running:
                _ask(service.child)
            for service in running:
                service.stop()
            if self._backing is not None:
                step.progress("Kafka and PostgreSQL")
                self._backing.stop()
            step.done("everything has stopped")
        self._note(phase="stopped", pid=None)

    def _kill(self) -> None:
        """No patience left: kill every child; the waits that are under way then end by themselves."""
        self._report.warn("killing what still runs")
        children = [service.child for service in self._services]
        children += self._backing.children() if self._backing else []
        children += [self._player] if self._player else []
        for child in children:
            if child.alive and child.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)

    def _note(self, **fields: object) -> None:
        state.change(self._data, **fields)


def stop_running(data: Path, patience: float) -> list[str] | None:
    """Stop the supervisor of a data directory, or what a killed one has left behind.

    Returns the names of the orphans that were stopped, or None when a supervisor was stopped.

    Raises:
        TimeoutError: it did not end in time.
    """
    owner = DirectoryLock(data).owner()
    if owner is None:
        with DirectoryLock(data):
            return clean_orphans(data)
    os.kill(owner, signal.SIGTERM)
    deadline = monotonic() + patience
    while DirectoryLock(data).owner() == owner:
        if monotonic() > deadline:
            raise TimeoutError(f"process {owner} still runs {data} after {patience:.0f} s")
        time.sleep(0.05)
    return None


def _parsed(line: str) -> dict[str, Any]:
    """A line of news; nothing for the other lines of a log."""
    try:
        news = json.loads(line)
    except ValueError:
        return {}
    return news if isinstance(news, dict) else {}


def _ask(child: Child) -> None:
    if child.alive and child.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGTERM)


def _fell(child: Child) -> str:
    return f"{child.name} ended with code {child.returncode}; the end of {child.log}:\n{child.log_tail()}"


def _slow(child: Child) -> str:
    return f"{child.name} was not ready after {READY_SECONDS:.0f} s; the end of {child.log}:\n{child.log_tail()}"
