"""Rows of a static list: whom each names, by member id or by an identifier. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection

KINDS = ("card", "virtual_card", "nfc", "invoice", "phone", "email", "account")
COLUMNS = ("member_id", *KINDS)
UNKNOWN = Rejection("unknown", "", "a member of the programme")


class Entry(NamedTuple):
    """Whom a row names: by id, or by the name under which an identifier is looked up."""

    member_id: UUID | None
    identifier: str | None


def entry_of(cells: Mapping[str, str], names: IdentifierNames | None) -> Entry | Rejection:
    """Read a row, given by column: the first column that says anything decides. `names` name its identifier."""
    column = next((each for each in COLUMNS if each in cells), None)
    if column is None:
        return Rejection("field", "", f"one of the columns {', '.join(COLUMNS)}")
    if column != "member_id":
        return identified(column, cells[column], names)
    try:
        return Entry(UUID(cells[column]), None)
    except ValueError:
        return Rejection("field", "/member_id", "a UUID")


def identified(kind: str, value: str, names: IdentifierNames | None) -> Entry | Rejection:
    """Whom an identifier names."""
    if kind not in KINDS:
        return Rejection("field", "", f"a kind of identifier: {', '.join(KINDS)}")
    if "\x00" in value:  # PostgreSQL takes no such text
        return Rejection("field", f"/{kind}", "text without the character U+0000")
    if names is None:
        return Rejection("field", f"/{kind}", "the key of the seals, by which identifiers are looked up")
    return Entry(None, names.of(kind, value))


def entry_named(text: str, names: IdentifierNames | None) -> Entry | Rejection:
    """Read `card:123`, or a member id."""
    kind, colon, value = text.partition(":")
    if colon:
        return identified(kind, value, names)
    return entry_of({"member_id": text}, names)
