"""What the process of a backtest is told and tells: a line of JSON in, lines of JSON out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Order(msgspec.Struct, frozen=True):
    """What to do: where the history is, what is asked, the folder to work in, and by how many processes."""

    dsn: str
    tenant_id: int
    programme_id: int
    document: dict[str, Any]
    since: datetime
    until: datetime
    against: int | None
    point_values: dict[str, str]
    folder: str
    workers: int


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """How far the work is."""

    stage: str
    done: int
    total: int
    items: int


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The question makes no sense; the text says why."""

    why: str


class Done(msgspec.Struct, frozen=True, tag="done"):
    """Everything lies in the folder."""


Told = Progress | Refused | Done

write_order = msgspec.json.Encoder().encode
read_order = msgspec.json.Decoder(Order).decode
write_told = msgspec.json.Encoder().encode
read_told = msgspec.json.Decoder(Told).decode
