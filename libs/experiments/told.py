"""An experiment as it is answered: whole numbers and sentences, ready for JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from libs.experiments.results import ArmResult, Results, worths_of
from libs.experiments.texts import EXPERIMENTS, uplift_words
from libs.promotions.compile import CompiledProgramme
from libs.promotions.wallets import Wallet


def told(found: Results, programme: CompiledProgramme, language: str) -> dict[str, Any]:
    """Tell what became of an experiment of a programme; parts are in per mille, amounts in minor units."""
    experiment, worths = found.experiment, worths_of(programme.source.campaigns)
    state = "waiting" if found.until is None else "finished" if found.finished else "running"
    return {
        "name": experiment.name,
        "title": experiment.title,
        "first_day": experiment.first_day.isoformat(),
        "last_day": None if experiment.last_day is None else experiment.last_day.isoformat(),
        "counted_until": None if found.until is None else found.until.isoformat(),
        "state": state,
        "words": EXPERIMENTS.say(language, state),
        "arms": [_arm(arm, programme.wallets, worths, language) for arm in found.arms],
    }


def _arm(arm: ArmResult, wallets: Mapping[str, Wallet], worths: Mapping[str, int], language: str) -> dict[str, Any]:
    done, uplift = arm.done, arm.uplift
    bounds = {} if uplift is None else {name: getattr(uplift, name) for name in ("relative", "low", "high")}
    return {
        "arm": arm.name,
        "per_mille": arm.per_mille,
        "members": done.members,
        "seen": done.seen,
        "buyers": done.buyers,
        "purchases": done.purchases,
        "spend_minor": done.spend_minor,
        "spend_a_member_minor": done.spend_a_member_minor,
        "average_basket_minor": done.average_basket_minor,
        "points": [{"wallet": wallet, "points": points} for wallet, points in sorted(done.points.items())],
        "discount_minor": done.discount_minor,
        "gifts": [{"gift": gift, "quantity": many} for gift, many in sorted(done.gifts.items())],
        "cost_minor": done.cost_minor(wallets, worths),
        "verdict": None if uplift is None else uplift.verdict,
        **{
            f"{name}_per_mille": None if (part := bounds.get(name)) is None else round(part * 1_000)
            for name in ("relative", "low", "high")
        },
        "words": uplift_words(uplift, language),
    }
