"""What of a member's points can be spent on rewards, by wallet. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from libs.catalogue.facts import MemberFacts
from libs.ledger.model import MemberLedger
from libs.ledger.spend import redeem


def with_points(facts: MemberFacts, ledger: MemberLedger, scales: Mapping[str, int], now: datetime) -> MemberFacts:
    """Add what can be spent to what is known of a member; `scales` are the decimals of the wallets in their order.

    What time has done is recorded on the ledger already. Under "" all count together that have the first one's unit.
    """
    spendable = {wallet: redeem(ledger, 1, [wallet], now).spendable for wallet in scales}
    shared = [wallet for wallet, scale in scales.items() if scale == next(iter(scales.values()))]
    if shared:
        spendable[""] = redeem(ledger, 1, shared, now).spendable
    return replace(facts, spendable=spendable, owing=any(debt.amount for debt in ledger.debts))
