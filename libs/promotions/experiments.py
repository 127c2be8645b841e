"""Experiments: members drawn into arms by lot, so that what a campaign brings is told from what comes anyway.

An arm follows from the member's id and the experiment's name alone, by a keyed hash: it is the same in a quote, a
decision, a backtest and any worker, never changes, says nothing of other experiments, and is stored nowhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from libs.promotions.campaigns import Campaign
from libs.promotions.membership import Check
from libs.promotions.parts import Day, Misplaced, Name, Part, refuse_repeats
from libs.promotions.situation import Situation

CONTROL = "control"
"""The arm that no campaign is for."""

EXPERIMENT = "experiment:"
"""How the condition of a `Failed` begins that is for other arms; the experiment and the member's arm follow."""

WHOLE = 1_000


class Arm(Part):
    """A part of the members, drawn by lot: so many of a thousand."""

    name: Name
    per_mille: Annotated[int, Field(strict=True, ge=1, le=999)]


class Experiment(Part):
    """A question that members answer by what they buy.

    Its `arms` share all members among them, in the order written; the arm `control` gets nothing. What members do from
    `first_day` to `last_day` (days of the programme's zone) is compared. Other shares would put members into other
    arms: another split is another experiment, with a name of its own.
    """

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    arms: Annotated[tuple[Arm, ...], Field(min_length=2, max_length=16)]
    first_day: Day
    last_day: Day | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_repeats("arms[{}].name", [arm.name for arm in self.arms])
        if CONTROL not in [arm.name for arm in self.arms]:
            raise Misplaced("arms", "one of them must be the one that gets nothing", CONTROL)
        total = sum(arm.per_mille for arm in self.arms)
        if total != WHOLE:
            raise Misplaced("arms", f"their shares come to {total} per mille", str(WHOLE))
        if self.last_day is not None and self.last_day < self.first_day:
            raise Misplaced("last_day", "must not be before `first_day`")
        return self

    @property
    def ends(self) -> tuple[int, ...]:
        """Where each arm ends in the thousand, in the order of the arms."""
        return tuple(accumulate(arm.per_mille for arm in self.arms))

    def arm_of(self, member_id: UUID) -> str:
        """Name the arm of a member."""
        return self.arms[bisect_right(self.ends, place_of(self.name, member_id))].name


def place_of(experiment: str, member_id: UUID) -> int:
    """Return a member's place among a thousand, from 0; SQL reckons the same from the first 32 bits of the hash."""
    digest = sha256(experiment.encode() + b"\0" + member_id.bytes).digest()
    return int.from_bytes(digest[:4], "big") * WHOLE >> 32


def check_experiments(experiments: Sequence[Experiment], campaigns: Sequence[Campaign]) -> None:
    """Refuse campaigns for arms that there are not, and for the arm that gets nothing.

    Raises:
        Misplaced: at the first of them.
    """
    refuse_repeats("experiments[{}].name", [one.name for one in experiments])
    known = {one.name: one for one in experiments}
    for at, campaign in enumerate(campaigns):
        trial = campaign.experiment
        if trial is None:
            continue
        path = f"campaigns[{at}].experiment"
        if trial.name not in known:
            raise Misplaced(f"{path}.name", f"no experiment {trial.name!r}", ", ".join(known) or "none is declared")
        arms = [arm.name for arm in known[trial.name].arms if arm.name != CONTROL]
        for place, arm in enumerate(trial.arms):
            if arm not in arms:
                reason = "the control group gets nothing" if arm == CONTROL else f"no arm {arm!r}"
                raise Misplaced(f"{path}.arms[{place}]", reason, ", ".join(arms))


def share_of(campaign: Campaign, experiments: Sequence[Experiment]) -> int:
    """How many of a thousand members a campaign is for, as far as experiments say."""
    trial = campaign.experiment
    if trial is None:
        return WHOLE
    experiment = next(one for one in experiments if one.name == trial.name)
    return sum(arm.per_mille for arm in experiment.arms if arm.name in trial.arms)


def compile_trials(experiments: Sequence[Experiment], campaign: Campaign) -> tuple[Check, ...]:
    """Compile whether a member is in an arm that the campaign is for: the last of its checks, or none.

    It comes last so that whom it fails for would have got the campaign but for the lot.
    """
    trial = campaign.experiment
    if trial is None:
        return ()
    experiment = next(one for one in experiments if one.name == trial.name)
    wanted, nobody = frozenset(trial.arms), EXPERIMENT + trial.name

    def check(situation: Situation, _: int) -> str | None:
        if situation.member is None:
            return nobody
        arm = experiment.arm_of(situation.member.member_id)
        return None if arm in wanted else f"{nobody}:{arm}"

    return (check,)
