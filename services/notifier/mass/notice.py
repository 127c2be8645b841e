"""How a mass message is told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from libs.messages.content import ChannelName, Purpose
from libs.promotions.messages import MessageName, Notice


def notice_of(purpose: Purpose, channels: Sequence[ChannelName] = ()) -> Notice:
    """Return the notice: at decent hours unless it is of service."""
    return Notice.model_construct(
        message=cast(MessageName, "campaign"), channels=tuple(channels), purpose=purpose, hours=None, follow_hours=None
    )
