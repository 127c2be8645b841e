"""Logs: JSON lines in UTC; the event name is a past-tense dotted constant, and no personal data goes in."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import cast

import structlog

from libs.runtime.clock import monotonic

_CLIENT = "aiokafka"
_EVERY = 10.0
_MOST = 1_000


class Seldom(logging.Filter):
    """Lets what the broker's client says again and again through once in so many seconds, with how often it said it.

    Without a broker it tells of every attempt to reach one: a hundred lines a second, for as long as that lasts.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = monotonic) -> None:
        super().__init__(_CLIENT)
        self._seconds = seconds
        self._now = now
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a line; of other libraries, and our own, all are."""
        if not super().filter(record):
            return True
        said, now = (record.name, str(record.msg)), self._now()
        since, left_out = self._said.get(said, (now - self._seconds, 0))
        if now - since < self._seconds:
            self._said[said] = (since, left_out + 1)
            return False
        if len(self._said) >= _MOST:  # what has no words of its own can't be told from anything else
            self._said.clear()
        self._said[said] = (now, 0)
        if left_out:
            record.msg = f"{record.msg} (and {left_out} times more since)"
        return True


def configure(service: str, level: str = "info") -> None:
    """Send structlog and the standard library's loggers to standard output as JSON lines."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer())
    )
    handler.addFilter(Seldom(_EVERY))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for chatty in ("aiokafka", "kafka", "faust", "mode", "aiohttp.access", "uvicorn.access", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger; call it with a constant event name and fields."""
    return cast(structlog.stdlib.BoundLogger, structlog.get_logger(name))
