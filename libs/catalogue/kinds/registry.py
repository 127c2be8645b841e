"""All kinds of rewards, by name. A new one is one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

from pydantic import Field

from libs.catalogue.kinds import (
    access,
    cashback,
    charity,
    currency,
    customised,
    digital,
    discount,
    experience,
    gift_card,
    merchandise,
    personalised,
    referral,
    status,
    training,
    travel,
    trial,
)
from libs.catalogue.kinds.base import Issuing, RewardKind

Data = Annotated[
    merchandise.Merchandise
    | gift_card.GiftCard
    | experience.Experience
    | discount.Discount
    | cashback.Cashback
    | status.Status
    | currency.Units
    | trial.Trial
    | customised.Customised
    | charity.Charity
    | training.Training
    | access.Access
    | travel.Travel
    | digital.Digital
    | referral.Referral
    | personalised.Personalised,
    Field(discriminator="kind"),
]
"""What a reward says of itself as one of its kind."""

KINDS: Mapping[str, RewardKind] = MappingProxyType(
    {
        module.KIND.name: module.KIND
        for module in (
            merchandise,
            gift_card,
            experience,
            discount,
            cashback,
            status,
            currency,
            trial,
            customised,
            charity,
            training,
            access,
            travel,
            digital,
            referral,
            personalised,
        )
    }
)


def kind_of(data: Data) -> RewardKind:
    """The kind that a reward is of."""
    return KINDS[data.kind]


_SPECIMEN = Issuing(UUID(int=0), 0, date.min, "")


def issues_codes(data: Data) -> bool:
    """Whether what is usable of such a reward is a code."""
    issued = kind_of(data).issue(data, _SPECIMEN)
    return issued is not None and issued.shape == "code"
