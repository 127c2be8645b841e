"""Logs: JSON lines in UTC; the event name is a past-tense dotted constant, and no personal data goes in."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import NamedTuple, cast

import structlog

from libs.runtime.clock import monotonic

_CLIENTS = ("aiokafka", "kafka", "faust")
_EVERY = 60.0
_QUIET = 10.0
_MOST = 1_000
_LEFT_OUT = "left_out"
_SHARED: tuple[structlog.types.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


class _Said(NamedTuple):
    """Words that were written, and may be again from `until`; since then they were said so often, the last time then.

    Times in seconds.
    """

    until: float
    last: float
    left_out: int


class Seldom(logging.Filter):
    """Lets what the broker's client says again and again through once in so many seconds.

    Without a broker it tells of every attempt to reach one: a hundred lines a second, for as long as that lasts. What
    is left out is counted, and the next line of the same words carries the count. Words that nobody said for ten
    seconds are told at once when they come again: that is another trouble. Words are the same whatever is put
    into them. What carries a traceback is written each time, and so is whatever anybody else says, we ourselves first.
    """

    def __init__(self, seconds: float = _EVERY, now: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._now = now
        self._said: dict[tuple[str, str], _Said] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a line."""
        if record.name.partition(".")[0] not in _CLIENTS or record.exc_info or not isinstance(record.msg, str):
            return True
        key, now = (record.name, record.msg), self._now()
        said = self._said.get(key, _Said(now, now, 0))
        if now < said.until:
            self._said[key] = _Said(said.until, now, said.left_out + 1)
            return False
        if len(self._said) >= _MOST:  # words that are made anew each time would be remembered for ever
            self._said.clear()
        self._said[key] = _Said(now + self._seconds, now, 0)
        if said.left_out:
            setattr(record, _LEFT_OUT, said.left_out)
        return True

    def fell_silent(self) -> int:
        """How many lines were left out, and not told of yet, of words that were said no more for a while."""
        now, left_out = self._now(), 0
        for key, said in list(self._said.items()):  # threads add to it
            if said.left_out and now - said.last >= _QUIET:
                self._said[key] = _Said(now, said.last, 0)
                left_out += said.left_out
        return left_out

    def tell_silence(self) -> None:
        """Write a line when the client has fallen silent after much that was left out; call it every few seconds."""
        if left_out := self.fell_silent():
            get(__name__).warning("broker_client.silent", left_out=left_out)


def _tell_left_out(_: object, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Say of a line how many of the same words were left out before it."""
    if left_out := getattr(event["_record"], _LEFT_OUT, 0):
        event[_LEFT_OUT] = left_out
    return event


def writer(seldom: Seldom) -> logging.Handler:
    """Return what writes the lines of a service: all loggers end there, structlog's and the standard library's."""
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(seldom)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name, _tell_left_out],
            processor=structlog.processors.JSONRenderer(),
        )
    )
    return handler


def configure(service: str, level: str = "info") -> Seldom:
    """Send structlog and the standard library's loggers to standard output as JSON lines.

    Returns what keeps the broker's client from saying everything a hundred times.
    """
    seldom = Seldom()
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [writer(seldom)]
    root.setLevel(level.upper())
    for chatty in ("aiokafka", "kafka", "faust", "mode", "aiohttp.access", "uvicorn.access", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)
    return seldom


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger; call it with a constant event name and fields."""
    return cast(structlog.stdlib.BoundLogger, structlog.get_logger(name))
