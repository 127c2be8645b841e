"""What a template would tell a member now, for a preview: what is so of them, and samples for what only an event knows.

Nothing here is sent. Of a name only the beginning is shown.
"""

from __future__ import annotations

from collections.abc import Iterable

from libs.messages import samples
from libs.messages.values import Declared, Points
from services.gateway.views import WalletBalance


def values_for(
    declared: Declared,
    *,
    programme: str,
    brand: str,
    tier: str | None,
    segments: Iterable[str],
    wallets: tuple[WalletBalance, ...],
    given_name: str | None,
) -> tuple[dict[str, object], frozenset[str]]:
    """Return values for a template, and which of them are the member's own."""
    own: dict[str, object] = {
        "given_name": masked_name(given_name),
        "programme": programme,
        "brand": brand or programme,
        "tier": tier,
        "segments": tuple(sorted(segments)),
        "rewards": (),
        "products": (),
    }
    if wallets:
        first = wallets[0]
        own["balance"] = Points(first.spendable, first.scale)
        if (lapsing := first.next_expiry) is not None:
            own["points"] = Points(lapsing.points, first.scale)
            own["last_day"] = lapsing.last_day
            own["value"] = None
    told = {name: value for name, value in own.items() if name in declared}
    return {**samples.full(declared), **told}, frozenset([name for name, value in told.items() if value is not None])


def masked_name(name: str | None) -> str | None:
    """Return a name of which only the beginning is shown."""
    return f"{name[0]}•••" if name else None
