"""Programmes and campaigns: what was published, what runs, and what stopped."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import FailFast, Field

from libs.contracts.primitives import NO_NUL, Instant, Name32, Name64, Name256, Payload, ProgrammeVersion, Text64

Path = Annotated[str, MinLen(1), MaxLen(200), NO_NUL]
CampaignState = Literal["draft", "scheduled", "live", "paused", "ended"]


class ProgrammePublishedV1(Payload):
    """The latest version of a programme; the one before it stays in force until `active_from`."""

    event_type: ClassVar[str] = "org.pointstream.programme.published.v1"

    programme_version: ProgrammeVersion = Field(description="Number of the version.")
    hash: Annotated[str, MinLen(64), MaxLen(64), NO_NUL] = Field(
        description="SHA-256 of the document in canonical JSON, in hexadecimal."
    )
    active_from: Instant = Field(description="When it comes into force: what happens from then on is judged by it.")
    published_at: Instant = Field(description="When it was published.")
    restores: ProgrammeVersion | None = Field(default=None, description="The earlier version that it takes up again.")


class CampaignCreatedV1(Payload):
    """A campaign that was not in the version before."""

    event_type: ClassVar[str] = "org.pointstream.campaign.created.v1"

    campaign: Name64 = Field(description="Id of the campaign in its programme.")
    name: Annotated[str, MinLen(1), MaxLen(200), NO_NUL] = Field(description="What people call it.")
    state: CampaignState = Field(description="Only `live` and `scheduled` ones run, in their time.")
    programme_version: ProgrammeVersion = Field(description="The version that it came with.")
    active_from: Instant = Field(description="When that version comes into force.")
    starts_at: Instant | None = Field(default=None, description="When its time begins; null: with the version.")
    ends_at: Instant | None = Field(default=None, description="When its time ends; null: it has no end.")


class CampaignChangedV1(Payload):
    """A campaign that is not as it was in the version before."""

    event_type: ClassVar[str] = "org.pointstream.campaign.changed.v1"

    campaign: Name64 = Field(description="Id of the campaign in its programme.")
    name: Annotated[str, MinLen(1), MaxLen(200), NO_NUL] = Field(description="What people call it.")
    state: CampaignState = Field(description="Only `live` and `scheduled` ones run, in their time.")
    programme_version: ProgrammeVersion = Field(description="The version that changes it.")
    active_from: Instant = Field(description="When that version comes into force.")
    starts_at: Instant | None = Field(default=None, description="When its time begins; null: with the version.")
    ends_at: Instant | None = Field(default=None, description="When its time ends; null: it has no end.")
    fields: Annotated[tuple[Path, ...], MinLen(1), MaxLen(100), FailFast()] = Field(
        description="What is changed, as paths below the campaign such as `effect.points`; 100 at most."
    )


class CampaignRemovedV1(Payload):
    """A campaign that is no longer in the document."""

    event_type: ClassVar[str] = "org.pointstream.campaign.removed.v1"

    campaign: Name64 = Field(description="Id that the campaign had.")
    programme_version: ProgrammeVersion = Field(description="The version that has it no more.")
    active_from: Instant = Field(description="When that version comes into force.")


class CampaignStartedV1(Payload):
    """A campaign may pay from now on."""

    event_type: ClassVar[str] = "org.pointstream.campaign.started.v1"

    campaign: Name64 = Field(description="Id of the campaign in its programme.")
    programme_version: ProgrammeVersion = Field(description="The version in force.")
    cause: Literal["published", "frame", "switch"] = Field(
        description="A version came into force, the campaign's time began, or a kill switch was turned on again."
    )
    at: Instant = Field(description="Since when.")


class CampaignStoppedV1(Payload):
    """A campaign does not pay any more."""

    event_type: ClassVar[str] = "org.pointstream.campaign.stopped.v1"

    campaign: Name64 = Field(description="Id of the campaign in its programme.")
    programme_version: ProgrammeVersion = Field(description="The version in force.")
    cause: Literal["published", "frame", "switch"] = Field(
        description="A version came into force, the campaign's time ended, or a kill switch was turned off."
    )
    at: Instant = Field(description="Since when.")


class CampaignBudgetReachedV1(Payload):
    """So much of a limit that members share is used by now: 80 percent, or all. Told once for each period and limit."""

    event_type: ClassVar[str] = "org.pointstream.campaign.budget_reached.v1"

    campaign: Name64 | None = Field(default=None, description="Id of the campaign; null for a limit of all together.")
    limit: Name256 = Field(description="Which limit, as explanations name it.")
    unit: Literal["points", "times", "discount_minor", "order_minor"] = Field(description="What is limited.")
    wallet: Name64 | None = Field(default=None, description="The wallet of a limit on points of all campaigns.")
    scope: Literal["programme", "campaign", "store", "partner"] = Field(description="For what there is so much.")
    place: Text64 | None = Field(default=None, description="The store or partner; null for a limit of no place.")
    period: Literal["day", "week", "month", "year", "ever"] = Field(description="For how long there is so much.")
    within: Name32 = Field(description="Which day, week, month or year, or ever.")
    share: Annotated[int, Ge(1), Le(100)] = Field(description="Percent of it that are used, at least: 80 or 100.")
    used: Annotated[int, Ge(0), Le(2**63 - 1)] = Field(description="How much of it was used at that instant.")
    total: Annotated[int, Ge(0), Le(2**63 - 1)] = Field(description="How much there is.")
    reached_at: Instant = Field(description="When that came about.")
