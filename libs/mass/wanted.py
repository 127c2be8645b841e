"""A mass message as somebody wants it: for whom, in which words, over which channels, when and how fast. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from libs.messages.content import ChannelName, Purpose
from libs.messages.kinds import KINDS
from libs.messages.library import chain
from libs.promotions.experiments import WHOLE, place_of
from libs.promotions.parts import Instant, Misplaced, Name, faults_of, refuse_repeats

CAMPAIGN = "campaign"
"""The shipped message that says what is written for it."""
DEFAULT_CHANNELS: tuple[ChannelName, ...] = ("push", "email", "sms")
MOST_HOURS = 24 * 92
FIXED = frozenset(KINDS) - {CAMPAIGN}
"""Messages of the platform's own, which tell what only an event says."""
ONLY = "a"
"""The variant of a mass message that has but one."""


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Said(_Written):
    """What the message says in one language, where its template asks for that."""

    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = Field(
        default="en", description="The language of these words, as a tag: `de`, `en-GB`."
    )
    title: Annotated[str, Field(min_length=1, max_length=200, description="The subject, or the heading.")]
    text: Annotated[str, Field(min_length=1, max_length=2_000, description="What it says below the title.")]
    button: Annotated[str, Field(min_length=1, max_length=40)] | None = Field(
        default=None, description="What is written on the button that leads to the link."
    )


class Variant(_Written):
    """One of several forms of the message, each for a part of the members, drawn by lot: so many of a thousand."""

    name: Name = Field(description="What people call the form; figures are told by it.")
    per_mille: Annotated[int, Field(strict=True, ge=1, le=999)] = Field(
        description="Its share of the members, in thousandths; those of all forms come to 1,000."
    )
    template: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")] | None = Field(
        default=None, description="Its own template; without one, that of the whole."
    )
    words: tuple[Said, ...] = Field(default=(), max_length=16, description="Its own words; without any, those of all.")


class Wanted(_Written):
    """A mass message. It is for the members of any of the `segments`, for `everyone`, or for those named beside it."""

    name: Annotated[str, Field(min_length=1, max_length=64, description="What people call it; members do not see it.")]
    template: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")] = Field(
        default=CAMPAIGN, description="Which template; the shipped `campaign` says the words given here."
    )
    words: tuple[Said, ...] = Field(default=(), max_length=16, description="What it says, by language.")
    link: Annotated[str, Field(pattern=r"^https?://", max_length=1_000)] | None = Field(
        default=None, description="Where its button leads."
    )
    channels: tuple[ChannelName, ...] = Field(
        default=DEFAULT_CHANNELS, min_length=1, max_length=9, description="The first on which a member is reached."
    )
    purpose: Purpose = Field(default="marketing", description="What consent it takes; marketing keeps quiet hours.")
    segments: tuple[Name, ...] = Field(default=(), max_length=100, description="For the members of any of these.")
    everyone: bool = Field(default=False, description="For every member of the programme.")
    variants: tuple[Variant, ...] = Field(default=(), max_length=8, description="Forms that are tried side by side.")
    starts_at: Instant | None = Field(default=None, description="Not before; without it, as soon as it is sent.")
    useful_hours: Annotated[int, Field(strict=True, ge=1, le=MOST_HOURS)] = Field(
        default=72, description="Of no use so long after it began: who was not reached by then is not written to."
    )
    per_minute: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = Field(
        default=None, description="At most so many a minute; without it, as fast as channels take them."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_repeats("channels[{}]", self.channels)
        refuse_repeats("segments[{}]", self.segments)
        refuse_repeats("variants[{}].name", [each.name for each in self.variants])
        if self.segments and self.everyone:
            raise Misplaced("everyone", "it is for everyone, or for segments")
        total = sum(each.per_mille for each in self.variants)
        if self.variants and total != WHOLE:
            raise Misplaced("variants", f"their shares come to {total} per mille", str(WHOLE))
        for form in self.forms():
            _check(form)
        return self

    def forms(self) -> tuple[Form, ...]:
        """The forms that the message has: its variants, or the only one."""
        if not self.variants:
            return (Form(ONLY, WHOLE, self.template, self.words),)
        return tuple(
            [
                Form(each.name, each.per_mille, each.template or self.template, each.words or self.words)
                for each in self.variants
            ]
        )

    def form_of(self, mass_id: UUID, member_id: UUID) -> Form:
        """The form that a member gets: it follows from the two ids and never changes."""
        forms = self.forms()
        place = place_of(f"mass:{mass_id}", member_id) if len(forms) > 1 else 0
        for form in forms:
            if place < form.per_mille:
                return form
            place -= form.per_mille
        raise AssertionError("shares come to the whole")


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a message: its template and its words, for so many of a thousand."""

    name: str
    per_mille: int
    template: str
    words: tuple[Said, ...]

    def said_to(self, language: str | None, otherwise: str) -> Said | None:
        """The words for a reader of a language, else in the programme's; None where there are none at all."""
        known = {each.language.lower(): each for each in self.words}
        found = next((known[tag.lower()] for tag in chain(language, otherwise) if tag.lower() in known), None)
        return found or next(iter(self.words), None)


class WantedInvalid(ValueError):
    """A mass message that can't be; `faults` are places and reasons."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" if path else reason for path, reason in faults))
        self.faults = tuple(faults)


def wanted_of(document: Any) -> Wanted:
    """Read a mass message.

    Raises:
        WantedInvalid: it is none.
    """
    try:
        return Wanted.model_validate(document)
    except ValidationError as invalid:
        raise WantedInvalid(faults_of(invalid)) from None


def _check(form: Form) -> None:
    if form.template in FIXED:
        raise Misplaced("template", f"{form.template} tells what only an event says", CAMPAIGN)
    if form.template == CAMPAIGN and not form.words:
        raise Misplaced("words", "the message says nothing: give it words, or a template of your own")
    refuse_repeats("words[{}].language", [each.language.lower() for each in form.words])


def check_audience(wanted: Wanted, *, named: bool, segments: Sequence[str]) -> None:
    """Refuse a message for nobody, for two kinds of people at once, or for segments that the programme has not.

    Raises:
        WantedInvalid: at the first of them.
    """
    ways = [bool(wanted.segments), wanted.everyone, named]
    if sum(ways) != 1:
        raise WantedInvalid([("segments", "say whom it is for: segments, everyone, or members one by one")])
    for at, name in enumerate(wanted.segments):
        if name not in segments:
            known = ", ".join(segments) or "none is declared"
            raise WantedInvalid([(f"segments.{at}", f"no segment {name!r}; there are: {known}")])
