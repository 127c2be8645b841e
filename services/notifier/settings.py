"""The settings of notifier: `POINTSTREAM_NOTIFIER__…`."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from libs.runtime.settings import Part, SealKey, ServiceSettings


class WebhooksPart(Part):
    """How webhooks are sent."""

    at_once: int = Field(default=64, ge=1, le=1000, description="attempts that one process makes side by side")
    a_endpoint: int = Field(default=8, ge=1, le=100, description="of these to one endpoint")
    cut: timedelta = Field(
        default=timedelta(seconds=20),
        gt=timedelta(0),
        le=timedelta(seconds=30),
        description="time that a receiver has to answer",
    )
    look_every: timedelta = Field(
        default=timedelta(seconds=0.5), gt=timedelta(0), description="between two looks for what is due by its date"
    )
    retention: timedelta = Field(
        default=timedelta(days=30), gt=timedelta(0), description="after which what has come to an end is forgotten"
    )
    loopback: bool = Field(
        default=False, description="let endpoints lie on this machine, without TLS too (embedded only)"
    )


class NotifierSettings(ServiceSettings):
    """Everything that the notifier service can be told."""

    model_config = SettingsConfigDict(env_prefix="POINTSTREAM_NOTIFIER__")

    webhooks: WebhooksPart = WebhooksPart()
    seal_key: SealKey = Field(validation_alias="POINTSTREAM_SEAL_KEY")

    @model_validator(mode="after")
    def _loopback_is_embedded(self) -> Self:
        """Whoever writes to this machine's own ports for others is a way past its walls."""
        if self.webhooks.loopback and not self.embedded:
            raise ValueError("webhooks.loopback is for the embedded platform only")
        return self
