"""Members of another system as rows of CSV: who they are, how they are known, and what they bring along."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from libs.contracts.mapping_values import Misfit, as_instant, as_minor_units
from libs.contracts.rejection import Rejection

KINDS = ("card", "virtual_card", "nfc", "invoice", "phone", "email", "account")
COLUMNS = (
    "member_id", "key", *KINDS, "tier", "birthday", "enrolled_at", "wallet", "points", "earned_at", "expires_at",
)  # fmt: skip
_NAMESPACE = UUID("c4b1f1d0-6a53-5b0e-8f6e-3f2f0d6f7a21")
_NEVER = "never"
_MOST_IDENTIFIERS = 8


@dataclass(frozen=True, slots=True)
class Opening:
    """Points that a member brings, in the wallet's minor unit; without a date they lapse as the wallet says."""

    wallet: str
    points: int
    earned_at: datetime | None
    expires_at: datetime | None
    never_expires: bool

    @property
    def dates(self) -> str:
        """The dates as one text, the same for the same dates."""
        until = _NEVER if self.never_expires else self.expires_at.isoformat() if self.expires_at else ""
        return f"{self.earned_at.isoformat() if self.earned_at else ''}/{until}"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A member as the rows tell of them; `enrolled_at` is None where they do not say, `birthday` is month and day."""

    member_id: UUID
    identifiers: tuple[tuple[str, str], ...]
    tier: str | None
    birthday: str | None
    enrolled_at: datetime | None
    openings: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class MemberRows:
    """Reads the rows of members for one programme.

    `scales` are the decimals of its wallets, `wallet` the one that points belong to where a row names none. Dates
    without a time are days of `zone`: they begin at midnight, and points last until the end of the day.
    """

    source: str
    zone: ZoneInfo
    scales: Mapping[str, int]
    wallet: str
    now: datetime

    def key(self, cells: Mapping[str, str]) -> Hashable:
        """What the rows of one member have in common."""
        return key_of(cells)

    def newcomer(self, rows: Sequence[Mapping[str, str]]) -> Newcomer | Rejection:
        """Return the member that neighbouring rows tell of, or what is wrong with the first that is."""
        key = key_of(rows[0])
        if key is None:
            return Rejection("field", "/key", "a key, a member id or an identifier")
        try:
            return self._newcomer(key, rows)
        except _Wrong as wrong:
            return Rejection("field", f"/{wrong.column}", wrong.expected)

    def _newcomer(self, key: str, rows: Sequence[Mapping[str, str]]) -> Newcomer:
        identifiers = dict.fromkeys((kind, row[kind]) for row in rows for kind in KINDS if kind in row)
        if not 1 <= len(identifiers) <= _MOST_IDENTIFIERS:
            raise _Wrong(KINDS[0], f"between one and {_MOST_IDENTIFIERS} identifiers: {', '.join(KINDS)}")
        openings = tuple(opening for row in rows if (opening := self._opening(row)) is not None)
        enrolled = _the_same(rows, "enrolled_at")
        return Newcomer(
            self._member_id(key, rows),
            tuple(identifiers),
            _the_same(rows, "tier"),
            _month_day(_the_same(rows, "birthday")),
            None if enrolled is None else self._past("enrolled_at", enrolled),
            openings,
        )

    def _member_id(self, key: str, rows: Sequence[Mapping[str, str]]) -> UUID:
        text = _the_same(rows, "member_id")
        if text is None:
            return uuid5(_NAMESPACE, f"{self.source}\x1f{key}")
        try:
            return UUID(text)
        except ValueError:
            raise _Wrong("member_id", "a UUID, or nothing") from None

    def _opening(self, row: Mapping[str, str]) -> Opening | None:
        if "points" not in row:
            return None
        wallet = row.get("wallet", self.wallet)
        if wallet not in self.scales:
            raise _Wrong("wallet", f"a wallet of the programme: {', '.join(self.scales)}")
        try:
            points = as_minor_units(row["points"], self.scales[wallet], ".")
        except Misfit as misfit:
            raise _Wrong("points", str(misfit)) from None
        if points < 0:
            raise _Wrong("points", "no debt: a balance of 0 or more")
        earned = self._past("earned_at", row["earned_at"]) if "earned_at" in row else None
        until = row.get("expires_at")
        never = until is not None and until.lower() == _NEVER
        expires = None if until is None or never else self._instant("expires_at", until, ends=True)
        if expires is not None and expires <= max(self.now, earned or self.now):
            raise _Wrong("expires_at", "a time to come: these points have lapsed")
        return Opening(wallet, points, earned, expires, never) if points else None

    def _past(self, column: str, text: str) -> datetime:
        moment = self._instant(column, text)
        if moment > self.now:
            raise _Wrong(column, "a time that has passed")
        return moment

    def _instant(self, column: str, text: str, *, ends: bool = False) -> datetime:
        try:
            day = date.fromisoformat(text) if len(text) == len("2026-01-31") else None
        except ValueError:
            day = None
        try:
            if day is not None:
                begins = day + timedelta(days=1) if ends else day
                return datetime.combine(begins, time.min, self.zone).astimezone(UTC)
            return as_instant(text, self.zone, None)
        except (Misfit, OverflowError):
            raise _Wrong(column, "a date such as 2026-01-31, or a date-time") from None


class _Wrong(Exception):
    def __init__(self, column: str, expected: str) -> None:
        self.column = column
        self.expected = expected


def key_of(cells: Mapping[str, str]) -> str | None:
    """What a row names its member by: the key, else the member id, else the first identifier."""
    for column in ("key", "member_id"):
        if column in cells:
            return cells[column]
    return next((f"{kind}:{cells[kind]}" for kind in KINDS if kind in cells), None)


def enrolment(newcomer: Newcomer) -> dict[str, Any]:
    """The data of the enrolment."""
    return {
        "member_id": str(newcomer.member_id),
        "identifiers": [{"kind": kind, "value": value} for kind, value in newcomer.identifiers],
        "tier": newcomer.tier,
    } | ({} if newcomer.birthday is None else {"birthday": newcomer.birthday})


def _month_day(text: str | None) -> str | None:
    """The month and the day of a birthday, which may be given with its year."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text if len(text) == len("2026-01-31") else f"2000-{text}")
    except ValueError:
        raise _Wrong("birthday", "a date such as 1990-01-31, or month and day such as 01-31") from None
    return f"{day:%m-%d}"


def _the_same(rows: Sequence[Mapping[str, str]], column: str) -> str | None:
    """What the rows say in a column; those that say nothing agree with all."""
    told = {row[column] for row in rows if column in row}
    if len(told) > 1:
        raise _Wrong(column, "the same in all rows of a member")
    return told.pop() if told else None
