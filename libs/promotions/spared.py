"""The document's exceptions from expiry: whose points of a wallet do not lapse at a boundary, and how many of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from libs.promotions.parts import Misplaced, Name, Part, Positive, Text, refuse_repeats
from libs.promotions.tiers import TierSet, leading_set

if TYPE_CHECKING:
    from libs.promotions.programme import Programme
    from libs.promotions.segments import Segment
    from libs.promotions.wallets import Wallet

Age = Annotated[int, Field(strict=True, ge=1, le=3_660)]


class Exemption(Part):
    """Points of members of these levels or segments do not lapse at a boundary: they live on to the next one.

    Levels are those of `tier_set`, by default of the set that drives the tier; a segment may be a list. All points are
    spared; or only the `first` so many of those that would lapse, the oldest before the others; or only those earned at
    least `older_than_days`, or less than `younger_than_days`, times 24 hours before the boundary.
    """

    tiers: Annotated[tuple[Text, ...], Field(max_length=32)] = ()
    tier_set: Name | None = None
    segments: Annotated[tuple[Name, ...], Field(max_length=64)] = ()
    first: Positive | None = None
    older_than_days: Age | None = None
    younger_than_days: Age | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if not self.tiers and not self.segments:
            raise Misplaced("tiers", "says whose points are spared", "tiers, segments")
        if self.tier_set is not None and not self.tiers:
            raise Misplaced("tier_set", "goes with `tiers`")
        bounds = [name for name in ("first", "older_than_days", "younger_than_days") if getattr(self, name) is not None]
        if len(bounds) > 1:
            raise Misplaced(bounds[1], f"{bounds[0]} says already which points are spared")
        refuse_repeats("tiers[{}]", self.tiers)
        refuse_repeats("segments[{}]", self.segments)
        return self


class Sparing(NamedTuple):
    """One exception of a wallet: members of a `segment`, or of a level of a tier set, and which points."""

    by: Literal["tier", "segment"]
    name: str
    tier_set: str | None
    first: int | None = None
    older_days: int | None = None
    younger_days: int | None = None


def check_spared(wallets: Sequence[Wallet], sets: Sequence[TierSet], segments: Sequence[Segment]) -> None:
    """Raise `Misplaced` where exceptions name a level or a segment that is not there, or spare what never lapses."""
    levels = {one.name: [level.name for level in one.levels] for one in sets}
    known = [segment.name for segment in segments]
    for at, wallet in enumerate(wallets):
        for number, one in enumerate(wallet.spared):
            path = f"wallets[{at}].spared[{number}]"
            if wallet.expiry.kind == "never":
                raise Misplaced(path, "points of this wallet never lapse")
            if one.tiers:
                _check_levels(path, one, levels, leading_set(sets))
            for place, name in enumerate(one.segments):
                if name not in known:
                    raise Misplaced(f"{path}.segments[{place}]", f"no segment {name!r}", ", ".join(known))


def sparings(sets: Sequence[TierSet], wallet: Wallet) -> Iterator[Sparing]:
    """The exceptions of a wallet, those first that levels bring by `keeps_points`."""
    for one in sets:
        for level in one.levels:
            if level.keeps_points:
                yield Sparing("tier", level.name, one.name)
    for each in wallet.spared:
        bounds = (each.first, each.older_than_days, each.younger_than_days)
        for name in each.tiers:
            yield Sparing("tier", name, each.tier_set or leading_set(sets), *bounds)
        for name in each.segments:
            yield Sparing("segment", name, None, *bounds)


def has_sparings(programme: Programme) -> bool:
    """Whether the document has any exception from expiry."""
    return any(wallet.spared for wallet in programme.wallets) or any(
        level.keeps_points for one in programme.tier_sets for level in one.levels
    )


def _check_levels(path: str, one: Exemption, levels: Mapping[str, list[str]], leading: str | None) -> None:
    name = one.tier_set or leading
    if name is None:
        raise Misplaced(f"{path}.tier_set", "no set drives the tier, so one must be named", ", ".join(levels))
    if name not in levels:
        raise Misplaced(f"{path}.tier_set", f"no tier set {name!r}", ", ".join(levels))
    for place, level in enumerate(one.tiers):
        if level not in levels[name]:
            raise Misplaced(f"{path}.tiers[{place}]", f"tier set {name!r} has no such level", ", ".join(levels[name]))
