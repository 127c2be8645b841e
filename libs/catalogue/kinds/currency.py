"""Points and currencies: so many units of another scheme, credited there by its operator."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from libs.catalogue.flow import Cancelling, Flow, flow
from libs.catalogue.kinds.base import Asked, Count, RewardKind, Words
from libs.promotions.parts import Part


class Units(Part):
    """So many units, such as miles, of a scheme of somebody else."""

    kind: Literal["currency"]
    scheme: Words
    units: Count


class UnitsAsked(Asked):
    """To which account at the other scheme."""

    account: Annotated[str, Field(min_length=3, max_length=64)]


_CREDITED = flow(
    "ordered",
    "paid",
    back={"ordered": ("failed",)},
    cancelling=Cancelling(frozenset({"ordered"}), within_days=1),
)


def _flow(data: Units) -> Flow:
    return _CREDITED


KIND = RewardKind("currency", Units, _flow, UnitsAsked, frozenset({"account"}))
