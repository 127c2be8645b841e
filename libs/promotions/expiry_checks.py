"""Whether the expiry policies of a programme agree with its campaigns, members and activities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from libs.promotions.campaigns import Campaign
from libs.promotions.declarations import ActivityType
from libs.promotions.expiry import AnyExpiry, ExpiryFor, InactivityExpiry
from libs.promotions.parts import Misplaced
from libs.promotions.payouts import Payout
from libs.promotions.segments import Segment
from libs.promotions.tiers import TierSet
from libs.promotions.wallets import PendingEvent, Wallet


def check_expiry(
    wallets: Sequence[Wallet],
    campaigns: Iterable[Campaign],
    tier_sets: Sequence[TierSet],
    segments: Sequence[Segment],
    activities: Sequence[ActivityType],
) -> None:
    """Refuse policies for tiers, segments and activities that there are not, and effects that cannot have their own.

    Raises:
        Misplaced: there is one.
    """
    driving = [level.name for one in tier_sets if one.drives_tier for level in one.levels]
    named = [segment.name for segment in segments]
    declared = [activity.name for activity in activities]
    for at, wallet in enumerate(wallets):
        for path, expiry in _policies(wallet):
            if declared and isinstance(expiry, InactivityExpiry):
                where = f"wallets[{at}].{path}.activities"
                _check_known(where, expiry.activities, declared, "activity", always=True)
        for number, other in enumerate(wallet.expiry_for):
            path = f"wallets[{at}].expiry_for[{number}]"
            _check_known(f"{path}.tiers", other.tiers, driving, "tier")
            _check_known(f"{path}.segments", other.segments, named, "segment", always=True)
    by_name = {wallet.name: wallet for wallet in wallets}
    for at, campaign in enumerate(campaigns):
        for number, effect in enumerate(campaign.benefits):
            if isinstance(effect, Payout) and effect.expiry is not None:
                wallet = by_name[effect.wallet or wallets[0].name]
                _check_own(f"campaigns[{at}].{campaign.path_of(number)}.expiry", wallet)


def _policies(wallet: Wallet) -> Iterator[tuple[str, AnyExpiry]]:
    yield "expiry", wallet.expiry
    for at, other in enumerate(wallet.expiry_for):
        yield f"expiry_for[{at}].expiry", other.expiry


def _check_own(path: str, wallet: Wallet) -> None:
    if isinstance(wallet.expiry, InactivityExpiry) or _any_inactivity(wallet.expiry_for):
        raise Misplaced(path, f"points of wallet {wallet.name!r} lapse by inactivity, all of them: name another wallet")
    if isinstance(wallet.pending, PendingEvent) and wallet.expiry_from == "activation":
        reason = f"points of wallet {wallet.name!r} get their date when an activity makes them active"
        raise Misplaced(path, f"{reason}: name another wallet, or let its clock start with `earning`")


def _any_inactivity(others: Iterable[ExpiryFor]) -> bool:
    return any(isinstance(one.expiry, InactivityExpiry) for one in others)


def _check_known(path: str, asked: Sequence[str], known: Sequence[str], what: str, *, always: bool = False) -> None:
    """Where nothing of the kind is declared, names come from elsewhere, unless they `always` are declared."""
    for at, name in enumerate(asked):
        if (known or always) and name not in known:
            raise Misplaced(f"{path}[{at}]", f"no {what} {name!r}", ", ".join(known))
