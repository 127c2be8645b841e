"""The settings of notifier: `POINTSTREAM_NOTIFIER__…`."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.runtime.settings import Part, SealKey, ServiceSettings
from services.notifier.channels.email import EmailSettings


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


class NotifierSettings(ServiceSettings):
    """Everything that the notifier service can be told."""

    model_config = SettingsConfigDict(env_prefix="POINTSTREAM_NOTIFIER__")

    sending: SendingPart = SendingPart()
    email: EmailSettings = EmailSettings()
    gateway: str = Field(
        default="http://localhost:8080", description="where members reach the gateway, for links in messages"
    )
    programme_refresh: timedelta = Field(
        default=timedelta(seconds=2), gt=timedelta(0), description="between two looks for new programme versions"
    )
    connections: int = Field(default=24, ge=2, le=200, description="connections to PostgreSQL at most")
    seal_key: SealKey = Field(validation_alias="POINTSTREAM_SEAL_KEY")
