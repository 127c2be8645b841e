"""Messages that lie somewhere until the member looks: how their words are kept, and what is shown of them. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal
from uuid import UUID

import msgspec

from libs.messages.content import Content

Place = Literal["inbox", "till"]
_decode = msgspec.json.Decoder(Content).decode


def place_context(tenant_id: int, message_id: UUID) -> str:
    """What the words are sealed for: they open nowhere else."""
    return f"inbox {tenant_id} {message_id}"


def packed(content: Content) -> bytes:
    """Return words as bytes, without what only a mail shows."""
    told = asdict(content)
    del told["html"]
    return msgspec.json.encode(told)


def unpacked(raw: bytes) -> Content:
    """Return the words that `packed` made bytes of."""
    return _decode(raw)
