"""What a purchase would bring if it were made now: the verdict that earning would come to, and nothing done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from libs.judging.exchange import exchange
from libs.judging.judge import judge
from libs.judging.outlook import bought
from libs.judging.verdict import Verdict
from libs.judging.versions import RunningProgramme
from libs.ledger.model import MemberLedger
from libs.promotions.compile import CompiledProgramme
from libs.promotions.decide import counter_keys
from libs.promotions.facts import MemberFacts
from libs.promotions.hints import Hint, find_hints
from libs.promotions.pages import Outcome
from libs.promotions.shares import Shares, share_out
from libs.promotions.switches import killed

SOMEBODY = MemberFacts(UUID(int=0))
"""Whoever a guest may become: a member without tier and history."""


class Asked(NamedTuple):
    """What is asked: a purchase as the codec decodes it, the instant to judge it by, and whose it is, if anybody's.

    `till` says whether a text waits for the member at the till.
    """

    programme: RunningProgramme
    purchase: Any
    at: datetime
    member: MemberFacts | None
    ledger: MemberLedger | None
    till: bool = False

    @property
    def facts(self) -> MemberFacts:
        """Who it is judged for: the member, or whoever may claim it."""
        return self.member or SOMEBODY


class Quote(NamedTuple):
    """The answer: the outcome, the verdict as it would be for its owner, what lines bring, what is missing for more.

    `outcome` is that of the verdict for a member, and `unclaimed` or `no_member` for a guest. `judged` is what was
    judged, in the programme's currency; `before` and `after` the member's ledger; all are None where there is none.
    """

    asked: Asked
    outcome: Outcome
    verdict: Verdict
    compiled: CompiledProgramme | None
    judged: Any
    shares: tuple[Shares, ...]
    hints: tuple[Hint, ...]
    before: MemberLedger | None
    after: MemberLedger | None


def counters_for(asked: Asked) -> Sequence[str]:
    """Name the counters that the quote may ask for."""
    version = asked.programme.at(asked.at)
    if version is None or not version.compiled.counts:
        return ()
    exchanged = exchange(asked.purchase, asked.programme, version, asked.at)
    if exchanged is None:
        return ()
    return list(counter_keys(version.compiled, exchanged.purchase, asked.facts, asked.at))


def quote(asked: Asked, counters: Mapping[str, int]) -> Quote:
    """Answer what is asked, by the function that decides purchases; `counters` are read and not used.

    A guest's points are those of whoever claims the receipt.
    """
    programme, purchase, at = asked.programme, asked.purchase, asked.at
    verdict = judge(programme, purchase, asked.facts, at, at, counters)
    outcome = verdict.outcome
    if asked.member is None:
        outcome = judge(programme, purchase, None, at, at, counters).outcome
    judged = verdict.judged or purchase
    version = programme.at(verdict.judged_at)
    shares: tuple[Shares, ...] = ()
    hints: tuple[Hint, ...] = ()
    if version is not None and verdict.evaluation is not None:
        rules = (version.compiled, judged, asked.facts, verdict.judged_at)
        shares = share_out(*rules, verdict.evaluation)
        off = killed(programme.switches, version.compiled, judged)
        hints = find_hints(*rules, counters, verdict.evaluation, killed=off)
    before = asked.ledger
    after = None if before is None else bought(programme, before, asked.facts, verdict.credits, at)
    compiled = None if version is None else version.compiled
    return Quote(asked, outcome, verdict, compiled, judged, shares, hints, asked.ledger, after)
