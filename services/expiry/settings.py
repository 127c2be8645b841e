"""The settings of expiry: `POINTSTREAM_EXPIRY__…`."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.runtime.settings import Part, ServiceSettings


class SweepPart(Part):
    """How sweeps are run."""

    automatic: bool = Field(default=True, description="whether sweeps start by themselves once their boundary is past")
    ahead: timedelta = Field(
        default=timedelta(days=7), ge=timedelta(0), description="how long before a boundary it is announced"
    )
    settle: timedelta = Field(
        default=timedelta(seconds=10), ge=timedelta(0), description="how long a sweep waits after its boundary"
    )
    lanes: int = Field(
        default=1, ge=1, le=16, description="chunks that one worker sweeps at once; one while others are at work"
    )
    chunk: int = Field(default=2_000, ge=1, le=100_000, description="members in a chunk")
    lock: timedelta = Field(
        default=timedelta(milliseconds=25),
        gt=timedelta(0),
        description="how long members may be locked at most; steps aim at two fifths of it",
    )
    lease: timedelta = Field(
        default=timedelta(seconds=10),
        gt=timedelta(0),
        description="silence after which another worker takes over a chunk",
    )
    progress_every: timedelta = Field(
        default=timedelta(seconds=5), gt=timedelta(0), description="how often progress is told on loyalty.sweeps"
    )


class ForecastPart(Part):
    """How the forecast of what lapses is kept."""

    every: timedelta = Field(
        default=timedelta(hours=6),
        gt=timedelta(0),
        description="age at which a forecast is kept for good; so it is after each sweep",
    )
    follow: timedelta = Field(
        default=timedelta(minutes=1),
        gt=timedelta(0),
        description="age at which the latest forecast follows what happened; later where following takes seconds",
    )


class ExpirySettings(ServiceSettings):
    """Everything that the expiry service can be told."""

    model_config = SettingsConfigDict(env_prefix="POINTSTREAM_EXPIRY__")

    sweep: SweepPart = SweepPart()
    forecast: ForecastPart = ForecastPart()
    look_every: timedelta = Field(
        default=timedelta(seconds=1), gt=timedelta(0), description="how often boundaries and sweeps are looked at"
    )
