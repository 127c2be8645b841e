"""The settings of expiry: `POINTSTREAM_EXPIRY__…`."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from libs.runtime.settings import ServiceSettings


class ExpirySettings(ServiceSettings):
    """Everything that the expiry service can be told."""

    model_config = SettingsConfigDict(env_prefix="POINTSTREAM_EXPIRY__")
