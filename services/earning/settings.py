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
    pace: timedelta = Field(
        default=timedelta(milliseconds=30),
        ge=timedelta(0),
        description="between the beginnings of small batches at least",
    )
    max_consecutive_bad: int = Field(default=20, ge=1, description="bad records in a row that halt a partition")
    max_bad_percent: int = Field(default=50, ge=1, le=100, description="share of bad records that halts a partition")


class BalancesPart(Part):
    """How balances are told; a window is no shorter than it says, so that points never wait for it."""

    on: bool = Field(default=True, description="whether loyalty.balances is written at all")
    window: timedelta = Field(
        default=timedelta(seconds=1), gt=timedelta(0), description="a member is told of once in it"
    )
    most_members: int = Field(default=1_000, ge=1, le=10_000, description="members told of in a window")
    most_records: int = Field(default=5_000, ge=1, le=100_000, description="records of loyalty.points read in a window")


class EarningSettings(ServiceSettings):
    """Everything that the earning service can be told."""

    model_config = SettingsConfigDict(env_prefix="POINTSTREAM_EARNING__")

    loop: LoopPart = LoopPart()
    balances: BalancesPart = BalancesPart()
    seal_key: SealKey = Field(validation_alias="POINTSTREAM_SEAL_KEY")
    conservation_every: timedelta = Field(
        default=timedelta(minutes=1), description="how often the conservation equation is measured; it reads all lots"
    )
    due_every: timedelta = Field(
        default=timedelta(seconds=1), description="how often members whose pending points become active are looked for"
    )
    due_most: int = Field(default=5_000, ge=1, le=20_000, description="members told of in one such look")
    segments_every: timedelta = Field(
        default=timedelta(milliseconds=500),
        gt=timedelta(0),
        description="how often members whose segments may have changed are looked at",
    )
    retry_every: timedelta = Field(
        default=timedelta(minutes=1),
        description="how often receipts that wait for a rate are looked at",
    )
    programme_refresh: timedelta = Field(
        default=timedelta(seconds=2), description="how often programmes and sources are looked up anew"
    )
