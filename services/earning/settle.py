"""Settling a receipt: what its owner should have of it, against what the owner was given so far.

Whatever is said about a receipt only adds a fact to its story. What should stand is then computed anew, under the rules
that the receipt was first judged by, and the difference is credited or taken back: so the order in which facts arrive
makes no difference to where it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from libs.ledger.late import effective_time
from libs.ledger.model import Lot
from libs.ledger.reverse import Credit, Shortfall, reverse
from libs.promotions.decide import evaluate
from libs.promotions.evaluation import Evaluation
from libs.promotions.facts import MemberFacts
from libs.promotions.switches import ALL_KILLED, SWITCHED_OFF, killed
from libs.receipts.story import Account, Gained, Stands, Story, account_of, with_account
from services.earning.exchange import NO_RATE, exchange
from services.earning.lives import Life
from services.earning.placement import PERIOD_CLOSED, place_points
from services.earning.programmes import ActiveVersion, RunningProgramme
from services.earning.verdict import Cause, NewCredit

_structs = msgspec.structs


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a receipt's owner should have of it, by wallet; or why no rule can say (`waits`).

    `judged` is what is left of the purchase, in the programme's currency; `uses` counts against limits; `switches` are
    those that count as off.
    """

    judged_at: datetime
    arrived_at: datetime
    version: ActiveVersion | None
    target: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    waits: str | None = None
    evaluation: Evaluation | None = None
    judged: Any = None
    rate: tuple[int, int] | None = None
    uses: tuple[tuple[str, int, int], ...] = ()
    switches: tuple[str, ...] = ()


def entitlement(
    story: Story, standing: Stands, programme: RunningProgramme, owner: MemberFacts, counters: Mapping[str, int]
) -> Entitlement:
    """Judge what stands of a receipt. `counters` are the present ones, the receipt's own uses among them."""
    content = standing.content
    assert content is not None
    judged_at, ahead = effective_time(content.purchased_at, content.arrived_at)
    version = programme.at(judged_at) if story.version is None else programme.numbered(story.version)
    switches = programme.switches if story.version is None else story.switches

    def found(**told: Any) -> Entitlement:
        return Entitlement(judged_at, content.arrived_at, version, switches=switches, **told)

    if version is None:
        return found(reason=ahead, waits="no-programme-yet")
    if story.word == "refuse":
        return found(reason="refused-by-operator")
    purchase = standing.purchase()
    if purchase is None:
        return found(reason="nothing-left")
    exchanged = exchange(purchase, programme, version, judged_at, story.rate)
    if exchanged is None:
        return found(reason=ahead, waits=NO_RATE, judged=purchase)
    off = killed(switches, version.compiled, exchanged.purchase)
    counted = _without_own(counters, story)
    evaluation = evaluate(version.compiled, exchanged.purchase, owner, judged_at, counted, killed=off)
    nothing = SWITCHED_OFF if off is ALL_KILLED else None
    return found(
        target={grant.wallet: grant.points for grant in evaluation.grants},
        reason=evaluation.reason or nothing or ahead,
        evaluation=evaluation,
        judged=exchanged.purchase,
        rate=exchanged.rate,
        uses=tuple([(use.key, use.points, use.limit) for use in evaluation.uses]) if evaluation.grants else (),
    )


def _without_own(counters: Mapping[str, int], story: Story) -> Mapping[str, int]:
    if not story.uses:
        return counters
    return {**counters, **{key: counters.get(key, 0) - points for key, points, _ in story.uses}}


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
) -> Settled:
    """Credit or take back the difference, wallet by wallet; None entitles to nothing, because the receipt was voided.

    `at` is when the fact counts from that brought this about. `lapsed` says by lot how much of it has lapsed. `anew`
    is set where points are decided again later than with their receipt.
    """
    settled = Settled(story, [])
    target = {} if entitled is None else entitled.target
    wallets = sorted({account.wallet for account in story.accounts} | target.keys())
    accounts = {wallet: account_of(story, wallet) for wallet in wallets}
    credits = _credits(story, entitled, accounts, now if anew else None)
    if credits is None:
        settled.waits = PERIOD_CLOSED
        return settled
    policy = Shortfall(_policy(programme, entitled, story))
    for wallet in wallets:
        account, more = accounts[wallet], target.get(wallet, 0) - accounts[wallet].standing
        if more < 0:
            account = _take_back(settled, account, -more, life, now, at, cause, policy, lapsed)
        elif more > 0:
            account, more = _forgive_less(account, more)
            if more:
                new = credits[wallet]._replace(points=more)
                lot = life.credit(new, now, cause)
                settled.lots.append((lot, new.carried))
                account = _structs.replace(account, gained=(*account.gained, Gained(lot.seq, more)))
        if account != Account(wallet):
            settled.story = _structs.replace(settled.story, accounts=with_account(settled.story.accounts, account))
    if any(account.short for account in settled.story.accounts):
        settled.waits = "points-short"
    return settled


def _policy(programme: RunningProgramme, entitled: Entitlement | None, story: Story) -> str:
    version = None if entitled is None else entitled.version
    if version is None and story.version is not None:
        version = programme.numbered(story.version)
    return "debt" if version is None else version.compiled.source.returns.shortfall


def _credits(
    story: Story, entitled: Entitlement | None, accounts: Mapping[str, Account], anew_at: datetime | None
) -> dict[str, NewCredit] | None:
    """The dates of what is to be credited; None when something comes too late for any rule."""
    credits: dict[str, NewCredit] = {}
    if entitled is None or entitled.version is None:
        return credits
    for wallet, points in entitled.target.items():
        if points > accounts[wallet].standing:
            credit = place_points(
                entitled.version, wallet, points, entitled.judged_at, entitled.arrived_at, story.signals, anew_at
            )
            if credit is None:
                return None
            credits[wallet] = credit
    return credits


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
    gone = sum(lapsed.get(gain.lot, 0) for gain in account.gained) - account.lapsed
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
    corrected: dict[int | None, int] = {}
    for movement in taken.movements:
        corrected[movement.corrects] = corrected.get(movement.corrects, 0) + movement.amount
    settled.reversed += sum(corrected.values())
    return Account(
        account.wallet,
        tuple([Gained(gain.lot, gain.points, gain.reversed + corrected.get(gain.lot, 0)) for gain in account.gained]),
        account.forgiven + taken.forgiven,
        account.lapsed + taken.lapsed,
        account.short + taken.short,
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


def judged_now(story: Story, entitled: Entitlement, owner: MemberFacts) -> Story:
    """The story with what it is judged by from now on."""
    if entitled.version is None or entitled.waits is not None:
        return story
    return _structs.replace(
        story,
        version=entitled.version.compiled.version,
        tier=owner.tier if story.version is None else story.tier,
        rate=entitled.rate,
        uses=entitled.uses,
        switches=entitled.switches,
    )


def claimable_until(purchased_at: datetime, programme: RunningProgramme) -> datetime | None:
    """Until when a purchase may be claimed; None when no rules of its time say so."""
    version = programme.at(purchased_at)
    return None if version is None else purchased_at + timedelta(days=version.compiled.source.claim_days)
