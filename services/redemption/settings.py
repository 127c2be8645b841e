"""The settings of redemption: `POINTSTREAM_REDEMPTION__…`."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.runtime.settings import Part, SealKey, ServiceSettings


class LoopPart(Part):
    """How batches of `loyalty.redemptions` are cut and how bad a partition may get."""

    lanes: int = Field(default=1, ge=1, le=8, description="batches in hand at once")
    batch: int = Field(default=500, ge=1, le=3_000, description="records a transaction at most")
    pace: timedelta = Field(
        default=timedelta(milliseconds=30),
        ge=timedelta(0),
        description="between the beginnings of small batches at least",
    )
    max_consecutive_bad: int = Field(default=20, ge=1, description="bad records in a row that halt a partition")
    max_bad_percent: int = Field(default=50, ge=1, le=100, description="share of bad records that halts a partition")


class RedemptionSettings(ServiceSettings):
    """Everything that the redemption service can be told."""

    model_config = SettingsConfigDict(env_prefix="POINTSTREAM_REDEMPTION__")

    loop: LoopPart = LoopPart()
    hold: timedelta = Field(
        default=timedelta(minutes=15), gt=timedelta(0), description="how long points are held, and how long once more"
    )
    grace: timedelta = Field(
        default=timedelta(days=30),
        gt=timedelta(0),
        description="how long points live that a person gives back past their date, up to the next boundary",
    )
    release_every: timedelta = Field(
        default=timedelta(seconds=1), gt=timedelta(0), description="between two looks for holds that are over"
    )
    release_most: int = Field(default=200, ge=1, le=5_000, description="holds that are released by one look at most")
    programme_refresh: timedelta = Field(
        default=timedelta(seconds=2), gt=timedelta(0), description="between two looks for new programme versions"
    )
    wishes_every: timedelta = Field(
        default=timedelta(seconds=5),
        gt=timedelta(0),
        description="between two looks for wishes and standing orders",
    )
    value_every: timedelta = Field(
        default=timedelta(seconds=5), gt=timedelta(0), description="between two looks for gift cards that are over"
    )
    code_window: timedelta = Field(
        default=timedelta(minutes=10),
        gt=timedelta(0),
        description="time in which tries of codes that are none count",
    )
    code_misses_key: int = Field(
        default=100, ge=1, description="codes that are none that one API key may try in that time before it has to wait"
    )
    code_misses_member: int = Field(
        default=10, ge=1, description="codes that are none that may be tried for one member in that time"
    )
    gather: timedelta = Field(
        default=timedelta(milliseconds=10),
        ge=timedelta(0),
        description="between the beginnings of transactions of a tenant at least, in which more requests may come",
    )
    gather_most: int = Field(default=100, ge=1, le=1_000, description="requests over HTTP a transaction at most")
    connections: int = Field(default=12, ge=2, le=100, description="connections to PostgreSQL at most")
    seal_key: SealKey = Field(validation_alias="POINTSTREAM_SEAL_KEY")
