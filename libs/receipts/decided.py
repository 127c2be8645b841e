"""From a stored decision to the story that it is."""

from __future__ import annotations

import msgspec

from libs.promotions.evaluation import Evaluation
from libs.promotions.pages import StoredDecision
from libs.receipts.story import Account, Content, Gained, Story


def story_of(decision: StoredDecision) -> Story:
    """The story of a plain purchase, told from its decision."""
    content = Content(
        decision.key,
        decision.source,
        decision.id,
        decision.occurred_at,
        decision.occurred_at,
        decision.arrived_at,
        msgspec.Raw(bytes(decision.facts)),
    )
    evaluation = decision.evaluation
    gained: dict[str, list[Gained]] = {}
    for lot in decision.lots:
        gained.setdefault(lot.wallet, []).append(Gained(lot.seq, lot.points))
    settled = evaluation is not None and decision.outcome in ("credited", "no_points")
    given = evaluation if settled and evaluation is not None and (decision.lots or not evaluation.grants) else None
    return Story(
        contents=(content,),
        owner=decision.member_id,
        shown=() if decision.member_id is None else content.shown,
        accounts=tuple([Account(wallet, tuple(lots)) for wallet, lots in sorted(gained.items())]),
        uses=tuple([(use.key, use.points, use.limit) for use in given.uses]) if given is not None else (),
        granted=granted_by(given),
        version=evaluation.version if evaluation is not None and settled else None,
        tier=decision.tier,
        rate=decision.rate,
        history=decision.history,
        switches=decision.switches if settled else (),
        profile=decision.profile,
        segments=decision.segments,
    )


def granted_by(evaluation: Evaluation | None) -> tuple[tuple[str, str, str, int], ...]:
    """What an evaluation grants beside points, as a story keeps it: each thing of a campaign once."""
    if evaluation is None or not evaluation.granted:
        return ()
    found: dict[tuple[str, str, str], int] = {}
    for one in evaluation.granted:
        name = (one.campaign, one.kind, one.reference)
        found[name] = found.get(name, 0) + one.quantity
    return tuple([(*name, quantity) for name, quantity in found.items()])
