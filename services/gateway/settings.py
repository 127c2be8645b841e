"""The settings of the gateway: `POINTSTREAM_GATEWAY__…`."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.runtime.settings import Part, ProcessSettings, SealKey


class QuotaPart(Part):
    """How much one API key may ask of one gateway."""

    requests: int = Field(default=6_000, ge=1, description="requests that a key may make in a window, all at once")
    window: timedelta = Field(
        default=timedelta(seconds=60), gt=timedelta(0), description="time in which a spent quota is whole again"
    )


class GatewaySettings(ProcessSettings):
    """Everything that the gateway can be told. It reads no topic, so it has no Kafka settings."""

    model_config = SettingsConfigDict(env_prefix="POINTSTREAM_GATEWAY__")

    quota: QuotaPart = QuotaPart()
    connections: int = Field(default=10, ge=1, le=100, description="connections to PostgreSQL at most")
    key_cache: timedelta = Field(
        default=timedelta(seconds=4),
        ge=timedelta(0),
        le=timedelta(seconds=5),
        description="how long a revoked API key may still work",
    )
    seal_key: SealKey = Field(validation_alias="POINTSTREAM_SEAL_KEY")
