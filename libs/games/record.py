"""What is published of a game that is over, so that anybody can draw again: what `draws verify` reads. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict

from libs.games.chance import Entry, commitment, digest
from libs.games.lottery import Pieces, draw
from libs.games.wheel import Odds, spin

Hex64 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Number = Annotated[int, Field(ge=1, le=2**53)]
Amount = Annotated[int, Field(ge=0, le=2**53)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class PrizeRecord(_Part):
    """A prize of a lottery."""

    prize: str
    pieces: Number


class EntryRecord(_Part):
    """Tickets with consecutive numbers."""

    first: Number
    count: Amount = Field(description="How many of them take part.")
    holder: str = Field(description="Stands for a member, in this game alone.")


class WinRecord(_Part):
    """A ticket that was drawn."""

    place: Number
    number: Number
    holder: str
    prize: str | None = Field(description="The prize; null for a substitute.")


class SectorRecord(_Part):
    """A sector of a wheel."""

    sector: str
    weight: Number
    pieces: Number | None = Field(description="How often it can be won; null without end.")
    wins: bool


class SpinRecord(_Part):
    """A turn of a wheel."""

    number: Number
    holder: str
    word: str = Field(description="What the holder added to chance.")
    sector: str = Field(description="Where it stopped.")


_HOLDERS = ("cc5f8093566092d253e7a567ac4b5d1a", "9882969f2d1505e13d8da951c9c0808f")
_EXAMPLE: JsonDict = {
    "format": "pointstream-draw-1",
    "kind": "lottery",
    "tenant": "acme",
    "programme": "main",
    "game": "summer",
    "game_id": "5b1c0a52-7f0e-5a63-9d1e-2f6a8c0b4e11",
    "commitment": "704d8c8d4124f4ac6295476a47d5af9a20ab3e7ef4fd5504104c1dcf0dacb1cc",
    "seed": "73300871f44c168e7c949de2c750e60c2c9bb8ff530017c5a267234e9cb4db8e",
    "opened_at": "2024-06-01T00:00:00Z",
    "ended_at": "2024-07-01T00:00:00Z",
    "prizes": [{"prize": "car", "pieces": 1}],
    "entries": [{"first": 1, "count": 2, "holder": _HOLDERS[0]}, {"first": 3, "count": 1, "holder": _HOLDERS[1]}],
    "entries_digest": "eb581d28538174ab6b40afe4c5f1405379efc386217bf7f8720b09631fe2b5e9",
    "wins": [{"place": 1, "number": 1, "holder": _HOLDERS[0], "prize": "car"}],
}
"""A draw that can be drawn again."""


class DrawRecord(_Part):
    """A game that is over, with its seed, and all that was drawn by it."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    format: Literal["pointstream-draw-1"] = Field(description="The way of drawing.")
    kind: Literal["lottery", "wheel"]
    tenant: str
    programme: str
    game: str
    game_id: UUID
    commitment: Hex64 = Field(description="SHA-256 of the seed, told as the game opened.")
    seed: Hex64 = Field(description="Told when it was over.")
    opened_at: datetime
    ended_at: datetime
    once: bool = Field(default=True, description="Whether a holder wins once.")
    substitutes: Amount = 0
    prizes: tuple[PrizeRecord, ...] = ()
    entries: tuple[EntryRecord, ...] = ()
    entries_digest: Hex64 | None = None
    wins: tuple[WinRecord, ...] = ()
    sectors: tuple[SectorRecord, ...] = ()
    spins: tuple[SpinRecord, ...] = ()


def read(text: bytes) -> DrawRecord:
    """Read a file.

    Raises:
        ValueError: it is none, in words.
    """
    try:
        return DrawRecord.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ValueError(f"{place}: {first['msg']}") from None


def faults(record: DrawRecord, published: str | None = None) -> list[str]:
    """Draw again and tell everything that is otherwise; nothing when all is as it says.

    `published` is the commitment that was told as the game opened, from wherever it was kept.
    """
    found: list[str] = []
    seed = bytes.fromhex(record.seed)
    if commitment(seed).hex() != record.commitment:
        found.append("the seed is not the one that the commitment stands for")
    if published is not None and published.lower() != record.commitment:
        found.append("the commitment is not the one that was published")
    if record.kind == "lottery":
        return found + _of_lottery(record, seed)
    return found + _of_wheel(record, seed)


def _of_lottery(record: DrawRecord, seed: bytes) -> list[str]:
    entries = [Entry(each.first, each.count, each.holder) for each in record.entries]
    found: list[str] = []
    free = 1
    for entry in entries:
        if entry.first < free:
            found.append(f"ticket {entry.first} is there twice")
        free = entry.first + entry.tickets
    if digest(entries).hex() != record.entries_digest:
        found.append("the entries are not those of the digest")
    prizes = [Pieces(each.prize, each.pieces) for each in record.prizes]
    drawn = draw(seed, record.game_id, entries, prizes, once=record.once, substitutes=record.substitutes)
    told = [(each.place, each.number, each.holder, each.prize) for each in record.wins]
    if told != [tuple(win) for win in drawn]:
        first = next((at for at, (a, b) in enumerate(zip(told, drawn, strict=False)) if a != tuple(b)), None)
        place = min(len(told), len(drawn)) if first is None else first
        found.append(f"the winners are others from place {place + 1} on")
    return found


def _of_wheel(record: DrawRecord, seed: bytes) -> list[str]:
    sectors = [Odds(each.sector, each.weight, each.pieces, each.wins) for each in record.sectors]
    left = {each.sector: each.pieces for each in sectors if each.pieces is not None}
    found: list[str] = []
    for at, each in enumerate(record.spins, 1):
        if each.number != at:
            return [*found, f"spin {at} is missing"]
        sector = spin(seed, record.game_id, each.number, each.holder, each.word, sectors, left)
        if sector in left:
            left[sector] -= 1
        if sector != each.sector:
            return [*found, f"spin {at} stopped at {sector}, not at {each.sector}"]
    return found
