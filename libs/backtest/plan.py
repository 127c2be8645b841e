"""What a backtest was asked: the range, rules A and rules B; what makes two of them the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from libs.backtest.compare import Rules
from libs.backtest.history import PERSONAL, Scheme, StoredVersion
from libs.backtest.merges import Merges
from libs.backtest.ruling import Ruling, brought_by_the_clock, ruling, untold
from libs.judging.versions import RunningProgramme
from libs.ledger.zones import load_zone
from libs.promotions.document import document_hash

_FORMAT = 4
ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
"""From when on all of a history counts."""
_IN_FORCE = ALWAYS + timedelta(days=1)
"""When rules hold from that are asked about for all of a range."""
_PERIODS = {
    "day": timedelta(days=2),
    "week": timedelta(days=9),
    "month": timedelta(days=33),
    "year": timedelta(days=368),
}
"""At least as long as a period that may have begun before a range; every other period may have begun at any time."""


class PlanRefused(ValueError):
    """The question makes no sense for this programme; the text says why."""


class Plan(msgspec.Struct, frozen=True):
    """A question: what counts from `since` on and before `until`, under A and under the document B.

    A are the versions that were in force, or the one that is named. The history is read from `lookback` on: for what
    was used of limits, or, where either side looks at what members did before, as far as there is any. `unknown` says
    what is asked that the history does not tell, or not as it would have been.
    """

    scheme: Scheme
    since: datetime
    until: datetime
    document: dict[str, Any]
    against: int | None
    lookback: datetime
    chunks: int
    unknown: tuple[str, ...] = ()
    format: int = _FORMAT

    def rules(self) -> Rules:
        """Compile both sets of rules.

        Raises:
            libs.promotions.document.ProgrammeInvalid: a document is none.
        """
        scheme = self.scheme
        found = _sides(scheme, self.document, self.against)
        a, b = [brought_by_the_clock(each, scheme.first, self.until) for each in found]
        follows, occurs = any(each.follows for each in found), any(each.waits for each in found)
        zone = load_zone(scheme.zone)
        return Rules(
            a, b, scheme, self.since, self.until, zone, follows, occurs, scheme.told_until, Merges(scheme.merges)
        )

    def hash(self) -> str:
        """Names rules B."""
        return document_hash(self.document)

    def differs_from(self, other: Plan) -> str | None:
        """In what another question is not this one: the first difference in words; None when it is the same."""
        pairs = (
            ("another form of the work", self.format, other.format),
            ("another programme", self._slug(), other._slug()),
            ("another range", (self.since, self.until), (other.since, other.until)),
            ("another document", self.hash(), other.hash()),
            ("other rules to compare with", self.against, other.against),
        )
        return next((what for what, own, others in pairs if own != others), None)

    def _slug(self) -> tuple[str, str]:
        return self.scheme.tenant, self.scheme.programme


def make_plan(
    scheme: Scheme,
    since: datetime,
    until: datetime,
    document: dict[str, Any],
    against: int | None,
    size: int,
    personal: Collection[str] = PERSONAL,
) -> Plan:
    """Check and complete a question. `size` is about how many items there are, `personal` what is told of profiles.

    Raises:
        PlanRefused: it makes no sense.
        libs.promotions.document.ProgrammeInvalid: a document is none.
    """
    if until <= since:
        raise PlanRefused("the range is empty: its end must come after its beginning")
    if not scheme.versions:
        raise PlanRefused(f"{scheme.tenant}/{scheme.programme} has no version to compare with")
    if document.get("currency") != scheme.currency:
        raise PlanRefused(f"the document counts in {document.get('currency')}, the history in {scheme.currency}")
    if against is not None and all(each.version != against for each in scheme.versions):
        known = ", ".join(str(each.version) for each in scheme.versions)
        raise PlanRefused(f"there is no version {against}; known: {known}")
    both = _sides(scheme, document, against)
    unknown = tuple(sorted({what for side in both for what in untold(side, personal)}))
    follows = any(side.follows for side in both)
    back = ALWAYS if follows else _lookback([side.programme for side in both], since)
    return Plan(scheme, since, until, document, against, back, min(max(size // 4_000, 4), 512), unknown)


def read_plan(path: Path) -> Plan | None:
    """The question that a folder was begun with; None when there is none, or none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


@lru_cache(maxsize=1)
def rules_of(plan: bytes) -> Rules:
    """The rules of a question that was written down: compiled once a process, wherever the question lies."""
    return msgspec.json.decode(plan, type=Plan).rules()


def _sides(scheme: Scheme, document: dict[str, Any], against: int | None) -> tuple[Ruling, Ruling]:
    named = [
        StoredVersion(each.version, _IN_FORCE, each.document) for each in scheme.versions if each.version == against
    ]
    a = scheme.running(scheme.versions if against is None else named)
    b = scheme.running([StoredVersion(int(document["version"]), _IN_FORCE, document)])
    return ruling(a), ruling(b)


def _lookback(programmes: Iterable[RunningProgramme], since: datetime) -> datetime:
    """From when on to read what was used of limits whose periods may have begun before the range."""
    periods = {
        period
        for programme in programmes
        for version in programme.versions
        for _, _, period in version.compiled.counter_limits
    }
    if any(period not in _PERIODS for period in periods):
        return ALWAYS
    return since - max((_PERIODS[period] for period in periods), default=timedelta())
