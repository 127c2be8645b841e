"""Time zones from the pinned tzdata wheel, so that every worker computes the same boundaries.

`ZoneInfo("Europe/Rome")` reads the machine's own zone files where there are any, and their age differs from machine to
machine. Two workers that disagree about a boundary would write two expiry dates for one moment.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ZONE_FILES = "tzdata.zoneinfo"


@cache
def zone_names() -> frozenset[str]:
    """Every IANA zone name in the pinned data."""
    return frozenset((resources.files("tzdata") / "zones").read_text(encoding="utf-8").split())


@cache
def load_zone(name: str) -> ZoneInfo:
    """The zone of this IANA name, always the same object.

    Raises:
        ZoneInfoNotFoundError: the pinned data has no such zone.
    """
    if name not in zone_names():
        raise ZoneInfoNotFoundError(f"no time zone named {name!r}")
    with resources.files(_ZONE_FILES).joinpath(*name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


@cache
def pinned_version() -> str:
    """The release of the pinned data, as IANA names it (`2026f`)."""
    with resources.files(_ZONE_FILES).joinpath("tzdata.zi").open("r", encoding="utf-8") as text:
        return text.readline().removeprefix("# version ").strip()


def tzdata_version(zone: ZoneInfo) -> str:
    """The release that `zone` was read from; `system` when it did not come from `load_zone`."""
    pinned = zone.key in zone_names() and load_zone(zone.key) is zone
    return pinned_version() if pinned else "system"
