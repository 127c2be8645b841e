"""The document's segments: groups of members, dynamic by what is known of them, or static lists that people keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.audience import Anniversary, Days, DaysSince, FactCondition, FactField, WindowPart
from libs.promotions.history import EVER, Window
from libs.promotions.parts import Misplaced, Name, NonNegative, Part, Text, refuse_repeats, unless_written
from libs.promotions.scenario_triggers import OWN_SEGMENTS
from libs.promotions.streaks import InARow
from libs.promotions.triggers import SegmentTrigger

if TYPE_CHECKING:
    from libs.promotions.campaigns import Campaign
    from libs.promotions.tiers import TierSet

Dimension = Literal["category", "product", "store", "channel"]
"""By what spend is shared out: a product is named by its SKU."""

DEPTH = 4
"""Groups may lie in each other so deep."""

Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Named = Annotated[tuple[Text, ...], Field(min_length=1, max_length=1_000)]


class AttributeIs(FactCondition):
    """A declared attribute of the member is so; one that is not known does not meet it."""

    kind: Literal["attribute"]


class BirthdayNear(Days):
    """It is the member's birthday, or so many days before or after it."""

    kind: Literal["birthday"]


class AnniversaryNear(Anniversary):
    """It is the day of enrolment in a later year, or so many days before or after it."""

    kind: Literal["anniversary"]


class EnrolledSince(DaysSince):
    """The member enrolled so many days ago."""

    kind: Literal["enrolled"]


class Recency(DaysSince):
    """The last purchase was so many days ago; who never bought anything does not meet it."""

    kind: Literal["recency"]


class Counted(Part):
    """How much the member did in a window of days, or ever: from `min` to `max`, both included.

    `visits` are purchases, amounts in minor units of the programme's currency, `average_basket_minor` spend by visit
    (nobody without a visit has one), `points` what was earned over all wallets or those of `wallets`. Spend may be that
    `of` one dimension's `one_of` values; `activities` are those of `one_of`, by name, and
    `tier_points` those of the tier sets that `one_of` names. With `in_a_row` each of so many periods has to have `min`.
    """

    kind: Literal["count"]
    what: Literal["visits", "spend_minor", "average_basket_minor", "points", "activities", "tier_points"]
    of: Dimension | None = None
    one_of: Annotated[tuple[Text, ...], Field(max_length=1_000)] = ()
    wallets: Annotated[tuple[Name, ...], Field(max_length=16)] = ()
    within: WindowPart | None = None
    min: NonNegative | None = None
    max: NonNegative | None = None
    in_a_row: InARow | None = unless_written(None)

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        _refuse_empty_range(self.min, self.max, "min", "max")
        if self.in_a_row is not None and (self.within is not None or self.max is not None or not self.min):
            raise Misplaced("in_a_row", "goes with a `min` alone, and names its own windows")
        if self.in_a_row is not None and self.what == "average_basket_minor":
            raise Misplaced("in_a_row", "goes with what can be added up")
        if self.of is not None and self.what != "spend_minor":
            raise Misplaced("of", "goes with `spend_minor`")
        if bool(self.one_of) != (self.of is not None or self.what in ("activities", "tier_points")):
            raise Misplaced("one_of", "goes with `of`, `activities` or `tier_points`, and these need it")
        if self.wallets and self.what != "points":
            raise Misplaced("wallets", "goes with `points`")
        return self


class Favourite(Part):
    """What the member spends most on in a window of days, or ever, is one of these; of equals each is a favourite."""

    kind: Literal["favourite"]
    of: Dimension
    one_of: Named
    within: WindowPart | None = None


class Share(Part):
    """So much of the member's spend in a window of days, or ever, goes to these: in percent, both bounds included."""

    kind: Literal["share"]
    of: Dimension
    one_of: Named
    within: WindowPart | None = None
    min_percent: Percent | None = None
    max_percent: Percent | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        _refuse_empty_range(self.min_percent, self.max_percent, "min_percent", "max_percent")
        return self


class Balance(Part):
    """So many points may be spent now: of one `wallet`, by default the first."""

    kind: Literal["balance"]
    wallet: Name | None = None
    min: NonNegative | None = None
    max: NonNegative | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        _refuse_empty_range(self.min, self.max, "min", "max")
        return self


class InTier(Part):
    """The member stands in one of these levels: of a tier `set`, by default of the one that campaigns see."""

    kind: Literal["tier"]
    set: Name | None = None
    one_of: Named


class OnList(Part):
    """The member is in one of these static lists."""

    kind: Literal["list"]
    one_of: Annotated[tuple[Name, ...], Field(min_length=1, max_length=100)]


class Group(Part):
    """Conditions together: `all` of these hold, and `any` of those, and `none` of the others."""

    all: Annotated[tuple[Criterion, ...], Field(max_length=32)] = ()
    any: Annotated[tuple[Criterion, ...], Field(max_length=32)] = ()
    none: Annotated[tuple[Criterion, ...], Field(max_length=32)] = ()

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.all or self.any or self.none):
            raise Misplaced("all", "needs a condition", "all, any, none")
        return self

    def parts(self) -> Iterator[tuple[str, Criterion]]:
        """Every condition with the path of it below the group, those of groups within included."""
        for name in ("all", "any", "none"):
            for at, one in enumerate(getattr(self, name)):
                yield f"{name}[{at}]", one
                if isinstance(one, Nested):
                    for path, deeper in one.parts():
                        yield f"{name}[{at}].{path}", deeper


class Nested(Group):
    """Conditions together, as one condition."""

    kind: Literal["group"]


Criterion = Annotated[
    AttributeIs
    | BirthdayNear
    | AnniversaryNear
    | EnrolledSince
    | Recency
    | Counted
    | Favourite
    | Share
    | Balance
    | InTier
    | OnList
    | Nested,
    Field(discriminator="kind"),
]

Group.model_rebuild()
Nested.model_rebuild()


class Segment(Part):
    """Members under one name: those for whom `when` holds, at any time, or a `list` that people keep.

    Campaigns name it in `segments`, a list also in `lists`.
    """

    name: Name
    title: Text | None = None
    list: Annotated[bool, Field(strict=True)] = False
    when: Group | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.list == (self.when is not None):
            raise Misplaced("when", "is what a dynamic segment needs and a list can not have", "when, list: true")
        for path, _ in () if self.when is None else self.when.parts():
            if path.count(".") >= DEPTH:
                raise Misplaced(f"when.{path}", f"groups lie more than {DEPTH} deep")
        return self

    def criteria(self) -> Iterator[tuple[str, Criterion]]:
        """Every condition with its path below the segment; none for a list."""
        for path, one in () if self.when is None else self.when.parts():
            yield f"when.{path}", one


Segments = Annotated[tuple[Segment, ...], Field(max_length=500)]


def window_of(criterion: Criterion) -> Window | None:
    """The days that a condition counts; None for one that counts no days."""
    match criterion:
        case Counted(in_a_row=InARow() as streak):
            return streak.window
        case Counted(within=part) | Favourite(within=part) | Share(within=part):
            return EVER if part is None else Window(part.days, part.months, part.period, part.back)
        case Recency():
            return EVER
    return None


def windows_of(segments: Sequence[Segment]) -> tuple[Window, ...]:
    """The windows of days that segments look through, each once."""
    found = [window_of(one) for segment in segments for _, one in segment.criteria()]
    return tuple(dict.fromkeys([window for window in found if window is not None]))


def dimensions_of(segments: Sequence[Segment]) -> frozenset[Dimension]:
    """By what segments have spend shared out."""
    found = [getattr(one, "of", None) for segment in segments for _, one in segment.criteria()]
    return frozenset([dimension for dimension in found if dimension is not None])


def check_segments(
    segments: Sequence[Segment],
    campaigns: Sequence[Campaign],
    attributes: Sequence[FactField],
    tier_sets: Sequence[TierSet],
    wallets: Sequence[str],
) -> None:
    """Refuse segments that name what the programme does not have, and campaigns that name segments it does not.

    Raises:
        Misplaced: there is one.
    """
    refuse_repeats("segments[{}].name", [segment.name for segment in segments])
    lists = [segment.name for segment in segments if segment.list]
    for at, segment in enumerate(segments):
        for path, one in segment.criteria():
            place = f"segments[{at}].{path}"
            match one:
                case AttributeIs() if attributes:
                    _check_attribute(place, one, attributes)
                case InTier():
                    _check_tier(place, one, tier_sets)
                case OnList():
                    _check_known(f"{place}.one_of", one.one_of, lists, "list")
                case Balance(wallet=str(wallet)):
                    _check_known(f"{place}.wallet", (wallet,), wallets, "wallet", single=True)
                case Counted():
                    _check_known(f"{place}.wallets", one.wallets, wallets, "wallet")
                    if one.what == "tier_points":
                        _check_known(f"{place}.one_of", one.one_of, [each.name for each in tier_sets], "tier set")
    if any(not segment.name.startswith(OWN_SEGMENTS) for segment in segments):
        names = [segment.name for segment in segments]
        for at, campaign in enumerate(campaigns):
            if isinstance(campaign.trigger, SegmentTrigger):
                asked = (campaign.trigger.segment,)
                _check_known(f"campaigns[{at}].trigger.segment", asked, names, "segment", single=True)
            for field, known in (("segments", names), ("not_segments", names), ("lists", lists), ("not_lists", lists)):
                what = field.removeprefix("not_")[:-1]
                _check_known(f"campaigns[{at}].when.{field}", getattr(campaign.when, field), known, what)


def _check_attribute(place: str, one: AttributeIs, attributes: Sequence[FactField]) -> None:
    types = {field.name: field.type for field in attributes}
    if one.name not in types:
        raise Misplaced(f"{place}.name", f"{one.name!r} is not declared", ", ".join(types))
    if one.type != types[one.name]:
        raise Misplaced(f"{place}.name", f"{one.name!r} is declared as {types[one.name]}, asked as {one.type}")


def _check_tier(place: str, one: InTier, tier_sets: Sequence[TierSet]) -> None:
    if one.set is None:
        found = next((each for each in tier_sets if each.drives_tier), None)
        if found is None:
            return  # then a tier is what a profile says, and may have any name
    else:
        found = next((each for each in tier_sets if each.name == one.set), None)
        if found is None:
            raise Misplaced(f"{place}.set", f"no tier set {one.set!r}", ", ".join(each.name for each in tier_sets))
    _check_known(f"{place}.one_of", one.one_of, [level.name for level in found.levels], "level")


def _check_known(path: str, names: Sequence[str], known: Sequence[str], what: str, *, single: bool = False) -> None:
    for at, name in enumerate(names):
        if name not in known:
            raise Misplaced(path if single else f"{path}[{at}]", f"no {what} {name!r}", ", ".join(known) or "none")


def _refuse_empty_range(least: int | None, most: int | None, low: str, high: str) -> None:
    if least is None and most is None:
        raise Misplaced(low, "needs a bound", f"{low}, {high}")
    if least is not None and most is not None and least > most:
        raise Misplaced(high, f"must not be below `{low}`")
