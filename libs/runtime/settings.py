"""Settings: one frozen class a service, from `POINTSTREAM_<SERVICE>__…` variables, checked at the start.

Every value may come from a file instead: `…_FILE` holds a path (for secrets mounted by an orchestrator).
"""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.runtime.clock import Clock, DrivenClock, parse_clock


class Part(BaseModel):
    """A group of settings; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Part):
    """Where the broker is, and how topics are named there."""

    bootstrap: str = Field(description="host:port[,host:port…] of the brokers")
    topic_prefix: str = Field(default="", description="put before every topic's name, to share a cluster")
    instance: str = Field(
        default_factory=socket.gethostname, description="names this worker in the group, the same after a restart"
    )
    session_timeout: timedelta = Field(
        default=timedelta(seconds=15), description="silence after which the group moves on"
    )
    heartbeat: timedelta = Field(default=timedelta(seconds=3), description="between two heartbeats")
    metadata_age: timedelta = Field(
        default=timedelta(seconds=20),
        description="after which the broker is asked anew which topics and partitions it has",
    )


class PostgresSettings(Part):
    """How to reach PostgreSQL."""

    dsn: SecretStr = Field(description="postgresql://user:password@host:port/database")
    connect_timeout: timedelta = Field(default=timedelta(seconds=5), description="for one attempt to connect")
    command_timeout: timedelta = Field(default=timedelta(seconds=30), description="for one statement")


class WebSettings(Part):
    """Where health and metrics are served."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=0, ge=0, le=65535, description="port to listen on; 0 takes a free one")


class ProcessSettings(BaseSettings):
    """What every process has; a service that reads topics takes `ServiceSettings` instead."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_nested_delimiter="__")

    postgres: PostgresSettings
    web: WebSettings = WebSettings()
    clock: str | None = Field(
        default=None, validation_alias="POINTSTREAM_CLOCK", description="a driven clock (embedded only)"
    )
    embedded: bool = Field(
        default=False, validation_alias="POINTSTREAM_EMBEDDED", description="run by `pointstream up`"
    )
    log_level: str = Field(
        default="info", validation_alias="POINTSTREAM_LOG_LEVEL", description="debug, info, warning, error"
    )

    def make_clock(self) -> Clock:
        """Return the clock to run on.

        Raises:
            ValueError: a driven clock was asked for outside the embedded platform.
        """
        clock = parse_clock(self.clock)
        if isinstance(clock, DrivenClock) and not self.embedded:
            raise ValueError("POINTSTREAM_CLOCK drives the clock of the embedded platform only")
        return clock


class ServiceSettings(ProcessSettings):
    """What every service of the stream has; each service's own class adds its prefix and its parts."""

    kafka: KafkaSettings


def _is_256_bits(value: SecretStr) -> SecretStr:
    if len(base64.b64decode(value.get_secret_value(), validate=True)) != 32:
        raise ValueError("must be 32 bytes in base64")
    return value


SealKey = Annotated[SecretStr, AfterValidator(_is_256_bits)]
"""A key of 32 random bytes in base64: seals dead letters, and hashes identifiers that are personal."""


def read_files(environment: Mapping[str, str] = os.environ) -> None:
    """Replace `POINTSTREAM_…_FILE=path` by the content of the file, for every variable that names one.

    Raises:
        OSError: a file can't be read; the message names it.
    """
    for name in [name for name in environment if name.startswith("POINTSTREAM_") and name.endswith("_FILE")]:
        os.environ[name.removesuffix("_FILE")] = Path(environment[name]).read_text(encoding="utf-8").strip()
        del os.environ[name]
