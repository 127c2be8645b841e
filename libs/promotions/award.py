"""The decision where more than one effect of points a campaign is at work: several benefits, discounts, gifts, and
limits of every kind.

Points first, leg by leg in the order of phases; then discounts, the stronger campaign's first, each on what the ones
before it left; then gifts. No points are reckoned on a discount: a receipt says what was paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from libs.promotions.compile import CompiledCampaign, CompiledProgramme
from libs.promotions.discounting import Basket, CompiledDiscount, Off, cut_down
from libs.promotions.effects import Earned, amount_of
from libs.promotions.evaluation import LIMITED, RESERVED, RULE_ERROR, Capped, Discount, Failed, Granted, Paid, Use
from libs.promotions.given import GivenLike, by_campaign
from libs.promotions.limits import CompiledLimit, Tally, Used, cut, full, taken
from libs.promotions.situation import Situation

Match = tuple[CompiledCampaign, int]

STACKING = "stacking"
"""The `limit` of a `Capped` that the greatest discount of a receipt cut."""


class Award:
    """What the matching campaigns of one receipt give, as it is put together."""

    __slots__ = (
        "_campaigns",
        "_closed",
        "_given",
        "_matches",
        "_programme",
        "_situation",
        "_tally",
        "_why",
        "capped",
        "discounts",
        "granted",
        "paid",
        "totals",
    )

    def __init__(
        self, programme: CompiledProgramme, situation: Situation, matches: Sequence[Match], counters: Used
    ) -> None:
        self._programme = programme
        self._situation = situation
        self._matches = matches
        self._tally = Tally(counters)
        self._given: dict[CompiledCampaign, list[GivenLike]] = {}
        self._campaigns = [campaign for campaign, _ in matches]
        if situation.receipt.discounts:
            given = by_campaign(situation.receipt.discounts)
            known = programme.discounting
            self._given = {known[name]: own for name, own in given.items() if name in known}
            self._campaigns = list(dict.fromkeys([*self._campaigns, *self._given]))
        self._closed = _closed(programme, situation, self._campaigns, counters)
        self._why: dict[str, str] = {}
        self.paid: list[Paid] = []
        self.capped: list[Capped] = []
        self.discounts: list[Discount] = []
        self.granted: list[Granted] = []
        self.totals: dict[str, int] = {}

    def give(self, failed: list[Failed]) -> None:
        """Give all there is, and append to `failed` who gives nothing, and formulas that failed."""
        self._pay_points(failed)
        strongest = sorted(self._matches, key=lambda match: match[0].precedence)
        if self._situation.receipt.discounts is None:
            self._take_discounts(strongest)
        else:
            self._note_given(failed)
        self._grant(strongest, failed)
        told = self._giving() | {one.campaign for one in self.capped} | {one.campaign for one in failed}
        for campaign, _ in self._matches:
            if campaign.id not in told:
                failed.append(Failed(campaign.id, self._why.get(campaign.id, "nothing-earned")))
        self._count()

    @property
    def gives(self) -> bool:
        """Whether anything beside points is given."""
        return bool(self.discounts or self.granted)

    def uses(self) -> tuple[Use, ...]:
        """What it uses of counters."""
        return self._tally.uses()

    def _pay_points(self, failed: list[Failed]) -> None:
        legs = [(leg, campaign, lines) for campaign, lines in self._matches for leg in campaign.legs]
        legs.sort(key=lambda one: one[0].order)
        earned: list[Earned] = []
        for leg, campaign, lines in legs:
            basis, before = leg.effect.earn(self._situation, lines, earned)
            if before == 0:
                why = leg.effect.why_nothing(self._situation)
                if why.startswith(RULE_ERROR):
                    failed.append(Failed(campaign.id, why))
                continue
            if leg.feeds_multipliers:
                earned.append(Earned(leg.effect, lines, before))
            amount, limit = before, self._closed.get(campaign.id)
            if limit is not None:
                amount = 0
            elif leg.limits:
                amount, limit, used = cut(leg.limits, self._situation, self._tally, before, leg.denominator)
                self._tally.add(used)
            if limit is not None:
                self.capped.append(Capped(campaign.id, leg.wallet, limit, basis, before, amount, leg.number))
            if amount:
                self.paid.append(Paid(campaign.id, leg.wallet, basis, before, amount, leg.number))
                self.totals[leg.wallet] = self.totals.get(leg.wallet, 0) + amount

    def _take_discounts(self, matches: Sequence[Match]) -> None:
        if not any(campaign.discounts for campaign, _ in matches):
            return
        basket = Basket(self._situation.receipt)
        percent = self._programme.source.stacking.max_discount_percent
        allowed = basket.total if percent is None else basket.total * percent // 100
        for campaign, lines in matches:
            for number, discount in campaign.discounts:
                off = discount.off(basket, self._situation, lines)
                if off is not None:
                    allowed -= self._take(basket, campaign, discount, number, off, allowed)

    def _note_given(self, failed: list[Failed]) -> None:
        """Count what the till says that it gave, whatever conditions say of a basket that it has made cheaper."""
        for campaign in sorted(self._given, key=lambda one: one.precedence):
            own = self._given[campaign]
            number, discount = campaign.discounts[0]
            before = sum([one.amount_minor for one in own])
            amount, limit = before, self._closed.get(campaign.id)
            if limit is not None:
                amount = 0
            else:
                amount, limit, used = cut(campaign.money_limits, self._situation, self._tally, amount, 1)
                self._tally.add(used)
            if limit is not None:
                unit = self._programme.currency
                self.capped.append(Capped(campaign.id, unit, limit, before, before, amount, number))
            counted = cut_down({place: one.amount_minor for place, one in enumerate(own)}, amount)
            for place, minor in counted.items():
                self.discounts.append(Discount(campaign.id, own[place].line, minor, discount.reason))
        giving = {one.campaign for one in self.discounts}
        failed[:] = [one for one in failed if one.campaign not in giving]

    def _take(
        self,
        basket: Basket,
        campaign: CompiledCampaign,
        discount: CompiledDiscount,
        number: int,
        off: Off,
        allowed: int,
    ) -> int:
        """Take one discount off the basket, as far as limits allow, and return how much that is."""
        said_only = not off
        off = cut_down(off, basket.total)
        before = sum(off.values())
        amount, limit = before, self._closed.get(campaign.id)
        if not before:
            if limit is not None:
                self._why[campaign.id] = LIMITED + limit
            elif said_only:
                self.discounts.append(Discount(campaign.id, None, 0, discount.reason))
            return 0
        if limit is not None:
            amount = 0
        else:
            if amount > allowed:
                amount, limit = allowed, STACKING
            amount, by, used = cut(campaign.money_limits, self._situation, self._tally, amount, 1)
            self._tally.add(used)
            limit = by or limit
        if limit is not None:
            unit = self._programme.currency
            self.capped.append(Capped(campaign.id, unit, limit, before, before, amount, number))
        taken_off = cut_down(off, amount)
        basket.take(taken_off)
        for place, minor in taken_off.items():
            self.discounts.append(Discount(campaign.id, basket.number(place), minor, discount.reason))
        return amount

    def _grant(self, matches: Sequence[Match], failed: list[Failed]) -> None:
        member = self._situation.member
        tier = None if member is None else member.tier
        for campaign, lines in matches:
            for gift in campaign.gifts:
                many = gift.count(amount_of(self._situation.receipt, lines))
                if many and gift.levels is not None and tier not in gift.levels:
                    failed.append(Failed(campaign.id, RESERVED + gift.reference))
                elif many and campaign.id in self._closed:
                    self._why[campaign.id] = LIMITED + self._closed[campaign.id]
                elif many:
                    self.granted.append(Granted(campaign.id, gift.kind, gift.reference, many))

    def _count(self) -> None:
        """Count a time, and the order, for each campaign that gives anything, and for the programme."""
        giving = self._giving()
        for campaign in self._campaigns:
            if campaign.id in giving:
                self._use(campaign.gates)
        if giving:
            self._use(self._programme.gates)

    def _giving(self) -> set[str]:
        paid = {one.campaign for one in self.paid}
        return paid | {one.campaign for one in self.discounts} | {one.campaign for one in self.granted}

    def _use(self, gates: Sequence[CompiledLimit]) -> None:
        for gate in gates:
            key = gate.key(self._situation)
            if key is not None:
                self._tally.use(key, taken(gate, self._situation), gate.most)


def _closed(
    programme: CompiledProgramme, situation: Situation, campaigns: Iterable[CompiledCampaign], counters: Used
) -> dict[str, str]:
    """The campaigns that may give nothing on this receipt, each with the counter that is used up."""
    shared = full(programme.gates, situation, counters)
    closed = {campaign.id: shared or full(campaign.gates, situation, counters) for campaign in campaigns}
    return {name: key for name, key in closed.items() if key is not None}


def worth_of_discounts(campaign: CompiledCampaign, lines: int, situation: Situation, counters: Used) -> int:
    """What a campaign alone would take off, after its own limits, in minor units."""
    basket, tally = Basket(situation.receipt), Tally(counters)
    for _, discount in campaign.discounts:
        off = cut_down(discount.off(basket, situation, lines) or {}, basket.total)
        amount, _, used = cut(campaign.money_limits, situation, tally, sum(off.values()), 1)
        tally.add(used)
        basket.take(cut_down(off, amount))
    return max(situation.receipt.total_minor, 0) - basket.total
