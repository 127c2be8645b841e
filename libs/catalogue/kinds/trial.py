"""Trials and samples: a sample in the post, or access for some days at once; once tried, it is not given back."""

from __future__ import annotations

from typing import Literal

from libs.catalogue.flow import Cancelling, Flow, flow
from libs.catalogue.kinds.base import (
    AT_ONCE,
    PERSONAL,
    Code,
    Delivery,
    Issued,
    Issuing,
    RewardKind,
    ValidDays,
    has_a_place,
)
from libs.promotions.parts import Part


class Trial(Part):
    """An article to be tried; as access it lasts `trial_days`."""

    kind: Literal["trial"]
    article: Code
    form: Literal["sample", "access"] = "sample"
    trial_days: ValidDays = 30


_SENT = flow(
    "ordered",
    "shipped",
    "delivered",
    back={"ordered": ("failed",), "shipped": ("failed",)},
    cancelling=Cancelling(frozenset({"ordered"})),
)


def _flow(data: Trial) -> Flow:
    return AT_ONCE if data.form == "access" else _SENT


def _answers(data: Trial, asked: Delivery) -> str | None:
    return None if data.form == "access" else has_a_place(data, asked)


def _issue(data: Trial, issuing: Issuing) -> Issued | None:
    if data.form != "access":
        return None
    return Issued("code", f"TR-{issuing.letters}", issuing.until(data.trial_days))


KIND = RewardKind("trial", Trial, _flow, Delivery, PERSONAL, issue=_issue, answers=_answers)
