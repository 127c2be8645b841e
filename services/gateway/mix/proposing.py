"""What would make a mix of rewards better: each proposal with the figures that it follows from. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from libs.catalogue.kinds.registry import KINDS
from services.gateway.mix.measured import Mix, RewardFigures

Code = Literal[
    "out-of-reach", "few-take-part", "wished-sold-out", "wished-too-dear", "never-asked", "disliked", "one-kind",
    "level-without",
]  # fmt: skip
_REACH = 50
"""In percent: fewer members than these with points for anything are too few."""
_PART = 10
"""In percent: so many members at least should have ordered something."""
_ALONE = 60
"""In percent: a kind with more of all pieces stands alone."""
_FEW_STARS, _FEW_RATINGS, _FEW_PIECES, _FEW_WISHES = 3, 3, 10, 2
_MOST_OF_A_CODE = 5


class Proposal(NamedTuple):
    """Something to change: what it is, of which reward (None: of all), and its figures."""

    code: Code
    reference: str | None
    figures: dict[str, int | str]


def proposals(mix: Mix) -> list[Proposal]:
    """Everything that would make it better, what touches most members first."""
    return [*_of_all(mix), *_of_rewards(mix), *_of_levels(mix)]


def _of_all(mix: Mix) -> Iterator[Proposal]:
    if not mix.members or not mix.rewards:
        return
    reach = mix.reached * 100 // mix.members
    if reach < _REACH:
        least = min(each.price for each in mix.rewards)
        yield Proposal("out-of-reach", None, {"percent": reach, "least": least, "middle": mix.middle})
    part = mix.ordering * 100 // mix.members
    if part < _PART:
        yield Proposal("few-take-part", None, {"percent": part})
    for kind, pieces in mix.kinds.items():
        share = pieces * 100 // max(mix.pieces, 1)
        if mix.pieces >= _FEW_PIECES and share > _ALONE:
            missing = ", ".join(each for each in KINDS if each not in mix.kinds)
            if missing:
                yield Proposal("one-kind", None, {"kind": kind, "percent": share, "missing": missing})


def _of_rewards(mix: Mix) -> Iterator[Proposal]:
    for code, fits, figures in _RULES:
        found = [each for each in mix.rewards if fits(each, mix)]
        for each in found[:_MOST_OF_A_CODE]:
            yield Proposal(code, each.reference, {"title": each.title, **figures(each)})


def _of_levels(mix: Mix) -> Iterator[Proposal]:
    own = {level for each in mix.rewards for level in each.own}
    for level, members in sorted(mix.levels.items()):
        if level and members and level not in own:
            yield Proposal("level-without", None, {"level": level, "members": members})


def _wished_sold_out(each: RewardFigures, _mix: Mix) -> bool:
    return each.wished > 0 and each.sold_out


def _wished_too_dear(each: RewardFigures, mix: Mix) -> bool:
    return each.wished >= _FEW_WISHES and each.reach * 100 < mix.members * _REACH and not each.sold_out


def _disliked(each: RewardFigures, _mix: Mix) -> bool:
    return each.liking.count >= _FEW_RATINGS and each.liking.mean is not None and each.liking.mean < _FEW_STARS


def _never_asked(each: RewardFigures, _mix: Mix) -> bool:
    return not each.asked.orders and not each.wished


_RULES: tuple[
    tuple[Code, Callable[[RewardFigures, Mix], bool], Callable[[RewardFigures], dict[str, int | str]]], ...
] = (
    ("wished-sold-out", _wished_sold_out, lambda each: {"wished": each.wished}),
    ("wished-too-dear", _wished_too_dear, lambda each: {"wished": each.wished, "price": each.price}),
    (
        "disliked",
        _disliked,
        lambda each: {"ratings": each.liking.count, "hundredths": int((each.liking.mean or 0) * 100)},
    ),
    ("never-asked", _never_asked, lambda each: {"price": each.price}),
)
"""What may be proposed of a reward: when, and by which figures."""
