"""What is answered about designs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field, JsonValue

from libs.design.versions import Draft, DraftKind, Kind, Version
from services.gateway.designs.bodies import STYLE
from services.gateway.designs.store import PageDay
from services.gateway.views import View

_VERSION: dict[str, JsonValue] = {
    "kind": "style",
    "name": "",
    "version": 3,
    "state": "published",
    "note": "New logo",
    "published_by": "Eva (k1)",
    "published_at": "2026-03-02T10:00:00Z",
}
_DRAFT: dict[str, JsonValue] = {
    "kind": "style",
    "name": "",
    "revision": 4,
    "source": STYLE,
    "saved_by": "Eva (k1)",
    "saved_at": "2026-03-02T10:05:00Z",
}


class DesignVersionView(View):
    """A published version of a design."""

    model_config = ConfigDict(json_schema_extra={"example": _VERSION})

    kind: Kind
    name: str
    version: int
    state: Literal["published", "withdrawn"]
    note: str | None
    published_by: str
    published_at: datetime

    @classmethod
    def of(cls, version: Version) -> DesignVersionView:
        """A version as it is answered."""
        return cls(**{name: getattr(version, name) for name in cls.model_fields})


class DesignsView(View):
    """The designs of a programme: the last version of each."""

    model_config = ConfigDict(json_schema_extra={"example": {"programme": "main", "data": [_VERSION]}})

    programme: str
    data: tuple[DesignVersionView, ...]


class DesignView(View):
    """A design that is in force, and its versions."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"kind": "style", "name": "", "version": 3, "document": STYLE, "versions": [_VERSION]}
        }
    )

    kind: Kind
    name: str
    version: int = Field(description="Its number; 0 for the style that comes with the platform.")
    document: dict[str, Any]
    versions: tuple[DesignVersionView, ...] = Field(description="The last first.")


class CheckedDesignView(View):
    """A design without a fault, as it would be kept."""

    model_config = ConfigDict(json_schema_extra={"example": {"document": STYLE}})

    document: dict[str, Any]


class PublishedDesignView(View):
    """What became of publishing."""

    model_config = ConfigDict(json_schema_extra={"example": {"published": True, "version": _VERSION}})

    published: bool = Field(description="False where the same is published already.")
    version: DesignVersionView


class DraftView(View):
    """A draft as it was saved last."""

    model_config = ConfigDict(json_schema_extra={"example": _DRAFT})

    kind: DraftKind
    name: str
    revision: int = Field(description="How often it was saved.")
    source: dict[str, Any]
    saved_by: str
    saved_at: datetime

    @classmethod
    def of(cls, draft: Draft) -> DraftView:
        """A draft as it is answered."""
        return cls(**{name: getattr(draft, name) for name in cls.model_fields})


class DraftsView(View):
    """The drafts of a programme, the last saved first."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_DRAFT]}})

    data: tuple[DraftView, ...]


class SavedDraftView(View):
    """What became of saving."""

    model_config = ConfigDict(json_schema_extra={"example": {"revision": 5}})

    revision: int


class DroppedDraftView(View):
    """What became of throwing a draft away."""

    model_config = ConfigDict(json_schema_extra={"example": {"dropped": True}})

    dropped: bool = Field(description="False where there was none.")


class PictureView(View):
    """A picture of the media store."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"digest": "9f" * 32, "media_type": "image/png", "path": "/media/" + "9f" * 32}}
    )

    digest: str = Field(description="Its name: the SHA-256 of its bytes.")
    media_type: str
    path: str = Field(description="Where this gateway shows it.")


class PageDayView(View):
    """A landing page on a day of UTC."""

    day: date
    visits: int
    signups: int


class PageVisitsView(View):
    """How often a landing page was looked at, and how often somebody joined by it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "spring-sale",
                "visits": 1204,
                "signups": 96,
                "days": [{"day": "2026-03-02", "visits": 1204, "signups": 96}],
            }
        }
    )

    name: str
    visits: int
    signups: int
    days: tuple[PageDayView, ...] = Field(description="The last first, 400 at most.")


def visits_view(name: str, days: Iterable[PageDay]) -> PageVisitsView:
    """The days of a page, and what they come to."""
    listed = tuple(PageDayView(day=each.day, visits=each.visits, signups=each.signups) for each in days)
    visits, signups = sum(each.visits for each in listed), sum(each.signups for each in listed)
    return PageVisitsView(name=name, visits=visits, signups=signups, days=listed)
