"""The settings of earning: `POINTSTREAM_EARNING__…`."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.runtime.settings import Part, SealKey, ServiceSettings


class LoopPart(Part):
    """How batches are cut and how bad a partition may get."""

    lanes: int = Field(default=2, ge=1, le=8, description="batches in hand at once")
    batch: int = Field(default=1_000, ge=1, le=3_000, description="records a transaction at most")
    max_consecutive_bad: int = Field(default=20, ge=1, description="bad records in a row that halt a partition")
    max_bad_percent: int = Field(default=50, ge=1, le=100, description="share of bad records that halts a partition")


class EarningSettings(ServiceSettings):
    """Everything that the earning service can be told."""

    model_config = SettingsConfigDict(env_prefix="POINTSTREAM_EARNING__")

    loop: LoopPart = LoopPart()
    seal_key: SealKey = Field(validation_alias="POINTSTREAM_SEAL_KEY")
    conservation_every: timedelta = Field(
        default=timedelta(minutes=1), description="how often the conservation equation is measured; it reads all lots"
    )
    programme_refresh: timedelta = Field(
        default=timedelta(seconds=2), description="how often programmes and sources are looked up anew"
    )
