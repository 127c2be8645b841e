"""What a version changes for members, in words: what people read before they say yes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from libs.exemptions.rules import counts_from
from libs.history.needs import needs_of
from libs.judging.terms import own_expiries, policy_of
from libs.language.catalogue import DEFAULT
from libs.ledger.boundary import Never, expiry_of
from libs.ledger.zones import load_zone
from libs.promotions.campaigns import Campaign
from libs.promotions.compile import RUNNING
from libs.promotions.diff import Change
from libs.promotions.exemption_words import exemption_words
from libs.promotions.expiry import AnniversaryExpiry, AnyExpiry, ExpiryFor, NaturalExpiry
from libs.promotions.expiry_words import expiry_words
from libs.promotions.gifts import REWARD, Gift
from libs.promotions.pending import active_from
from libs.promotions.programme import Programme
from libs.promotions.turns import runs
from libs.promotions.wallets import PendingDays, PendingEvent, PendingOnDays, Wallet

_ROUNDING = {"floor": "down", "half_up": "to the nearest point, a half up", "ceil": "up"}
_SHORTFALL = {
    "debt": "are owed",
    "pending_only": "are forgiven, as is all that is no longer pending",
    "up_to_balance": "are forgiven",
    "operator": "wait for an operator",
}
_CAMPAIGN = re.compile(r"campaigns\[([^\]]+)\](.*)")
_SHOWN = 5
_STATES = {"draft": "a draft", "paused": "paused", "ended": "ended"}


def consequences(old: Programme | None, new: Programme, at: datetime) -> tuple[str, ...]:
    """Say what a version means for members when it takes the place of another at an aware instant."""
    told = [*_wallets(old, new, at), *_whole(old, new), *_campaigns(old, new, at)]
    told += [*_exemptions(old, new, at), *_experiments(old, new), *_days(old, new), *_referral(old, new)]
    told += _rewards(new)
    if old is not None:
        told.append(
            f"What happened before {instant_text(at)} is judged by version {old.version}, whenever it is told; "
            "points already earned keep their dates."
        )
    return tuple(told)


def summary(changes: Sequence[Change]) -> str:
    """Say in one line what was changed."""
    campaigns: dict[str, list[str]] = {"added": [], "removed": [], "changed": []}
    others: list[str] = []
    for change in changes:
        named = _CAMPAIGN.match(change.path)
        if named is None:
            others.append(change.path)
            continue
        what = "changed" if named.group(2) else change.what
        if named.group(1) not in campaigns[what]:
            campaigns[what].append(named.group(1))
    told = [f"{len(ids)} {_counted(ids)} {what} ({_some(ids)})" for what, ids in campaigns.items() if ids]
    return "; ".join(told + ([_some(others)] if others else []))


def _counted(ids: Sequence[str]) -> str:
    return "campaign" if len(ids) == 1 else "campaigns"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _wallets(old: Programme | None, new: Programme, at: datetime) -> Iterator[str]:
    before = {} if old is None else {wallet.name: wallet for wallet in old.wallets}
    for wallet in new.wallets:
        was = before.pop(wallet.name, None)
        rules = _lives(wallet, new, at)
        if was is None:
            yield f"Wallet {wallet.name} is new: its points {rules}."
            continue
        if _dates(was) != _dates(wallet):
            yield f"Points of wallet {wallet.name} earned from then on {rules}; those already earned keep their dates."
        if was.scale != wallet.scale:
            yield (
                f"Wallet {wallet.name} shows {wallet.scale} decimals instead of {was.scale}: stored points stay the "
                "same numbers, so every balance looks different."
            )
    for name in before:
        yield f"Wallet {name} is gone: nothing is paid into it any more; its points stay, and lapse as they would have."
    yield from _own(old, new)
    if old is not None and old.wallets[0].name != new.wallets[0].name:
        yield f"Campaigns that name no wallet pay into {new.wallets[0].name} instead of {old.wallets[0].name}."


def _own(old: Programme | None, new: Programme) -> Iterator[str]:
    """Effects whose points have another policy than their wallet."""
    before = {} if old is None else own_expiries(old)
    own = own_expiries(new)
    for (campaign, number), expiry in own.items():
        if (campaign, number) not in before or before[campaign, number] != expiry:
            told = "; ".join(_clause(sentence) for sentence in expiry_words(expiry, "en"))
            yield f"Points of campaign {campaign} have a date of their own from then on: they {told}."
    for campaign, _ in sorted(before.keys() - own.keys()):
        yield f"Points of campaign {campaign} get the dates of their wallet from then on; those earned keep theirs."


def _dates(wallet: Wallet) -> tuple[object, ...]:
    return wallet.expiry, wallet.expiry_for, wallet.pending, wallet.expiry_from


def _lives(wallet: Wallet, programme: Programme, at: datetime) -> str:
    told = [_waits(wallet)] if wallet.pending is not None else []
    told.append(_lapse(wallet, wallet.expiry, programme, at))
    others = [
        f"those of members {_whose(other)} {_lapse(wallet, other.expiry, programme, at)}" for other in wallet.expiry_for
    ]
    return "; ".join([" and ".join(told), *others])


def _whose(other: ExpiryFor) -> str:
    tiers = [f"of tier {' or '.join(other.tiers)}"] if other.tiers else []
    segments = [f"of segment {' or '.join(other.segments)}"] if other.segments else []
    return " or ".join([*tiers, *segments])


def _lapse(wallet: Wallet, expiry: AnyExpiry, programme: Programme, at: datetime) -> str:
    """Say when points lapse, and with those of which last day that begins."""
    policy = policy_of(expiry)
    if isinstance(policy, Never):
        return "never lapse"
    zone = load_zone(programme.zone)
    starts = at
    if wallet.expiry_from == "activation":
        starts = active_from(wallet.pending, at, zone) or at
    sentences = list(expiry_words(expiry, "en"))
    lapses = "; ".join(_clause(sentence) for sentence in sentences)
    if isinstance(expiry, NaturalExpiry) and len(sentences) == 1:
        period, extra = expiry.period.replace("_", "-"), expiry.extra_periods
        later = f", {extra} {period}{'s' if extra > 1 else ''} later" if extra else ""
        lapses = f"lapse at the end of the {period}{later}"
    if isinstance(expiry, AnniversaryExpiry):
        return lapses
    last_day = expiry_of(starts, zone, policy).local_date
    return f"{lapses} (those earned in that moment: with the end of {last_day.isoformat()})"


def _clause(sentence: str) -> str:
    """A sentence about points as a part of another one that has named them."""
    told = sentence.removeprefix("They ").removesuffix(".")
    return told[:1].lower() + told[1:]


def _waits(wallet: Wallet) -> str:
    match wallet.pending:
        case PendingDays(days=days):
            return f"become active {days} days after they were earned"
        case PendingOnDays(days_of_month=days_of_month):
            return f"become active on day {', '.join(map(str, days_of_month))} of the month"
        case PendingEvent(activities=activities, deadline_days=days):
            return f"become active with {' or '.join(activities)}, at the latest {days} days after they were earned"
    return "are active at once"


def _exemptions(old: Programme | None, new: Programme, at: datetime) -> Iterator[str]:
    """Whose points live on at a boundary, and from when that counts."""
    changed = False
    for wallet in new.wallets:
        was = () if old is None else _spared_words(old, wallet.name)
        words = _spared_words(new, wallet.name)
        yield from (f"Wallet {wallet.name}, at its boundaries. {line}" for line in words if line not in was)
        yield from (f"Wallet {wallet.name}, no longer at its boundaries. {line}" for line in was if line not in words)
        changed |= set(words) != set(was)
    if changed and old is not None:
        yield (
            f"What is spared at boundaries changes at {instant_text(counts_from(at, first=False))}: the heads of "
            "all members are brought to it before that; what was spared until then keeps its later date."
        )


def _spared_words(programme: Programme, name: str) -> tuple[str, ...]:
    wallet = next((each for each in programme.wallets if each.name == name), None)
    return () if wallet is None else tuple(exemption_words(programme, wallet, DEFAULT))


def _experiments(old: Programme | None, new: Programme) -> Iterator[str]:
    before = {} if old is None else {each.name: each for each in old.experiments}
    for each in new.experiments:
        was = before.pop(each.name, None)
        if was is None:
            arms = ", ".join(f"{arm.name} {arm.per_mille / 10:g} %" for arm in each.arms)
            yield f"Experiment {each.name} is new: the lot puts every member into an arm: {arms}."
        elif was.arms != each.arms:
            yield (
                f"Experiment {each.name} has other arms: members change from one to another, and its figures mix them; "
                "another split is better an experiment with another name."
            )
    for name in before:
        yield f"Experiment {name} is gone: its figures are no longer shown."


def _days(old: Programme | None, new: Programme) -> Iterator[str]:
    """Days of members are told apart by what a version asks for; what was before lies in the decisions alone."""
    was, needs = None if old is None else needs_of(old), needs_of(new)
    if old is None or needs is None:
        return
    if was is None or needs.by_category > was.by_category or needs.shares - was.shares or needs.costs - was.costs:
        yield (
            "What members did is counted by the day in a way it was not before. Earlier days count once "
            "`pointstream db rebuild --history` has run; until then `pointstream verify` names them."
        )


def _whole(old: Programme | None, new: Programme) -> Iterator[str]:
    if old is None or old.rounding != new.rounding:
        yield f"The points of a receipt are rounded {_ROUNDING[new.rounding]}."
    if old is None:
        return
    if old.returns != new.returns:
        yield (
            "Points to be taken back after a return that the member has spent "
            f"{_SHORTFALL[new.returns.shortfall]}: for purchases from then on."
        )
    if old.claim_days != new.claim_days:
        yield f"A purchase may be claimed for {new.claim_days} days instead of {old.claim_days}."


def _campaigns(old: Programme | None, new: Programme, at: datetime) -> Iterator[str]:
    before = {} if old is None else {campaign.id: campaign for campaign in old.campaigns}
    for campaign in new.campaigns:
        was = before.pop(campaign.id, None)
        if was == campaign:
            continue
        ran, runs_now = was is not None and runs(was, at), runs(campaign, at)
        if runs_now:
            what = "goes on by other rules" if ran else "starts"
            yield f"Campaign {campaign.id} {what}{_until(campaign)}."
        elif ran:
            yield f"Campaign {campaign.id} stops: {_rests(campaign, at)}."
        else:
            yield f"Campaign {campaign.id} does not run: {_rests(campaign, at)}."
    for campaign in before.values():
        what = "stops: it is gone" if runs(campaign, at) else "is gone"
        yield f"Campaign {campaign.id} {what} from the document."


def _referral(old: Programme | None, new: Programme) -> Iterator[str]:
    was = None if old is None else old.referral
    if new.referral == was:
        return
    if new.referral is None:
        yield "Members bring in no more friends; those who have named a code still count by the rules of then."
        return
    what = "bring in friends" if was is None else "bring in friends by other rules"
    yield f"Members {what}: those who name a code from then on."


def _rewards(new: Programme) -> Iterator[str]:
    """Rewards that levels keep for their members, and that come to nothing."""
    given = {
        each.reference
        for campaign in new.campaigns
        for each in campaign.benefits
        if isinstance(each, Gift) and each.kind == REWARD
    }
    for tiers in new.tier_sets:
        for level in tiers.levels:
            for reward in level.rewards:
                where = f"tier_sets[{tiers.name}].levels[{level.name}].rewards"
                if reward not in given:
                    yield f"{where}: no campaign gives the reward {reward}, so nobody has it yet."
                elif not tiers.drives_tier:
                    yield f"{where}: the set does not drive the tier, so everybody can have the reward {reward}."


def _until(campaign: Campaign) -> str:
    return "" if campaign.frame.ends_at is None else f", until {instant_text(campaign.frame.ends_at)}"


def _rests(campaign: Campaign, at: datetime) -> str:
    if campaign.state not in RUNNING:
        return f"it is {_STATES[campaign.state]}"
    if campaign.frame.ends_at is not None and campaign.frame.ends_at <= at:
        return f"its time ended at {instant_text(campaign.frame.ends_at)}"
    assert campaign.frame.starts_at is not None, "whatever may run and does not has a frame"
    return f"it starts at {instant_text(campaign.frame.starts_at)}{_until(campaign)}"


def instant_text(at: datetime) -> str:
    """Write an instant as people read it, in UTC."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
