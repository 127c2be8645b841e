"""What stands under a receipt number, told from its story, or from its decision where nothing else happened. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from libs.promotions.basket import NOTHING
from libs.promotions.pages import StoredDecision
from libs.receipts.story import Account, Story, read_story, stands
from services.gateway.members.facts import PURCHASES, read_facts, shown_receipt
from services.gateway.members.shown import receipt_path
from services.gateway.receipts.explained import taken_back
from services.gateway.receipts.state_views import ReceiptEvent, ReceiptState, State, WaitsFor, WalletOfReceipt
from services.gateway.receipts.store import StoredReceipt
from services.gateway.words import outcome_words, reason_words, way_on

_STATES: dict[State, str] = {
    "stands": "The purchase stands.",
    "partly_returned": "Part of the purchase came back.",
    "returned": "All of the purchase came back.",
    "voided": "The receipt was cancelled.",
    "awaited": "The purchase has not arrived yet. What was said of it counts as soon as it comes.",
}


def receipt_state(
    number: str, store: str | None, programme: str, receipt: StoredReceipt, decisions: Sequence[StoredDecision]
) -> ReceiptState:
    """Tell what stands under a number, and everything that was said under it."""
    if receipt.story is not None:
        story = read_story(receipt.story)
        state, content, remaining = _told(story)
        wallets = [_wallet(account) for account in story.accounts]
    else:
        purchase = next((one for one in decisions if one.key == receipt.event_key), None)
        content = remaining = read_facts(purchase) if purchase is not None and purchase.kind in PURCHASES else None
        state = "awaited" if receipt.event_key is None else "stands"
        wallets = [] if purchase is None else _credited(purchase)
    return ReceiptState(
        number=number,
        store=store,
        programme=programme,
        member_id=receipt.member_id,
        state=state,
        words=_words(state, wallets, receipt.waits_for),
        waits_for=None if receipt.waits_for is None else _waits_for(receipt.waits_for),
        content=None if content is None else shown_receipt(content),
        remaining=None if remaining is None else shown_receipt(remaining),
        wallets=tuple(wallets),
        events=tuple([_event(decision) for decision in decisions]),
    )


def _told(story: Story) -> tuple[State, Any, Any]:
    left = stands(story)
    if left.content is None:
        return ("voided" if left.voided else "awaited"), None, None
    remaining = left.purchase()
    state: State = "returned" if remaining is None else "stands" if left.returned == NOTHING else "partly_returned"
    return state, left.content.purchase, remaining


def _wallet(account: Account) -> WalletOfReceipt:
    return WalletOfReceipt(
        wallet=account.wallet,
        credited=sum([gain.points for gain in account.gained]),
        reversed=sum([gain.reversed for gain in account.gained]),
        forgiven=account.forgiven,
        lapsed=account.lapsed,
        short=account.short,
        left=account.standing,
    )


def _credited(purchase: StoredDecision) -> list[WalletOfReceipt]:
    points: dict[str, int] = {}
    for lot in purchase.lots:
        points[lot.wallet] = points.get(lot.wallet, 0) + lot.points
    return [
        WalletOfReceipt(wallet=wallet, credited=amount, reversed=0, forgiven=0, lapsed=0, short=0, left=amount)
        for wallet, amount in points.items()
    ]


def _words(state: State, wallets: Sequence[WalletOfReceipt], waits_for: str | None) -> str:
    said = [_STATES[state]]
    for wallet in wallets:
        parts = [f"{wallet.credited} {wallet.wallet} credited"]
        parts += [f"{wallet.reversed} taken back"] if wallet.reversed else []
        parts += [f"{wallet.forgiven} forgiven"] if wallet.forgiven else []
        parts += [f"{wallet.lapsed} lapsed"] if wallet.lapsed else []
        parts += [f"{wallet.short} to be decided by an operator"] if wallet.short else []
        said.append(f"{', '.join(parts)}, {wallet.left} left.")
    if waits_for is not None:
        said.append(reason_words(waits_for))
    return " ".join(said)


def _waits_for(reason: str) -> WaitsFor:
    return WaitsFor(reason=reason, words=reason_words(reason), way_on=way_on(reason))


def _event(decision: StoredDecision) -> ReceiptEvent:
    back = taken_back(decision)
    first = f"{back} points were taken back." if decision.outcome == "reversed" and back else None
    return ReceiptEvent(
        kind=decision.kind,
        source=decision.source,
        id=decision.id,
        occurred_at=decision.occurred_at,
        arrived_at=decision.arrived_at,
        outcome=decision.outcome,
        words=outcome_words(decision.outcome, decision.reason, first),
        credited=sum([lot.points for lot in decision.lots]),
        reversed=back,
        href=receipt_path(decision.source, decision.id),
    )
