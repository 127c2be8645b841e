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
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.runtime.clock import Clock, SystemClock, parse_clock


class Part(BaseModel):
    """A group of settings; unknown keys are errors. What was given is not told with an error: it may be a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class KafkaSettings(Part):
    """Where the broker is, who we are to it, and how topics are named there."""

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
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="what the broker's listener speaks: TLS where it says SSL, a login where SASL"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="how the password is shown to the broker"
    )
    username: str | None = Field(default=None, description="the login at the broker")
    password: SecretStr | None = Field(default=None, description="its password")
    ca: str | None = Field(
        default=None, description="PEM certificates that vouch for the brokers; the system's when there are none"
    )
    certificate: str | None = Field(default=None, description="our own certificate as PEM, if the broker asks for one")
    key: SecretStr | None = Field(default=None, description="the private key of our certificate as PEM")
    key_password: SecretStr | None = Field(default=None, description="what the private key is encrypted with")

    @property
    def encrypted(self) -> bool:
        """Whether the broker is spoken to by TLS."""
        return self.security_protocol.endswith("SSL")

    @property
    def logs_in(self) -> bool:
        """Whether the broker asks for a login."""
        return self.security_protocol.startswith("SASL")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """A secret that would go unused, or a login without one, is a mistake that must not wait for the broker."""
        if self.logs_in and not (self.username and self.password):
            raise ValueError(f"{self.security_protocol} needs username and password")
        if not self.logs_in and (self.username or self.password):
            raise ValueError(
                f"{self.security_protocol} takes no username and password: SASL_SSL or SASL_PLAINTEXT does"
            )
        if not self.encrypted and (self.ca or self.certificate or self.key):
            raise ValueError(
                f"{self.security_protocol} is without TLS: ca, certificate and key are for SSL or SASL_SSL"
            )
        if bool(self.certificate) != bool(self.key):
            raise ValueError("certificate and key come together")
        return self


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

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_nested_delimiter="__", hide_input_in_errors=True)

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
        if not isinstance(clock, SystemClock) and not self.embedded:
            raise ValueError("POINTSTREAM_CLOCK drives the clock of the embedded platform only")
        return clock


class ServiceSettings(ProcessSettings):
    """What every service of the stream has; each service's own class adds its prefix and its parts."""

    kafka: KafkaSettings


class CommandSettings(BaseSettings):
    """What commands are told of Kafka by `POINTSTREAM_CLI__KAFKA__…`, beside what their options say."""

    model_config = SettingsConfigDict(
        env_prefix="POINTSTREAM_CLI__",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    kafka: KafkaSettings


def kafka_of_commands(bootstrap: str, topic_prefix: str = "") -> KafkaSettings:
    """Return how a command reaches the broker at `bootstrap`: the login and the certificates are the environment's.

    Raises:
        pydantic.ValidationError: these do not fit together.
        OSError: a file that a variable names can't be read.
    """
    prefix = f"{CommandSettings.model_config['env_prefix']}KAFKA__"
    read_files({name: path for name, path in os.environ.items() if name.startswith(prefix)})
    told = {"bootstrap": bootstrap} | ({"topic_prefix": topic_prefix} if topic_prefix else {})
    return CommandSettings(kafka=told).kafka  # what the environment says is put beside it


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
