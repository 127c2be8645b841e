"""A reward as one checked document: what it is, for whom, when, how many, and at which price. Pure.

Points are integers in a wallet's minor unit, money in that of its currency, instants aware UTC; days, weekdays and
hours are those of the programme's zone.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from libs.catalogue.kinds.base import Count, Currency, Link, Minor
from libs.catalogue.kinds.registry import Data, issues_codes
from libs.promotions.frames import Hours, Weekday
from libs.promotions.parts import Instant, Misplaced, Name, Part, refuse_repeats, unless_written

SCHEMA_ID = "urn:pointstream:schema:reward"
SCHEMA_PATH = "/schemas/reward.schema.json"
"""Where the gateway serves it."""
FIRST_LANGUAGE = "en"

Points = Annotated[int, Field(strict=True, ge=0, le=10**12)]
Names = Annotated[tuple[Name, ...], Field(max_length=200)]
Label = Annotated[str, Field(min_length=1, max_length=64)]
Labels = Annotated[tuple[Label, ...], Field(max_length=2_000)]
Countries = Annotated[tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...], Field(max_length=250)]
LanguageCode = Annotated[str, Field(pattern="^[a-z]{2}$")]
Period = Literal["day", "week", "month", "quarter", "year", "ever"]


class Words(Part):
    """What is told of a reward in one language."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    summary: Annotated[str, Field(max_length=300)] = ""
    text: Annotated[str, Field(max_length=5_000)] = ""
    terms: Annotated[str, Field(max_length=20_000)] = ""


class Media(Part):
    """A picture or film, with words for who can't see it; for readers of one language, or of all."""

    link: Link
    alt: Annotated[str, Field(min_length=1, max_length=200)]
    form: Literal["picture", "film", "document"] = "picture"
    language: LanguageCode | None = None


class Span(Part):
    """A half-open window of instants; without an end on either side it is open there."""

    from_: Instant | None = Field(default=None, alias="from")
    to: Instant | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.from_ and self.to and self.from_ >= self.to:
            raise Misplaced("to", "must be after `from`")
        return self


class Times(Part):
    """When it can be had: a window, on these weekdays, during these hours; whatever is left out does not matter."""

    window: Span = Span()
    weekdays: tuple[Weekday, ...] = ()
    hours: Hours | None = None


class Audience(Part):
    """Who may have it: somebody of any of what is listed, for each list that is given.

    A tier is `gold`, or with its set `status/gold`. Stores, partners and countries (ISO 3166) are those asked from;
    where nothing is said about them, they do not bar.
    """

    tiers: Labels = ()
    segments: Names = ()
    lists: Names = ()
    stores: Labels = ()
    partners: Labels = ()
    countries: Countries = ()


class MemberLimit(Part):
    """How many one member may have in a period."""

    most: Count
    per: Period = "ever"


class TotalLimit(Part):
    """How many all members together may have in a period."""

    most: Count
    per: Period = "ever"


class Sliding(Part):
    """Fewer points and more money: from `least` points on, in steps; `minor` of money stand for each `points`."""

    least: Points = 0
    step: Count = 1
    points: Count
    minor: Minor


class PricePlan(Part):
    """What one piece costs: points, points and money, or with `sliding` a choice between them.

    It counts for these channels, tiers and segments, and in its window; what is left empty does not matter. Without a
    wallet the points come from all that count in the unit of the first.
    """

    name: Name
    points: Points
    wallet: Name | None = None
    money_minor: Minor | None = None
    currency: Currency | None = None
    sliding: Sliding | None = None
    channels: Labels = ()
    tiers: Labels = ()
    segments: Names = ()
    window: Span = Span()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.money_minor or self.sliding) and self.currency is None:
            raise Misplaced("currency", "money needs its currency")
        if self.sliding and (self.points - self.sliding.least) % self.sliding.step:
            raise Misplaced("sliding/step", "does not lead from `least` to the full points")
        if self.sliding and self.sliding.least > self.points:
            raise Misplaced("sliding/least", "must not be more than the full points")
        return self


class Reward(Part):
    """Something that members can have for points."""

    reference: Label
    category: Name
    what: Data
    texts: Annotated[dict[LanguageCode, Words], Field(min_length=1, max_length=40)]
    media: Annotated[tuple[Media, ...], Field(max_length=20)] = ()
    terms_version: Label = "1"
    state: Literal["draft", "live", "retired"] = "live"
    visible: Span = Span()
    available: Times = Times()
    audience: Audience = Audience()
    stock: Literal["unlimited", "global", "by_store"] = "unlimited"
    per_member: Annotated[tuple[MemberLimit, ...], Field(max_length=6)] = ()
    in_total: TotalLimit | None = None
    prices: Annotated[tuple[PricePlan, ...], Field(min_length=1, max_length=50)]
    labels: Labels = ()
    rank: Annotated[int, Field(strict=True, ge=-1_000, le=1_000)] = 0
    codes: Annotated[str, Field(min_length=1, max_length=64)] | None = unless_written(
        None, "The pool that the codes of its pieces are taken from; without one they are made for the order alone."
    )

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.codes is not None and not issues_codes(self.what):
            raise Misplaced("codes", "nothing of this kind is used by a code")
        if FIRST_LANGUAGE not in self.texts:
            raise Misplaced("texts", f"has no {FIRST_LANGUAGE}, which readers of other languages fall back to")
        refuse_repeats("prices/{}/name", [plan.name for plan in self.prices])
        refuse_repeats("per_member/{}/per", [limit.per for limit in self.per_member])
        return self

    def words(self, language: str) -> Words:
        """The words for a reader: of the language, of its family, or the first."""
        return self.texts.get(language) or self.texts.get(language.partition("-")[0]) or self.texts[FIRST_LANGUAGE]


class RewardInvalid(ValueError):
    """A document is no reward: each fault with the JSON Pointer to it."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" for path, reason in faults))
        self.faults = faults


def parse_reward(document: Any) -> Reward:
    """Read a document.

    Raises:
        RewardInvalid: it is no reward; every fault is told.
    """
    try:
        return Reward.model_validate(document)
    except ValidationError as error:
        raise RewardInvalid(tuple(_fault(each) for each in error.errors(include_url=False))) from None


def _fault(error: Any) -> tuple[str, str]:
    cause = error.get("ctx", {}).get("error")
    place = [str(part).replace("~", "~0").replace("/", "~1") for part in error["loc"]]
    if isinstance(cause, Misplaced):
        return "/" + "/".join([*place, cause.path]), str(cause)
    return "/" + "/".join(place), error["msg"]


def reward_document(reward: Reward) -> dict[str, Any]:
    """A reward as a document, without what says what its absence means."""
    return reward.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def reward_schema() -> dict[str, Any]:
    """The JSON Schema of what people write."""
    schema = Reward.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}
