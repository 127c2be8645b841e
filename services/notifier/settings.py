"""The settings of notifier: `POINTSTREAM_NOTIFIER__…`."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from libs.runtime.settings import Part, SealKey, ServiceSettings
from services.notifier.channels.email import EmailSettings
from services.notifier.mailbox import MailboxSettings


class SendingPart(Part):
    """How deliveries are taken and handed over."""

    lanes: int = Field(default=2, ge=1, le=16, description="lanes for each channel")
    batch: int = Field(default=300, ge=1, le=2_000, description="deliveries that a lane takes at once")
    bundle: int = Field(
        default=50, ge=1, le=1_000, description="messages handed over before their answers are stored, all together"
    )
    lease: timedelta = Field(
        default=timedelta(seconds=60),
        gt=timedelta(0),
        description="after which what a lost worker had is given to others",
    )
    captured: int = Field(default=10_000, ge=1, description="messages kept where no provider is set, the last ones")


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

    sending: SendingPart = SendingPart()
    email: EmailSettings = EmailSettings()
    mailbox: MailboxSettings = MailboxSettings()
    webhooks: WebhooksPart = WebhooksPart()
    gateway: str = Field(
        default="http://localhost:8080", description="where members reach the gateway, for links in messages"
    )
    programme_refresh: timedelta = Field(
        default=timedelta(seconds=2), gt=timedelta(0), description="between two looks for new programme versions"
    )
    connections: int = Field(default=24, ge=2, le=200, description="connections to PostgreSQL at most")
    seal_key: SealKey = Field(validation_alias="POINTSTREAM_SEAL_KEY")

    @model_validator(mode="after")
    def _loopback_is_embedded(self) -> Self:
        """Whoever writes to this machine's own ports for others is a way past its walls."""
        if self.webhooks.loopback and not self.embedded:
            raise ValueError("webhooks.loopback is for the embedded platform only")
        return self
