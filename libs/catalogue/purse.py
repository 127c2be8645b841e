"""What of a member's points can be spent on rewards, by wallet. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from libs.catalogue.facts import MemberFacts
from libs.ledger.model import MemberLedger
from libs.ledger.spend import spendable


def with_points(
    facts: MemberFacts,
    ledger: MemberLedger,
    scales: Mapping[str, int],
    now: datetime,
    common: Callable[[Sequence[str]], MemberLedger] | None = None,
) -> MemberFacts:
    """Add what can be spent to what is known of a member; `scales` are the decimals of the wallets in their order.

    What time has done is recorded on the ledger already. Under "" all count together that have the first one's unit.
    `common` gives the ledger that is spent from, by its wallets, where that is not the member's own.
    """

    def there(wallets: Sequence[str]) -> int:
        return spendable(ledger if common is None else common(wallets), wallets, now)

    found = {wallet: there([wallet]) for wallet in scales}
    shared = [wallet for wallet, scale in scales.items() if scale == next(iter(scales.values()))]
    if shared:
        found[""] = there(shared) if len(shared) > 1 else found[shared[0]]
    return replace(facts, spendable=found, owing=any(debt.amount for debt in ledger.debts))
