"""Games as checked documents: what can be won, by whom, at which price, and when. Pure.

Points are integers in a wallet's minor unit, instants aware UTC.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from libs.catalogue.reward import FIRST_LANGUAGE, LanguageCode, Words
from libs.games.auction import AuctionRules
from libs.games.lottery import Pieces
from libs.games.wheel import Odds
from libs.promotions.parts import Instant, Misplaced, Name, Part, refuse_repeats

NAME_PATTERN = "^[a-z0-9][a-z0-9_-]{0,39}$"
GameName = Annotated[str, Field(pattern=NAME_PATTERN)]
Points = Annotated[int, Field(strict=True, ge=1, le=10**12)]
Price = Annotated[int, Field(strict=True, ge=0, le=10**12)]
Many = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Texts = dict[LanguageCode, Words]
Labels = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=128)], ...], Field(max_length=200)]


class Audience(Part):
    """Who may play: somebody of any of what is listed, for each list that is given. A tier is `gold` or `set/gold`."""

    tiers: Labels = ()
    segments: Labels = ()
    lists: Labels = ()


class Gives(Part):
    """What a winner gets: a reward of the catalogue, points, a badge; where nothing is said, it is handed over."""

    reward: Name | None = Field(default=None, description="A reward of the catalogue; its order costs nothing.")
    quantity: Annotated[int, Field(strict=True, ge=1, le=1_000)] = 1
    points: Points | None = Field(default=None, description="So many points, in the wallet's minor unit.")
    wallet: Name | None = Field(default=None, description="Of which wallet; else the programme's first.")
    badge: Name | None = Field(default=None, description="A badge.")


class Prize(Gives):
    """Something that is won, so many times."""

    name: Name
    pieces: Many = 1
    texts: Texts = Field(default_factory=dict)


class Sector(Gives):
    """A part of a wheel. Of all spins `weight` in the sum of all weights stop here."""

    name: Name
    weight: Annotated[int, Field(strict=True, ge=1, le=10**9)]
    pieces: Many | None = Field(default=None, description="How often it can be won; null: without end.")
    nothing: bool = Field(default=False, strict=True, description="Nothing is won here.")
    texts: Texts = Field(default_factory=dict)


class _Game(Part):
    """What all games have: texts, a time, and an audience."""

    texts: Texts
    opens_at: Instant
    closes_at: Instant
    audience: Audience = Audience()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.opens_at >= self.closes_at:
            raise Misplaced("closes_at", "must be after `opens_at`")
        if FIRST_LANGUAGE not in self.texts:
            raise Misplaced("texts", f"must have the language {FIRST_LANGUAGE!r}")
        return self


class Lottery(_Game):
    """Tickets are bought or granted by campaigns until it closes; then the prizes are drawn among them."""

    kind: Literal["lottery"]
    ticket: Points | None = Field(default=None, description="What a ticket costs; null: campaigns alone grant them.")
    wallet: Name | None = None
    per_member: Many | None = Field(default=None, description="How many tickets one member may buy.")
    prizes: Annotated[tuple[Prize, ...], Field(min_length=1, max_length=200)]
    once: bool = Field(default=True, strict=True, description="Whether a member wins once at most.")
    substitutes: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0

    @model_validator(mode="after")
    def _apart(self) -> Self:
        refuse_repeats("prizes[{}].name", [prize.name for prize in self.prizes])
        return self

    @property
    def pieces(self) -> list[Pieces]:
        """The prizes as they are drawn."""
        return [Pieces(prize.name, prize.pieces) for prize in self.prizes]


class Wheel(_Game):
    """Members spin it, for points or for tickets that campaigns granted, and see at once what they won."""

    kind: Literal["wheel"]
    spin: Price = Field(description="What a spin costs; 0: nothing.")
    wallet: Name | None = None
    per_day: Annotated[int, Field(strict=True, ge=1, le=1_000)] = Field(
        default=1, description="How often a member may spin in a day of the programme's zone, beside tickets."
    )
    sectors: Annotated[tuple[Sector, ...], Field(min_length=2, max_length=64)]

    @model_validator(mode="after")
    def _turns(self) -> Self:
        refuse_repeats("sectors[{}].name", [sector.name for sector in self.sectors])
        if all(sector.pieces is not None for sector in self.sectors):
            raise Misplaced("sectors", "one of them must be without end, for when the others have run out")
        return self

    @property
    def odds(self) -> list[Odds]:
        """The sectors as they are spun."""
        return [Odds(each.name, each.weight, each.pieces, not each.nothing) for each in self.sectors]


class Auction(_Game):
    """Members bid points, which are held; who is outbid has them back at once, who bids most pays and wins."""

    kind: Literal["auction"]
    start: Points = Field(description="The least first bid.")
    step: Points = Field(default=1, description="So much more every other bid must be.")
    wallet: Name | None = None
    extension_minutes: Annotated[int, Field(strict=True, ge=0, le=1_440)] = Field(
        default=5, description="A bid so late, or later, moves the end to so much after itself."
    )
    latest: Instant | None = Field(default=None, description="The end that no bid moves.")
    prize: Gives = Gives()

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.latest is not None and self.latest < self.closes_at:
            raise Misplaced("latest", "must not be before `closes_at`")
        return self

    @property
    def rules(self) -> AuctionRules:
        """It as bids are judged."""
        return AuctionRules(self.start, self.step, timedelta(minutes=self.extension_minutes), self.latest)


class BadgeLevel(Part):
    """A level of a badge: reached by whoever was given it so often."""

    name: Name
    times: Many
    texts: Texts = Field(default_factory=dict)


class Badge(Part):
    """Something to be proud of: campaigns and games give it, once or again and again, up to higher levels."""

    texts: Texts
    picture: Annotated[str, Field(pattern="^https://", max_length=500)] | None = None
    levels: Annotated[tuple[BadgeLevel, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _rising(self) -> Self:
        times = [level.times for level in self.levels]
        if times != sorted(set(times)):
            raise Misplaced("levels", "each must ask for more `times` than the one before")
        if FIRST_LANGUAGE not in self.texts:
            raise Misplaced("texts", f"must have the language {FIRST_LANGUAGE!r}")
        return self


Game = Annotated[Lottery | Wheel | Auction, Field(discriminator="kind")]
GAMES: TypeAdapter[Lottery | Wheel | Auction] = TypeAdapter(Game)


class DocumentInvalid(ValueError):
    """A document breaks a rule; `faults` are all of them, each by its path and in words."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" for path, reason in faults))
        self.faults = faults


def parse_game(document: object) -> Lottery | Wheel | Auction:
    """Read a game.

    Raises:
        DocumentInvalid: it is none.
    """
    try:
        return GAMES.validate_python(document)
    except ValidationError as error:
        raise DocumentInvalid(_faults(error)) from None


def parse_badge(document: object) -> Badge:
    """Read a badge.

    Raises:
        DocumentInvalid: it is none.
    """
    try:
        return Badge.model_validate(document)
    except ValidationError as error:
        raise DocumentInvalid(_faults(error)) from None


def plain(document: Part) -> dict[str, Any]:
    """A document as JSON has it, without what says nothing."""
    return document.model_dump(mode="json", by_alias=True, exclude_defaults=True) | (
        {"kind": document.kind} if isinstance(document, Lottery | Wheel | Auction) else {}
    )


def words(texts: Texts, language: str, otherwise: str) -> str:
    """The title in a language, or in the first one; else the name."""
    found = texts.get(language) or texts.get(FIRST_LANGUAGE)
    return otherwise if found is None else found.title


def _faults(error: ValidationError) -> list[tuple[str, str]]:
    found = []
    for each in error.errors():
        path = ".".join(str(part) for part in each["loc"] if part not in ("lottery", "wheel", "auction"))
        raised = each.get("ctx", {}).get("error")
        if isinstance(raised, Misplaced):
            path = f"{path}.{raised.path}" if path else raised.path
        found.append((path, str(raised) if raised is not None else each["msg"]))
    return found
