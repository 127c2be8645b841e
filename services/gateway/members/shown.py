"""From a member's ledger to what the API shows of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from libs.language.catalogue import DEFAULT
from libs.ledger import balance as balances
from libs.ledger.balance import Balance
from libs.ledger.model import MemberLedger
from libs.promotions.pages import StoredDecision
from services.gateway.households.words import WORDS as HOUSEHOLDS
from services.gateway.store import Entry, LotPart, Member, Until, WalletFacts
from services.gateway.trades.words import trade_words
from services.gateway.views import (
    Activation,
    HistoryEntry,
    LotShare,
    MemberView,
    MovementView,
    NextExpiry,
    ReceiptReference,
    SparedPoints,
    UnpaidReceiptView,
    WalletBalance,
    masked,
)
from services.gateway.words import movement_words, outcome_words

_OF_MEMBER = frozenset({"pending", "active", "held", "debt"})
_OF_REDEMPTION = frozenset({"held", "redeemed"})


class _Number(msgspec.Struct, gc=False):
    """All that a history needs of an event's payload."""

    receipt_number: str | None = None


_number = msgspec.json.Decoder(_Number).decode


def member_view(
    member: Member, ledger: MemberLedger, wallets: Sequence[WalletFacts], at: datetime, known_at: datetime | None = None
) -> MemberView:
    """Show a member with the balance at `at` of each wallet that the programme has or the member has points in.

    `ledger` is what counts up to `at`, as it was known at `known_at`.
    """
    scales = {wallet.name: wallet.scale for wallet in wallets}
    held = balances.balances(ledger, at)
    empty = MemberLedger(ledger.member_id)
    zone = ZoneInfo(member.zone)
    return MemberView(
        member_id=member.member_id,
        programme=member.programme,
        tier=member.tier,
        enrolled_at=member.enrolled_at,
        member_seq=member.member_seq,
        as_of=at,
        known_at=known_at,
        identifiers=tuple([masked(identifier) for identifier in member.identifiers]),
        wallets=tuple(
            [
                _wallet(
                    name, scales.get(name, 0), held.get(name) or balances.balance(empty, name, at), zone, ledger, at
                )
                for name in (*scales, *[name for name in held if name not in scales])
            ]
        ),
    )


def _wallet(
    name: str, scale: int, balance: Balance, zone: ZoneInfo, ledger: MemberLedger, at: datetime
) -> WalletBalance:
    since = [debt.since for debt in ledger.debts if debt.wallet == name]
    return WalletBalance(
        wallet=name,
        scale=scale,
        available=balance.available,
        spendable=balance.spendable,
        pending=balance.pending,
        held=balance.held,
        debt=balance.debt,
        debt_since=since[0] if since and balance.debt else None,
        lent=balance.lent,
        lent_repays_percent=balance.share or None,
        lent_due_at=balance.due_at,
        activations=_activations(ledger, name, at),
        next_expiry=None
        if balance.next_expiry is None
        else NextExpiry(
            at=balance.next_expiry.instant,
            last_day=_last_day(balance.next_expiry.instant, zone),
            zone=zone.key,
            points=balance.next_expiry.amount,
        ),
        spared=tuple(
            [
                SparedPoints(
                    at=each.instant,
                    last_day=_last_day(each.instant, zone),
                    points=each.amount,
                    spared_by=each.reason.by,
                    spared_as=each.reason.name,
                    programme_version=each.reason.version,
                )
                for each in balance.sparing
            ]
        ),
    )


def _last_day(boundary: datetime, zone: ZoneInfo) -> date:
    """A boundary is the first instant without a local time of the ended period: its last day is just before."""
    return (boundary - timedelta(microseconds=1)).astimezone(zone).date()


def _activations(ledger: MemberLedger, wallet: str, at: datetime) -> tuple[Activation, ...]:
    """When the pending points of a wallet become active, soonest first."""
    dates: dict[datetime, int] = {}
    for lot in ledger.lots:
        if lot.wallet == wallet and lot.active_from > at and lot.remaining:
            dates[lot.active_from] = dates.get(lot.active_from, 0) + lot.remaining
    return tuple([Activation(at=instant, points=dates[instant]) for instant in sorted(dates)])


def until_name(until: Until) -> str:
    """Name what a history is cut to, so that a cursor is good for that alone."""
    ends = (until.effective, until.known)
    return "" if ends == (None, None) else "".join(f" {'-' if end is None else end.isoformat()}" for end in ends)


def history_entries(
    entries: Sequence[Entry],
    parts: Sequence[LotPart],
    decisions: Mapping[UUID, StoredDecision],
    language: str = DEFAULT,
) -> tuple[HistoryEntry, ...]:
    """Show the rows of a page, each with its lots and the receipt behind it."""
    lots: dict[int, list[LotShare]] = {}
    for part in parts:
        lots.setdefault(part.seq, []).append(LotShare(lot=part.lot, points=part.points, expires_at=part.expires_at))
    return tuple(
        [
            _unpaid(entry, decisions.get(entry.cause), language)
            if entry.outcome is not None
            else _movement(entry, lots.get(entry.seq, []), decisions.get(entry.cause), language)
            for entry in entries
        ]
    )


def _movement(entry: Entry, lots: Sequence[LotShare], decision: StoredDecision | None, language: str) -> MovementView:
    amount = entry.amount or 0
    return MovementView(
        seq=entry.seq,
        kind=entry.kind or "",
        words=_words(entry, language),
        wallet=entry.wallet or "",
        points=amount * ((entry.to_account in _OF_MEMBER) - (entry.from_account in _OF_MEMBER)),
        amount=amount,
        from_account=entry.from_account or "",
        to_account=entry.to_account or "",
        effective_at=entry.effective_at,
        recorded_at=entry.recorded_at,
        corrects=entry.corrects,
        spared_by=entry.spared_by,
        spared_as=entry.spared_as,
        lots=tuple(lots),
        receipt=None if decision is None else reference(decision),
        redemption=entry.cause if entry.trade is not None or _is_of_redemption(entry) else None,
    )


def _words(entry: Entry, language: str) -> str:
    if entry.trade is not None:
        return trade_words(entry.trade, entry.party, language)
    if entry.by_household and entry.kind is not None:
        return HOUSEHOLDS.say(language, entry.kind)
    return movement_words(entry.kind or "", entry.from_account or "", entry.to_account or "", language)


def _is_of_redemption(entry: Entry) -> bool:
    """Whether a movement is a part of a redemption: to or from what is held, or what was redeemed."""
    return not _OF_REDEMPTION.isdisjoint((entry.from_account, entry.to_account))


def _unpaid(entry: Entry, decision: StoredDecision | None, language: str) -> UnpaidReceiptView:
    return UnpaidReceiptView(
        after_seq=entry.seq,
        outcome=entry.outcome or "",
        words=outcome_words(entry.outcome or "", None if decision is None else decision.reason, language=language),
        reason=None if decision is None else decision.reason,
        effective_at=entry.effective_at,
        recorded_at=entry.recorded_at,
        receipt=None if decision is None else reference(decision),
    )


def reference(decision: StoredDecision) -> ReceiptReference:
    """Name the event of a decision, and where it is explained."""
    return ReceiptReference(
        kind=decision.kind,
        source=decision.source,
        id=decision.id,
        number=_number(decision.facts).receipt_number,
        href=receipt_path(decision.source, decision.id),
    )


def receipt_path(source: str, event_id: str) -> str:
    """The path of a receipt: slashes of its source stay, those of its id are encoded."""
    return f"/v1/receipts{quote(source, safe='/')}/{quote(event_id, safe='')}"
