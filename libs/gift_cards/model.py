"""A gift card and the entries of its money. Pure; a card follows from its entries.

An entry moves an amount from one account to another, one of which is the card's: what is on cards, and where it came
from or went, add up by construction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

CARD = "card"
EntryKind = Literal["issue", "top_up", "use", "refund", "transfer_out", "transfer_in", "cash_out", "expire"]
State = Literal["active", "blocked"]
LEGAL: Mapping[EntryKind, frozenset[tuple[str, str]]] = {
    "issue": frozenset({("sold", CARD), ("granted", CARD)}),
    "top_up": frozenset({("sold", CARD), ("granted", CARD)}),
    "use": frozenset({(CARD, "spent")}),
    "refund": frozenset({("spent", CARD)}),
    "transfer_out": frozenset({(CARD, "transferred")}),
    "transfer_in": frozenset({("transferred", CARD)}),
    "cash_out": frozenset({(CARD, "cashed_out")}),
    "expire": frozenset({(CARD, "expired")}),
}
"""Between which accounts an entry of each kind may move money."""


class Entry(NamedTuple):
    """A movement of money; `cause` names the request behind it, `of_seq` the entry that a refund undoes."""

    seq: int
    kind: EntryKind
    source: str
    target: str
    amount_minor: int
    at: datetime
    cause: UUID
    reference: str | None = None
    of_seq: int | None = None
    other_card: UUID | None = None


class GiftCard(Struct, frozen=True):
    """A card as it stands; amounts in minor units. `law` names the jurisdiction and the version of its rules."""

    card_id: UUID
    currency: str
    law: tuple[str, int]
    issued_at: datetime
    initial_minor: int = 0
    balance_minor: int = 0
    seq: int = 0
    state: State = "active"
    expires_at: datetime | None = None
    member_id: UUID | None = None
    last_load_at: datetime | None = None

    def expired(self, now: datetime) -> bool:
        """Whether its date has passed."""
        return self.expires_at is not None and now >= self.expires_at


def apply(card: GiftCard, entry: Entry) -> GiftCard:
    """Return the card after an entry.

    Raises:
        ValueError: it is none of this card's next, goes where its kind may not, or takes more than there is.
    """
    if entry.seq != card.seq + 1:
        raise ValueError(f"entry {entry.seq} does not follow {card.seq}")
    if entry.amount_minor <= 0 or (entry.source, entry.target) not in LEGAL[entry.kind]:
        raise ValueError(f"{entry.kind} does not move {entry.amount_minor} from {entry.source} to {entry.target}")
    balance = card.balance_minor + (entry.amount_minor if entry.target == CARD else -entry.amount_minor)
    if balance < 0:
        raise ValueError("more than there is on the card")
    loaded = entry.kind in ("issue", "top_up")
    return replace(
        card,
        seq=entry.seq,
        balance_minor=balance,
        initial_minor=entry.amount_minor if entry.kind == "issue" else card.initial_minor,
        last_load_at=entry.at if loaded else card.last_load_at,
    )


def replay(card: GiftCard, entries: Sequence[Entry]) -> GiftCard:
    """Return an empty card after its entries."""
    for entry in entries:
        card = apply(card, entry)
    return card
