"""When the points of a decision become active and lapse: what the programme's calendars make of a grant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from libs.judging.terms import PaidBy
from libs.judging.verdict import NewCredit
from libs.judging.versions import ActiveVersion
from libs.ledger.late import AwaitingOperator, place
from libs.promotions.evaluation import Evaluation, Grant
from libs.promotions.facts import MemberFacts
from libs.promotions.pending import activates_by, active_from
from libs.receipts.story import Signal

PERIOD_CLOSED: Literal["period-closed"] = "period-closed"


def place_points(
    version: ActiveVersion,
    wallet: str,
    points: int,
    earned_at: datetime,
    arrived_at: datetime,
    signals: Iterable[Signal] = (),
    anew_at: datetime | None = None,
    member: MemberFacts | None = None,
    effect: PaidBy | None = None,
) -> NewCredit | None:
    """Give points their dates; None when they come too late for any rule, and a person has to say.

    `earned_at` is the instant that the receipt is judged by, `arrived_at` its arrival, which decides lateness. Points
    that are pending become active by their policy, or by the first of the `signals` that it names. What is decided
    anew, because a member claimed it or an operator gave it, is carried past boundaries up to `anew_at`. Whose they are
    and which `effect` brought them, where that has a policy of its own, says on which terms.
    """
    calendar = version.calendar(wallet, member) if effect is None else version.terms.of_effect(effect, member)
    start = _starts(version, wallet, earned_at, signals)
    placed = place(start if version.expires_from_activation[wallet] else earned_at, arrived_at, calendar)
    expires_at: datetime | None
    if isinstance(placed, AwaitingOperator):
        if anew_at is None:
            return None
        expires_at, carried = placed.boundary.instant, True
    else:
        expires_at, carried = placed.expires_at, placed.carried
    for passed in (anew_at, start):
        if expires_at is not None and passed is not None and expires_at <= passed:
            boundary = calendar.next_boundary(passed)
            expires_at, carried = None if boundary is None else boundary.instant, True
    return NewCredit(wallet, points, earned_at, start, expires_at, carried, version.compiled.version)


def place_grants(
    version: ActiveVersion,
    evaluation: Evaluation,
    earned_at: datetime,
    arrived_at: datetime,
    member: MemberFacts | None = None,
) -> list[NewCredit] | None:
    """Give all the points of a decision on a member their dates; None when some come too late."""
    if not version.pends and not version.terms.varied:
        return _place_at_once(version, evaluation, earned_at, arrived_at)
    credits = []
    for grant in evaluation.grants:
        for effect, points in portions(version, evaluation, grant):
            credit = place_points(version, grant.wallet, points, earned_at, arrived_at, member=member, effect=effect)
            if credit is None:
                return None
            credits.append(credit)
    return credits


def portions(version: ActiveVersion, evaluation: Evaluation, grant: Grant) -> list[tuple[PaidBy | None, int]]:
    """Cut what was granted to a wallet into points on its terms (None) and points on those of an effect."""
    return version.terms.portions(evaluation, grant) if version.terms.by_effect else [(None, grant.points)]


def _place_at_once(
    version: ActiveVersion, evaluation: Evaluation, earned_at: datetime, arrived_at: datetime
) -> list[NewCredit] | None:
    """The same where nothing is ever pending: most programmes, and every receipt of theirs passes here."""
    credits = []
    for grant in evaluation.grants:
        placed = place(earned_at, arrived_at, version.calendars[grant.wallet])
        if isinstance(placed, AwaitingOperator):
            return None
        credits.append(
            NewCredit(
                grant.wallet,
                grant.points,
                earned_at,
                earned_at,
                placed.expires_at,
                placed.carried,
                version.compiled.version,
            )
        )
    return credits


def _starts(version: ActiveVersion, wallet: str, earned_at: datetime, signals: Iterable[Signal]) -> datetime:
    policy = version.pending[wallet]
    start = active_from(policy, earned_at, version.zone)
    if start is None:
        return earned_at
    told = [signal.at for signal in signals if activates_by(policy, signal.activity)]
    return max(earned_at, min([start, *told]))
