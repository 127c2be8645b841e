"""Campaigns that give a member's points a later date: the entries, and that it lasts when a purchase comes back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from libs.judging.prolonging import Granted, wishes
from libs.judging.verdict import Verdict
from libs.judging.versions import RunningProgramme
from libs.ledger.catch_up import catch_up
from libs.ledger.extend import extend
from libs.lives.made import Cause
from libs.promotions.evaluation import Evaluation
from libs.promotions.extensions import EXTENSION
from libs.receipts.decided import granted_by
from libs.receipts.story import Story
from services.earning.lives import Life


def prolong_by(programme: RunningProgramme, life: Life, verdict: Verdict, now: datetime, cause: Cause) -> None:
    """Record the later dates that a first decision grants, unless its points still await somebody's word."""
    evaluation = verdict.evaluation
    if verdict.stands and evaluation is not None and evaluation.granted:
        granted = granted_by(evaluation)
        prolong(programme, life, evaluation, granted, verdict.judged_at, now, cause)


def prolong(
    programme: RunningProgramme,
    life: Life,
    evaluation: Evaluation,
    granted: Iterable[Granted],
    at: datetime,
    now: datetime,
    cause: Cause,
) -> None:
    """Give what the member had at an instant, and still has, the dates that are `granted`; then what time has done.

    What had lapsed by then stays so. Each entry tells the campaign as its reason.
    """
    wanted = [one for one in granted if one[1] == EXTENSION]
    version = programme.numbered(evaluation.version) if wanted else None
    if version is None:
        return
    at = min(at, now)
    life.record(catch_up(life.ledger, at, now), cause)
    for campaign, wish in wishes(version, wanted):
        calendar = version.calendar(wish.wallet, life.standing.facts)
        life.record(extend(life.ledger, wish, calendar, at, now).movements, cause, campaign)
    life.catch_up(now, cause)


def lasting(before: Story, after: Story) -> Story:
    """The same story; the later dates that its receipt has given stay given, and their times used, come what may."""
    kept = [one for one in before.granted if one[1] == EXTENSION and one not in after.granted]
    if not kept:
        return after
    used = {key for key, _, _ in after.uses}
    heads = tuple([f"{campaign}#times|" for campaign, _, _, _ in kept])
    uses = [one for one in before.uses if one[0].startswith(heads) and one[0] not in used]
    return replace(after, granted=(*after.granted, *kept), uses=(*after.uses, *uses))


def prolong_again(
    programme: RunningProgramme,
    life: Life,
    before: Story,
    after: Story,
    evaluation: Evaluation | None,
    at: datetime,
    now: datetime,
    cause: Cause,
) -> None:
    """Record the later dates that a receipt grants for the first time when it is judged again."""
    if evaluation is not None and after.granted:
        fresh = [one for one in after.granted if one not in before.granted]
        prolong(programme, life, evaluation, fresh, at, now, cause)
