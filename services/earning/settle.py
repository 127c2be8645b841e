"""Settling a receipt: what its owner should have of it, against what the owner was given so far.

Whatever is said about a receipt only adds a fact to its story. What should stand is then computed anew, under the rules
that the receipt was first judged by, and the difference is credited or taken back: so the order in which facts arrive
makes no difference to where it ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from libs.judging.alive import told_late
from libs.judging.entitlement import Entitlement
from libs.judging.placement import PERIOD_CLOSED, place_points, portions
from libs.judging.terms import PaidBy
from libs.judging.verdict import NewCredit
from libs.judging.versions import RunningProgramme
from libs.ledger.model import Lot
from libs.ledger.reverse import Credit, Shortfall, reverse
from libs.lives.made import Cause
from libs.promotions.evaluation import Grant
from libs.receipts.story import Account, Gained, Story, with_account
from services.earning.lives import Life

_structs = msgspec.structs


@dataclass(slots=True)
class Settled:
    """What settling did: the story after it, the lots made, points taken back, and what still waits."""

    story: Story
    lots: list[tuple[Lot, bool]]
    reversed: int = 0
    waits: str | None = None

    @property
    def credited(self) -> int:
        """Points credited over all wallets."""
        return sum(lot.amount for lot, _ in self.lots)


def settle(
    story: Story,
    entitled: Entitlement | None,
    life: Life,
    programme: RunningProgramme,
    now: datetime,
    at: datetime,
    cause: Cause,
    lapsed: Mapping[int, int],
    *,
    anew: bool,
    policy: Shortfall | None = None,
) -> Settled:
    """Credit or take back the difference, wallet by wallet; None entitles to nothing, because the receipt was voided.

    `at` is when the fact counts from that brought this about. `lapsed` says by lot how much of it has lapsed. `anew`
    is set where points are decided again later than with their receipt. `policy` says what becomes of points that are
    not there any more, where it is not the programme's word.
    """
    settled = Settled(story, [])
    target = {} if entitled is None else entitled.target
    accounts = {wallet: Account(wallet) for wallet in target} | {each.wallet: each for each in story.accounts}
    credits = _credits(story, entitled, accounts, now if anew else None)
    if credits is None:
        settled.waits = PERIOD_CLOSED
        return settled
    policy = policy or Shortfall(_policy(programme, entitled, story))
    after = []
    for wallet in sorted(accounts):
        account = accounts[wallet]
        more = target.get(wallet, 0) - account.standing
        if more < 0:
            account = _take_back(settled, account, -more, life, now, at, cause, policy, lapsed)
        elif more > 0:
            account, more = _forgive_less(account, more)
            for new in told_late(programme, life.ledger, list(_share(credits.get(wallet, ()), more))):
                lot = life.credit(new, now, cause)
                settled.lots.append((lot, new.carried))
                account = _structs.replace(account, gained=(*account.gained, Gained(lot.seq, new.points)))
        if account != Account(wallet):
            after.append(account)
    settled.story = _structs.replace(story, accounts=tuple(after))
    if any(account.short for account in after):
        settled.waits = "points-short"
    return settled


def _policy(programme: RunningProgramme, entitled: Entitlement | None, story: Story) -> str:
    version = None if entitled is None else entitled.version
    if version is None and story.version is not None:
        version = programme.numbered(story.version)
    return "debt" if version is None else version.compiled.source.returns.shortfall


def _credits(
    story: Story, entitled: Entitlement | None, accounts: Mapping[str, Account], anew_at: datetime | None
) -> dict[str, list[NewCredit]] | None:
    """The dates of what there is to credit, one for each policy; None when something comes too late for any rule."""
    credits: dict[str, list[NewCredit]] = {}
    if entitled is None or entitled.version is None:
        return credits
    version, dates = entitled.version, (entitled.judged_at, entitled.arrived_at, story.signals, anew_at, entitled.owner)
    for wallet, points in entitled.target.items():
        if points > accounts[wallet].standing:
            for effect, part in _portions(entitled, wallet, points):
                credit = place_points(version, wallet, part, *dates, effect)
                if credit is None:
                    return None
                credits.setdefault(wallet, []).append(credit)
    return credits


def _portions(entitled: Entitlement, wallet: str, points: int) -> list[tuple[PaidBy | None, int]]:
    assert entitled.version is not None, "whoever is entitled to points is so by a version"
    if entitled.evaluation is None:
        return [(None, points)]
    return portions(entitled.version, entitled.evaluation, Grant(wallet, points))


def _share(credits: Sequence[NewCredit], points: int) -> Iterator[NewCredit]:
    """Cut points into credits, those on the wallet's terms first; where that is all that is entitled to, as decided."""
    for credit in credits:
        if part := min(credit.points, points):
            yield _structs.replace(credit, points=part)
            points -= part


def _forgive_less(account: Account, more: int) -> tuple[Account, int]:
    """What was given up, or waits to be taken, is still with the member: it counts before anything new is given."""
    kept = min(more, account.short)
    account, more = _structs.replace(account, short=account.short - kept), more - kept
    kept = min(more, account.forgiven)
    return _structs.replace(account, forgiven=account.forgiven - kept), more - kept


def _take_back(
    settled: Settled,
    account: Account,
    points: int,
    life: Life,
    now: datetime,
    at: datetime,
    cause: Cause,
    policy: Shortfall,
    lapsed: Mapping[int, int],
) -> Account:
    gone = sum(lapsed.get(gain.lot, 0) for gain in account.gained) + account.gone - account.lapsed
    taken = reverse(
        life.ledger,
        account.wallet,
        points,
        [Credit(gain.lot, gain.points - gain.reversed) for gain in account.gained],
        effective_at=at,
        recorded_at=now,
        policy=policy,
        lapsed=max(gone, 0),
    )
    life.record(taken.movements, cause)
    corrected: dict[int, int] = {}
    for movement in taken.movements:
        lot = movement.corrects or 0
        corrected[lot] = corrected.get(lot, 0) + movement.amount
    settled.reversed += sum(corrected.values())
    return Account(
        account.wallet,
        tuple([Gained(gain.lot, gain.points, gain.reversed + corrected.get(gain.lot, 0)) for gain in account.gained]),
        account.forgiven + taken.forgiven,
        account.lapsed + taken.lapsed,
        account.short + taken.short,
        account.gone,
    )


def settle_short(story: Story, life: Life, now: datetime, at: datetime, cause: Cause, *, forgive: bool) -> Settled:
    """Carry out an operator's word about what could not be taken back: it is owed, or given up."""
    settled = Settled(story, [])
    for account in story.accounts:
        if not account.short:
            continue
        freed = _structs.replace(account, short=0)
        if forgive:
            after = _structs.replace(freed, forgiven=account.forgiven + account.short)
        else:
            after = _take_back(settled, freed, account.short, life, now, at, cause, Shortfall.DEBT, {})
        settled.story = _structs.replace(settled.story, accounts=with_account(settled.story.accounts, after))
    return settled


def claimable_until(purchased_at: datetime, programme: RunningProgramme) -> datetime | None:
    """Until when a purchase may be claimed; None when no rules of its time say so."""
    version = programme.at(purchased_at)
    return None if version is None else purchased_at + timedelta(days=version.compiled.source.claim_days)
