"""Logs: JSON lines in UTC; the event name is a past-tense dotted constant, and no personal data goes in."""

from __future__ import annotations

import logging
import sys
from typing import cast

import structlog


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
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for chatty in ("aiokafka", "kafka", "faust", "mode", "aiohttp.access", "uvicorn.access", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger; call it with a constant event name and fields."""
    return cast(structlog.stdlib.BoundLogger, structlog.get_logger(name))
