"""The document's word on choices: benefits of which a member who is granted one chooses one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from libs.promotions.parts import Days, Misplaced, Name, Part, refuse_repeats


class Choice(Part):
    """Rewards of the catalogue of which one is chosen, within so many days; campaigns grant it by its name."""

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=200)]
    rewards: Annotated[tuple[Name, ...], Field(min_length=2, max_length=12)]
    within_days: Days = 30


def check_choices(choices: Sequence[Choice]) -> None:
    """Refuse names and rewards that are declared twice, and choices that hold choices.

    Raises:
        Misplaced: with the path below the programme.
    """
    names = [choice.name for choice in choices]
    refuse_repeats("choices[{}].name", names)
    for at, choice in enumerate(choices):
        refuse_repeats(f"choices[{at}].rewards[{{}}]", choice.rewards)
        for place, reward in enumerate(choice.rewards):
            if reward in names:
                raise Misplaced(f"choices[{at}].rewards[{place}]", f"{reward!r} is a choice itself")
