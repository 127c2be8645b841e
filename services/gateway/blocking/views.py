"""What is told of blocks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.blocks.postgres import Block
from services.gateway.views import View

_BLOCK: JsonDict = {
    "member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11",
    "programme": "main",
    "number": 1,
    "reason": "The card was stolen.",
    "blocked_at": "2024-03-01T17:46:09Z",
    "blocked_by": "call centre (01)",
    "lifted_at": None,
    "lifted_by": None,
    "note": None,
}


class BlockView(View):
    """A block of a member."""

    model_config = ConfigDict(json_schema_extra={"example": _BLOCK})

    member_id: UUID = Field(description="Who is blocked, or was.")
    programme: str = Field(description="In which programme.")
    number: int = Field(description="The how manieth block of the member it is.")
    reason: str = Field(description="Why.")
    blocked_at: datetime = Field(description="Since when.")
    blocked_by: str = Field(description="Who did it.")
    lifted_at: datetime | None = Field(description="Until when; null while it stands.")
    lifted_by: str | None = Field(description="Who lifted it.")
    note: str | None = Field(description="Why it was lifted.")


class BlocksView(View):
    """Blocks, the last first."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_BLOCK]}})

    data: tuple[BlockView, ...] = Field(description="The blocks.")


def block_view(block: Block, programme: str) -> BlockView:
    """Show a block of a programme's member."""
    return BlockView(programme=programme, **block._asdict())
