"""The settings of the gateway: `POINTSTREAM_GATEWAY__…`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from libs.runtime.settings import Part, SealKey, ServiceSettings


class QuotaPart(Part):
    """How much one API key may ask of one gateway."""

    requests: int = Field(default=6_000, ge=1, description="requests that a key may make in a window, all at once")
    window: timedelta = Field(
        default=timedelta(seconds=60), gt=timedelta(0), description="time in which a spent quota is whole again"
    )


class PublicPart(Part):
    """The pages that anybody may see: rules and calculators of programmes whose document says `public`."""

    shown: str | None = Field(
        default=None,
        pattern="^[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9-]{0,62}$",
        description="company and programme, as acme/main, that /rules and /calculator lead to",
    )
    address: str | None = Field(
        default=None,
        pattern="^https?://[^/?#]+$",
        description="where people reach this gateway: links in mails and on pages begin so; without it, this machine",
    )
    shares_live: timedelta = Field(
        default=timedelta(days=90),
        gt=timedelta(0),
        le=timedelta(days=3_650),
        description="how long a link shows what a member shared, from the last time that they shared it",
    )
    requests: int = Field(default=120, ge=1, description="pages that one address may ask for in a minute, all at once")


class PublishPart(Part):
    """How much a gateway takes in while the broker has not acknowledged it, and how long it waits."""

    most_events: int = Field(default=10_000, ge=1_000, description="events that may wait for the broker at once")
    most_bytes: int = Field(default=32 * 1024**2, ge=8 * 1024**2, description="bytes that may wait for it at once")
    acknowledge_within: timedelta = Field(
        default=timedelta(seconds=5), gt=timedelta(0), description="time that a request waits for the broker"
    )
    silence: timedelta = Field(
        default=timedelta(seconds=2),
        gt=timedelta(0),
        description="without any acknowledgement, after which requests are refused at once",
    )


class FilesPart(Part):
    """How files are taken in. Gateways that share the directory share the work."""

    directory: Path | None = Field(
        default=None, description="where files lie until they are forgotten; without one no files are taken"
    )
    most_bytes: int = Field(default=1024**3, ge=1, description="bytes that one file may have, packed as it is")
    most_unpacked_bytes: int = Field(default=16 * 1024**3, ge=1, description="bytes that one file may have unpacked")
    most_open: int = Field(default=100, ge=1, description="files of a company that may wait or run at once")
    most_rejects: int = Field(default=100_000, ge=0, description="refused rows after which a file has failed")
    at_once: int = Field(default=2, ge=1, le=16, description="files that one gateway works on at once")
    lease: timedelta = Field(
        default=timedelta(seconds=30), gt=timedelta(0), description="silence after which another gateway goes on"
    )
    look_every: timedelta = Field(
        default=timedelta(seconds=5), gt=timedelta(0), description="between two looks for files left by others"
    )
    retention: timedelta = Field(
        default=timedelta(days=7),
        gt=timedelta(0),
        description="after which a file, what is known of it and its report go",
    )


class BacktestsPart(Part):
    """How backtests are carried out. One runs at a time for a company, and one in a gateway."""

    directory: Path | None = Field(
        default=None, description="where histories are copied to while they are judged; without one none are taken"
    )
    carries_out: bool = Field(
        default=True, description="whether this gateway carries them out, or leaves what it takes to others"
    )
    most_open: int = Field(default=10, ge=1, description="backtests of a company that may wait or run at once")
    workers: int = Field(default=1, ge=1, le=256, description="processes that judge one backtest")
    lease: timedelta = Field(
        default=timedelta(seconds=30), gt=timedelta(0), description="silence after which another gateway goes on"
    )
    look_every: timedelta = Field(
        default=timedelta(seconds=5), gt=timedelta(0), description="between two looks for backtests left by others"
    )
    retention: timedelta = Field(
        default=timedelta(days=30), gt=timedelta(0), description="after which what came of a backtest goes"
    )


class RedemptionPart(Part):
    """Where points are spent."""

    url: str | None = Field(
        default=None, pattern="^https?://", description="address of redemption; without one nothing is redeemed"
    )
    answers_within: timedelta = Field(
        default=timedelta(seconds=5), gt=timedelta(0), description="time that redemption has for an answer"
    )


class ChatPart(Part):
    """How long talks with members are kept, and how fast a member may write."""

    retention: timedelta = Field(
        default=timedelta(days=90), gt=timedelta(0), description="after which a closed talk is forgotten"
    )
    silence: timedelta = Field(
        default=timedelta(days=14), gt=timedelta(0), description="after which a talk that was answered is closed"
    )
    messages: int = Field(default=20, ge=1, description="messages that a member may write in a minute, all at once")


class WebhooksPart(Part):
    """Where endpoints of webhooks may lie."""

    loopback: bool = Field(
        default=False, description="let endpoints lie on this machine, without TLS too (embedded only)"
    )


class GatewaySettings(ServiceSettings):
    """Everything that the gateway can be told. It reads no topic; what comes in over HTTP it publishes."""

    model_config = SettingsConfigDict(env_prefix="POINTSTREAM_GATEWAY__")

    quota: QuotaPart = QuotaPart()
    public: PublicPart = PublicPart()
    publish: PublishPart = PublishPart()
    files: FilesPart = FilesPart()
    backtests: BacktestsPart = BacktestsPart()
    redemption: RedemptionPart = RedemptionPart()
    webhooks: WebhooksPart = WebhooksPart()
    chat: ChatPart = ChatPart()
    connections: int = Field(default=10, ge=1, le=100, description="connections to PostgreSQL at most")
    quote_connections: int = Field(
        default=4, ge=1, le=100, description="connections to PostgreSQL at most that quotes have to themselves"
    )
    key_cache: timedelta = Field(
        default=timedelta(seconds=4),
        ge=timedelta(0),
        le=timedelta(seconds=5),
        description="how long a revoked API key may still work",
    )
    seal_key: SealKey = Field(validation_alias="POINTSTREAM_SEAL_KEY")

    @property
    def site(self) -> str:
        """Where links to this gateway begin."""
        return self.public.address or f"http://localhost:{self.web.port or 8080}"

    @model_validator(mode="after")
    def _loopback_is_embedded(self) -> Self:
        """Whoever writes to this machine's own ports for others is a way past its walls."""
        if self.webhooks.loopback and not self.embedded:
            raise ValueError("webhooks.loopback is for the embedded platform only")
        return self
