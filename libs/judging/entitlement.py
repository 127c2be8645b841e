"""What the owner of a receipt should have of it: what stands of it, judged by the rules that it was first judged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from libs.codes.proof import read_verified
from libs.judging.blocks import BLOCKED
from libs.judging.exchange import NO_RATE, exchange
from libs.judging.groups import segments_seen
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.ledger.late import effective_time
from libs.promotions.decide import evaluate
from libs.promotions.evaluation import Evaluation
from libs.promotions.facts import MemberFacts
from libs.promotions.seen import Seen
from libs.promotions.switches import ALL_KILLED, SWITCHED_OFF, killed
from libs.receipts.decided import granted_by
from libs.receipts.story import Stands, Story

_structs = msgspec.structs
FOREIGN_CART = "cart-foreign"
"""Why codes do not count: they were set aside for another member."""


class Entitlement(msgspec.Struct, frozen=True):
    """What a receipt's owner should have of it, by wallet; or why no rule can say (`waits`).

    `judged` is what is left of the purchase, in the programme's currency; `uses` counts against limits; `granted` is
    what there is beside points, `switches` are those that count as off, `owner` whom it was judged for.
    """

    judged_at: datetime
    arrived_at: datetime
    version: ActiveVersion | None
    target: Mapping[str, int] = MappingProxyType({})
    reason: str | None = None
    waits: str | None = None
    evaluation: Evaluation | None = None
    judged: Any = None
    rate: tuple[int, int] | None = None
    uses: tuple[tuple[str, int, int], ...] = ()
    granted: tuple[tuple[str, str, str, int], ...] = ()
    switches: tuple[str, ...] = ()
    owner: MemberFacts | None = None


def entitlement(
    story: Story, standing: Stands, programme: RunningProgramme, owner: MemberFacts, counters: Mapping[str, int]
) -> Entitlement:
    """Judge what stands of a receipt. `counters` are the present ones, the receipt's own uses among them.

    `owner` is whose points it brings: the story's owner, or whom that id leads to since a merge.
    """
    content = standing.content
    assert content is not None
    judged_at, ahead = effective_time(content.purchased_at, content.arrived_at)
    version = programme.at(judged_at) if story.version is None else programme.numbered(story.version)
    switches = programme.switches if story.version is None else story.switches

    def found(**told: Any) -> Entitlement:
        return Entitlement(judged_at, content.arrived_at, version, switches=switches, owner=owner, **told)

    if version is None:
        return found(reason=ahead, waits="no-programme-yet")
    blocked = not programme.blocked.isdisjoint((story.owner, owner.member_id))
    if blocked and story.version is None and story.word is None:
        return found(reason=ahead, waits=BLOCKED)
    if story.word == "refuse":
        return found(reason="refused-by-operator")
    purchase = standing.purchase()
    if purchase is None:
        return found(reason="nothing-left")
    foreign = None
    if purchase.codes and purchase.cart is not None and not read_verified(purchase.cart).is_for(story.owner):
        purchase, foreign = _structs.replace(purchase, codes=()), FOREIGN_CART
    exchanged = exchange(purchase, programme, version, judged_at, story.rate)
    if exchanged is None:
        return found(reason=ahead, waits=NO_RATE, judged=purchase)
    off = killed(switches, version.compiled, exchanged.purchase)
    counted = _without_own(counters, story)
    evaluation = evaluate(version.compiled, exchanged.purchase, owner, judged_at, counted, killed=off)
    nothing = SWITCHED_OFF if off is ALL_KILLED else None
    return found(
        target={grant.wallet: grant.points for grant in evaluation.grants},
        reason=evaluation.reason or nothing or ahead or foreign,
        evaluation=evaluation,
        judged=exchanged.purchase,
        rate=exchanged.rate,
        uses=tuple([(use.key, use.points, use.limit) for use in evaluation.uses]),
        granted=granted_by(evaluation),
    )


class _WithoutOwn(Mapping[str, int]):
    """What counters say less what a receipt itself has used of them."""

    __slots__ = ("_counters", "_own")

    def __init__(self, counters: Mapping[str, int], own: Mapping[str, int]) -> None:
        self._counters = counters
        self._own = own

    def __getitem__(self, key: str) -> int:
        return self._counters.get(key, 0) - self._own.get(key, 0)

    def get(self, key: str, default: Any = 0) -> Any:
        """A counter that is missing has counted nothing."""
        return self[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counters)

    def __len__(self) -> int:
        return len(self._counters)


def _without_own(counters: Mapping[str, int], story: Story) -> Mapping[str, int]:
    """The counters are looked at and not copied: a long replay has very many of them."""
    return _WithoutOwn(counters, {key: points for key, points, _ in story.uses}) if story.uses else counters


def judged_now(story: Story, entitled: Entitlement, owner: MemberFacts, seen: Seen | None) -> Story:
    """The story with what it is judged by from now on; `seen` is what there is to see of its owner's history."""
    if entitled.version is None or entitled.waits is not None:
        return story
    return _structs.replace(
        story,
        version=entitled.version.compiled.version,
        tier=owner.tier if story.version is None else story.tier,
        history=seen if story.version is None else story.history,
        profile=owner.profile if story.version is None else story.profile,
        segments=segments_seen(owner) if story.version is None else story.segments,
        rate=entitled.rate,
        uses=entitled.uses,
        granted=entitled.granted,
        switches=entitled.switches,
    )
