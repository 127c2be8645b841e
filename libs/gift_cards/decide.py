"""What may be done with a gift card, and why not. Pure: a "no" is a value."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from libs.gift_cards.jurisdictions import Law
from libs.gift_cards.model import CARD, Entry, EntryKind, GiftCard, apply


class No(NamedTuple):
    """Why something is not done, by a code and in words."""

    code: str
    detail: str


class Done(NamedTuple):
    """The card afterwards, and the entry that made it so."""

    card: GiftCard
    entry: Entry


class Request(NamedTuple):
    """Who asks when: the cause names the request, the reference is the caller's own name for it."""

    cause: UUID
    at: datetime
    reference: str | None = None


def issue(card: GiftCard, law: Law, amount: int, asked: Request, *, paid: bool) -> Done | No:
    """Put the first money on a card, which may have the date that it has."""
    if (why := _too_early(card, law, asked.at)) is not None:
        return why
    return _moved(card, "issue", amount, asked, source="sold" if paid else "granted")


def top_up(card: GiftCard, law: Law, amount: int, asked: Request, *, paid: bool) -> Done | No:
    """Add money; where the law counts from the last load, the card's date moves with it."""
    if (why := _unusable(card, asked.at)) is not None:
        return why
    done = _moved(card, "top_up", amount, asked, source="sold" if paid else "granted")
    earliest = law.earliest(asked.at) if law.counts_from == "last_load" else None
    if card.expires_at is not None and earliest is not None and earliest > card.expires_at:
        done = done._replace(card=replace(done.card, expires_at=earliest))
    return done


def use(card: GiftCard, amount: int, asked: Request) -> Done | No:
    """Pay with a card."""
    return _unusable(card, asked.at) or _short(card, amount) or _moved(card, "use", amount, asked, target="spent")


def refund(card: GiftCard, used: Entry, given_back: int, amount: int, asked: Request) -> Done | No:
    """Put back what a use took, or a part; `given_back` of it came back before. An expired card gets it too."""
    if used.kind != "use":
        return No("not-a-use", f"Entry {used.seq} is no payment.")
    left = used.amount_minor - given_back
    if amount > left:
        return No("refund-exceeded", f"{left} minor units of it can still go back.")
    return _moved(card, "refund", amount, asked, source="spent", of_seq=used.seq)


def transfer(card: GiftCard, other: GiftCard, amount: int, asked: Request) -> tuple[Done, Done] | No:
    """Move money from one card to another, which keeps its own date."""
    if card.card_id == other.card_id:
        return No("same-card", "It is the same card.")
    if card.currency != other.currency:
        return No("currency-differs", f"One card is in {card.currency}, the other in {other.currency}.")
    why = _unusable(card, asked.at) or _unusable(other, asked.at) or _short(card, amount)
    if why is None and card.expires_at is not None and (other.expires_at is None or other.expires_at > card.expires_at):
        why = No("date-extended", "The other card lapses later; money keeps its date.")
    if why is not None:
        return why
    out = _moved(card, "transfer_out", amount, asked, target="transferred", other=other.card_id)
    return out, _moved(other, "transfer_in", amount, asked, source="transferred", other=card.card_id)


def cash_out(card: GiftCard, law: Law, asked: Request, *, goodwill: bool = False) -> Done | No:
    """Pay out what is left, where the law lets its holder ask for it, or by `goodwill` of the issuer."""
    if card.balance_minor == 0:
        return No("nothing-left", "There is nothing on the card.")
    if card.state == "blocked":
        return No("card-blocked", "The card is blocked.")
    if not goodwill and not law.pays_out(card.balance_minor, card.initial_minor, card.currency):
        return No("no-cash-out", f"The rules of {law.code} do not ask for cash at this balance: {law.says}")
    return _moved(card, "cash_out", card.balance_minor, asked, target="cashed_out")


def expire(card: GiftCard, asked: Request) -> Done | None:
    """Let what is left lapse, if the date has passed."""
    if not card.expired(asked.at) or card.balance_minor == 0:
        return None
    return _moved(card, "expire", card.balance_minor, asked, target="expired")


def _too_early(card: GiftCard, law: Law, at: datetime) -> No | None:
    if card.expires_at is None:
        return None
    if law.no_expiry:
        return No("expiry-forbidden", f"Cards sold in {law.code} do not expire: {law.says}")
    earliest = law.earliest(at)
    if earliest is not None and card.expires_at < earliest:
        return No("expiry-too-early", f"In {law.code} not before {earliest.isoformat()}: {law.says}")
    return No("expiry-past", "The date has passed.") if card.expired(at) else None


def _unusable(card: GiftCard, at: datetime) -> No | None:
    if card.state == "blocked":
        return No("card-blocked", "The card is blocked.")
    if card.expired(at):
        assert card.expires_at is not None
        return No("card-expired", f"The card counted until {card.expires_at.isoformat()}.")
    return None


def _short(card: GiftCard, amount: int) -> No | None:
    if amount > card.balance_minor:
        return No("balance-short", f"There are {card.balance_minor} minor units on the card.")
    return None


def _moved(
    card: GiftCard,
    kind: EntryKind,
    amount: int,
    asked: Request,
    *,
    source: str = CARD,
    target: str = CARD,
    of_seq: int | None = None,
    other: UUID | None = None,
) -> Done:
    entry = Entry(
        card.seq + 1, kind, source, target, amount, asked.at, asked.cause, asked.reference, of_seq, other
    )  # fmt: skip
    return Done(apply(card, entry), entry)
