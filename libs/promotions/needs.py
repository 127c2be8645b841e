"""What a programme asks about members, so that only what is asked for is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from libs.promotions.audience import MemberConditions
from libs.promotions.campaigns import Campaign
from libs.promotions.expiry import AnniversaryExpiry, AnyExpiry
from libs.promotions.history import EVER, Window
from libs.promotions.payouts import Payout
from libs.promotions.variables import EXPRESSIONS, REACH
from libs.promotions.wallets import Wallet


@dataclass(frozen=True, slots=True)
class Needs:
    """Which facts of members the running campaigns look at.

    `history` tells whether any does at their history, `history_days` how many days back at most, the day of the receipt
    included; None is for ever, and 0 goes with no history at all. `windows` are those that are looked through.
    """

    history: bool = False
    history_days: int | None = 0
    windows: tuple[Window, ...] = ()
    categories: bool = False
    segments: bool = False
    lists: bool = False
    attributes: bool = False
    birthday: bool = False
    joined_on: bool = False

    @property
    def profile(self) -> bool:
        """Whether anything is asked that stands with the member: attributes, birthday, day of enrolment."""
        return self.attributes or self.birthday or self.joined_on


NOTHING = MemberConditions()


def needs_of(campaigns: Sequence[Campaign], wallets: Sequence[Wallet] = ()) -> Needs:
    """Add up what campaigns ask about members, and what points need to get their dates."""
    windows: list[Window] = []
    asked: dict[str, bool] = {}
    for campaign in campaigns:
        member = campaign.when.member or NOTHING
        names = tuple(name for source in campaign.expressions for name in EXPRESSIONS.mentioned(source))
        windows += [one.window for one in member.history] + [REACH[name] for name in names if name in REACH]
        windows += [EVER] if member.nth_purchase or member.last_purchase else []
        for fact, seen in _facts(campaign, member, names).items():
            asked[fact] = asked.get(fact, False) or bool(seen)
    for fact in _of_dates(campaigns, wallets):
        asked[fact] = True
    reach = [window.reach for window in windows]
    days = None if None in reach else max([days for days in reach if days is not None], default=0)
    return Needs(history=bool(windows), history_days=days, windows=tuple(dict.fromkeys(windows)), **asked)


def _of_dates(campaigns: Sequence[Campaign], wallets: Sequence[Wallet]) -> Iterator[str]:
    """What expiry policies look at of members, beside their tier."""
    others = [one for wallet in wallets for one in wallet.expiry_for]
    expiries: list[AnyExpiry | None] = [*[wallet.expiry for wallet in wallets], *[one.expiry for one in others]]
    effects = [effect for campaign in campaigns for effect in campaign.benefits]
    expiries += [effect.expiry for effect in effects if isinstance(effect, Payout)]
    if any(one.segments for one in others):
        yield "segments"
    if any(isinstance(expiry, AnniversaryExpiry) for expiry in expiries):
        yield "joined_on"


def _facts(campaign: Campaign, member: MemberConditions, names: tuple[str, ...]) -> Mapping[str, object]:
    when = campaign.when
    return {
        "categories": any(one.category for one in member.history),
        "segments": when.segments or when.not_segments or "segments" in names,
        "lists": when.lists or when.not_lists or "lists" in names,
        "attributes": member.attributes or "attributes" in names,
        "birthday": member.birthday or "days_to_birthday" in names,
        "joined_on": member.anniversary or member.enrolled or "days_enrolled" in names,
    }
