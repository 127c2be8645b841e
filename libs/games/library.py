"""The library of ready games, badges and rankings: documents that are begun with as they are. Pure, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, get_args

from libs.games.documents import parse_badge, parse_game
from libs.promotions.strict_yaml import read_yaml

Sort = Literal["lottery", "wheel", "auction", "badge", "ranking"]
SORTS: tuple[Sort, ...] = get_args(Sort)


@dataclass(frozen=True, slots=True)
class Example:
    """A ready document: what it is, in words of each language, and for how many days a game of it is open.

    The document of a game has no times yet; that of a ranking is what is asked of `GET /v1/rankings`.
    """

    name: str
    sort: Sort
    about: Mapping[str, str]
    document: Mapping[str, Any]
    days: int = 0
    latest_hours: int = 0

    def begun(self, now: datetime) -> dict[str, Any]:
        """The document as it may be written now: a game opens at once, at the full minute, and closes days later."""
        if self.sort in ("badge", "ranking"):
            return dict(self.document)
        opens = now.replace(second=0, microsecond=0)
        closes = opens + timedelta(days=self.days)
        times = {"opens_at": opens, "closes_at": closes}
        if self.latest_hours:
            times["latest"] = closes + timedelta(hours=self.latest_hours)
        return {**self.document, **{name: at.isoformat().replace("+00:00", "Z") for name, at in times.items()}}


@lru_cache(maxsize=1)
def examples() -> Mapping[str, Example]:
    """Return all examples by their names, lotteries first and rankings last."""
    folder = resources.files("libs.games") / "examples"
    found = [
        _read(file.name.removesuffix(".yaml"), file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".yaml") and not file.name.endswith(".expect.yaml")
    ]
    return {each.name: each for each in sorted(found, key=lambda each: (SORTS.index(each.sort), each.name))}


def checked(example: Example, now: datetime) -> None:
    """Read the document as redemption will.

    Raises:
        DocumentInvalid: it is none.
    """
    if example.sort == "badge":
        parse_badge(example.begun(now))
    elif example.sort != "ranking":
        parse_game(example.begun(now))


def _read(name: str, text: str) -> Example:
    said: dict[str, Any] = read_yaml(text)
    (part,) = said.keys() & {"game", "badge", "ranking"}
    document: dict[str, Any] = said[part]
    sort: Sort = document["kind"] if part == "game" else "badge" if part == "badge" else "ranking"
    return Example(
        name, sort, said["about"], document, int(said.get("days", 0)),
        int(said.get("latest_hours", 0)),
    )  # fmt: skip
