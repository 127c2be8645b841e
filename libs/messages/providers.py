"""Settings of those who carry messages, as they are kept: sealed for one company and channel. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from libs.messages.content import ChannelName

CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)
_SHOWN = 4
_SECRETS = ("token", "private_key", "password", "headers", "app_secret")


def provider_context(tenant_id: int, channel: str) -> str:
    """What settings are sealed for: they open nowhere else."""
    return f"provider {tenant_id} {channel}"


def shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they may be looked at: of a secret no more than its last letters."""
    return {name: _masked(value) if name in _SECRETS else _within(value) for name, value in settings.items()}


def _within(value: Any) -> Any:
    """What lies in a list may be settings again."""
    if isinstance(value, list):
        return [shown(each) if isinstance(each, Mapping) else each for each in value]
    return value


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _masked(each) for name, each in value.items()}
    text = str(value).strip()
    return "…" + text[-_SHOWN:] if len(text) >= 4 * _SHOWN and not text.endswith("-----") else "…"
