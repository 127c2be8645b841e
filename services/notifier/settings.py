"""The settings of notifier: `POINTSTREAM_NOTIFIER__…`."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from libs.runtime.settings import ServiceSettings


class NotifierSettings(ServiceSettings):
    """Everything that the notifier service can be told."""

    model_config = SettingsConfigDict(env_prefix="POINTSTREAM_NOTIFIER__")
