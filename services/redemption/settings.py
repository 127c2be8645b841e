"""The settings of redemption: `POINTSTREAM_REDEMPTION__…`."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from libs.runtime.settings import ServiceSettings


class RedemptionSettings(ServiceSettings):
    """Everything that the redemption service can be told."""

    model_config = SettingsConfigDict(env_prefix="POINTSTREAM_REDEMPTION__")
