"""What a programme declares of the world around it, and whether its campaigns keep to that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from libs.promotions.audience import FactCondition, FactField
from libs.promotions.campaigns import Campaign
from libs.promotions.expressions import ExpressionInvalid
from libs.promotions.language import PLAIN, Language, language
from libs.promotions.occasions import DATA
from libs.promotions.parts import Misplaced, Name, Part, refuse_repeats
from libs.promotions.payouts import Formula
from libs.promotions.places import Atlas, Store
from libs.promotions.variables import asks_for_facts


class ActivityType(Part):
    """An activity that members can do, and the data that comes with it."""

    name: Name
    data: Annotated[tuple[FactField, ...], Field(max_length=32)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("data[{}].name", [field.name for field in self.data])
        return self


def language_of(campaign: Campaign, attributes: Sequence[FactField], activities: Sequence[ActivityType]) -> Language:
    """Return the language of a campaign's expression and formulas: over what is declared, where anything is."""
    if not any(asks_for_facts(source) for source in campaign.expressions):
        return PLAIN
    return language(tuple(attributes) or None, _data_of(campaign, activities))


def check_places(campaigns: Iterable[Campaign], stores: Sequence[Store]) -> None:
    """Refuse a campaign for places where no store of the programme lies.

    Raises:
        Misplaced: there is one.
    """
    atlas = Atlas(stores)
    for at, campaign in enumerate(campaigns):
        if atlas.find(campaign.when) == ():
            raise Misplaced(f"campaigns[{at}].when", "no store of the programme's `stores` lies there")


def check_facts(
    campaigns: Iterable[Campaign], attributes: Sequence[FactField], activities: Sequence[ActivityType]
) -> None:
    """Refuse a campaign that asks for facts or waits for activities that are not declared, where any are.

    Raises:
        Misplaced: there is one.
    """
    names = [activity.name for activity in activities]
    for at, campaign in enumerate(campaigns):
        path = f"campaigns[{at}]"
        if names and campaign.trigger.kind == "activity" and campaign.trigger.activity not in names:
            reason = f"activity {campaign.trigger.activity!r} is not declared"
            raise Misplaced(f"{path}.trigger.activity", reason, ", ".join(names))
        member = campaign.when.member
        if member is not None and attributes:
            _check_conditions(f"{path}.when.member.attributes", member.attributes, attributes)
        data = _data_of(campaign, activities)
        if data is not None:
            _check_conditions(f"{path}.when.data", campaign.when.data, data)
        _check_expressions(path, campaign, language_of(campaign, attributes, activities))


def check_arrivals(stores: Sequence[Store], activities: Sequence[ActivityType]) -> None:
    """Refuse a store whose arrivals are an activity that is not declared, where any are.

    Raises:
        Misplaced: there is one.
    """
    names = [activity.name for activity in activities]
    for at, store in enumerate(stores):
        if names and store.arrival is not None and store.arrival.activity not in names:
            reason = f"activity {store.arrival.activity!r} is not declared"
            raise Misplaced(f"stores[{at}].arrival.activity", reason, ", ".join(names))


def _check_expressions(path: str, campaign: Campaign, spoken: Language) -> None:
    place = f"{path}.cel"
    try:
        if campaign.cel is not None and spoken is not PLAIN:
            spoken.expressions.compile(campaign.cel)
        for number, effect in enumerate(campaign.benefits):
            if isinstance(effect, Formula) and asks_for_facts(effect.cel):
                place = f"{path}.{campaign.path_of(number)}.cel"
                spoken.expressions.compile_number(effect.cel)
    except ExpressionInvalid as invalid:
        raise Misplaced(place, str(invalid)) from None


def _data_of(campaign: Campaign, activities: Sequence[ActivityType]) -> tuple[FactField, ...] | None:
    """The data that a campaign may look at: of a purchase none, of an activity what is declared; None: any."""
    if campaign.trigger.kind != "activity":
        return DATA.get(campaign.trigger.kind, ())
    wanted = campaign.trigger.activity
    return next((one.data for one in activities if one.name == wanted), ()) if activities else None


def _check_conditions(path: str, asked: Sequence[FactCondition], declared: Sequence[FactField]) -> None:
    types = {field.name: field.type for field in declared}
    for at, one in enumerate(asked):
        if one.name not in types:
            raise Misplaced(f"{path}[{at}].name", f"{one.name!r} is not declared", ", ".join(types) or "none")
        if one.type != types[one.name]:
            raise Misplaced(f"{path}[{at}].name", f"{one.name!r} is declared as {types[one.name]}, asked as {one.type}")
