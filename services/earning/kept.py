"""A decision as it is kept: what was said, what was decided, and what it was decided on. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from libs.judging.groups import segments_seen
from libs.judging.verdict import Verdict
from libs.ledger.model import Kind, Lot
from libs.lives.made import Made
from libs.promotions.pages import StoredDecision
from libs.promotions.seen import Seen
from libs.receipts.story import Content, Story
from services.earning import arrivals
from services.earning.arrivals import Arrival
from services.earning.cases import Case, Followed
from services.earning.outcome import lots_made, moved_as_kept
from services.earning.verdict import Standing


def kept(
    arrival: Arrival,
    standing: Standing | None,
    verdict: Verdict,
    lots: Sequence[tuple[Lot, bool]],
    moved: Sequence[Made],
    seen: Seen | None,
    story: Story | None = None,
) -> StoredDecision:
    """The decision on an event: `lots` and movements that it made, what was seen of the member's history.

    What belongs to the `story` of a receipt was judged by the switches, profile and segments of its first judgement.
    """
    facts = None if standing is None else standing.facts
    if story is None:
        switches, profile = arrival.programme.switches, None if facts is None else facts.profile
        segments = None if facts is None else segments_seen(facts)
    else:
        switches, profile, segments = story.switches, story.profile, story.segments
    return StoredDecision(
        key=arrival.key,
        source=arrival.event.source,
        id=arrival.event.id,
        occurred_at=arrival.event.time,
        arrived_at=arrival.arrived_at,
        judged_at=verdict.judged_at,
        outcome=verdict.outcome,
        facts=msgspec.Raw(arrival.facts),
        member_id=None if facts is None else facts.member_id,
        tier=None if facts is None else facts.tier,
        reason=verdict.reason,
        evaluation=verdict.evaluation,
        lots=lots_made(lots),
        kind=arrival.kind,
        moved=tuple([moved_as_kept(made) for made in moved if made.movement.kind is not Kind.CREDIT]),
        judged=verdict.judged,
        rate=verdict.rate,
        history=seen,
        switches=() if verdict.evaluation is None else switches,
        profile=profile,
        segments=segments,
    )


def kept_again(case: Case, content: Content, followed: Followed) -> StoredDecision:
    """The decision on a receipt that was decided before, under the key of what it said was bought."""
    return StoredDecision(
        key=content.key,
        source=content.source,
        id=content.id,
        occurred_at=content.at,
        arrived_at=content.arrived_at,
        judged_at=followed.judged_at,
        outcome=followed.outcome,
        facts=content.facts,
        member_id=case.story.owner,
        reason=followed.reason,
        evaluation=followed.evaluation,
        lots=lots_made(followed.lots),
        tier=case.story.tier,
        kind=arrivals.CORRECTED if content.corrects else arrivals.COMPLETED,
        judged=followed.judged,
        rate=followed.rate,
        receipt_key=case.key,
        history=case.story.history,
        switches=case.story.switches,
        profile=case.story.profile,
        segments=case.story.segments,
    )
