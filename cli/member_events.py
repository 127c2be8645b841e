"""The events of members who come from another system: enrolments first, opening balances when they are known.

Ids follow from what the file says. A changed enrolment is another event and is applied on top; an opening balance is
known by member, wallet and dates, so that other points under the same dates are refused instead of paid on top.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import orjson

from cli.member_rows import MemberRows, Newcomer, Opening, enrolment
from libs.contracts.events.activity import AdjustmentRequestedV1
from libs.contracts.events.member import MemberEnrolledV1
from libs.contracts.rejection import Rejection
from libs.intake.events import Prepared, Preparer
from libs.intake.gather import Gathered, gather
from libs.intake.rows import Row
from libs.ledger.late import GRACE

REASON = "opening-balance"
_LONG_STANDING = GRACE + timedelta(days=1)


class Newcomers:
    """Makes the events of the rows of a file; `now` is the time of what the file has no date for."""

    def __init__(self, rows: MemberRows, preparer: Preparer, requested_by: str, now: datetime) -> None:
        self._rows = rows
        self._preparer = preparer
        self._requested_by = requested_by
        self._now = now

    def documents(self, rows: Iterator[Row]) -> Iterator[Gathered]:
        """Give the rows of each member together."""
        return gather(rows, self._rows.key)

    def read(self, document: Gathered) -> Newcomer | Rejection:
        """Return the member that rows tell of."""
        content = document.content
        return content if isinstance(content, Rejection) else self._rows.newcomer(content)

    def whole(self, document: Gathered) -> Newcomer | Rejection:
        """Return a member all of whose events are good: who would be refused in part is refused as a whole."""
        newcomer = self.read(document)
        if not isinstance(newcomer, Rejection):
            for made in (self.enrolment(newcomer), *(each[2] for each in self.openings(newcomer))):
                if isinstance(made, Rejection):
                    return made
        return newcomer

    def enrolment(self, newcomer: Newcomer) -> Prepared | Rejection:
        """The record that enrols a member."""
        data = enrolment(newcomer)
        body = blake2b(orjson.dumps(data), digest_size=8).hexdigest()
        name = f"{newcomer.member_id}/enrolled/{body}"
        return self._prepared(MemberEnrolledV1.event_type, name, self._enrolled_at(newcomer), data)

    def _enrolled_at(self, newcomer: Newcomer) -> datetime:
        """When somebody became a member; where the file does not say, before they brought points, and not just now.

        Who comes from elsewhere is neither welcomed nor paid for joining: programme and messages take them for a member
        of long standing.
        """
        if newcomer.enrolled_at is not None:
            return newcomer.enrolled_at
        earned = [each.earned_at for each in newcomer.openings if each.earned_at is not None]
        return min([self._now - _LONG_STANDING, *earned])

    def openings(self, newcomer: Newcomer) -> list[tuple[str, Opening, Prepared | Rejection]]:
        """Every opening balance of a member, with the id of its event."""
        found, seen = [], Counter[tuple[str, str]]()
        for opening in newcomer.openings:
            place = (opening.wallet, opening.dates)
            seen[place] += 1
            name = self._opening_id(newcomer, opening, seen[place])
            data = {
                "member_id": str(newcomer.member_id),
                "wallet": opening.wallet,
                "points": opening.points,
                "reason": REASON,
                "requested_by": self._requested_by,
                "earned_at": opening.earned_at,
                "expires_at": opening.expires_at,
                "never_expires": opening.never_expires,
                "opening": True,
            }
            prepared = self._prepared(AdjustmentRequestedV1.event_type, name, self._now, data)
            found.append((name, opening, prepared))
        return found

    def _opening_id(self, newcomer: Newcomer, opening: Opening, ordinal: int) -> str:
        dates = blake2b(f"{opening.wallet}/{opening.dates}".encode(), digest_size=8).hexdigest()
        return f"{newcomer.member_id}/opening/{dates}/{ordinal}"

    def _prepared(self, kind: str, name: str, when: datetime, data: dict[str, Any]) -> Prepared | Rejection:
        envelope = {"specversion": "1.0", "id": name, "source": self._preparer.source, "type": kind, "time": when}
        return self._preparer.prepare(orjson.dumps({**envelope, "data": data}))


class Checked:
    """Looks at every member and publishes nothing; counts what there is."""

    def __init__(self, newcomers: Newcomers) -> None:
        self._newcomers = newcomers
        self._keys = array("Q")
        self.documents = newcomers.documents
        self.members = 0
        self.openings = 0
        self.points: Counter[str] = Counter()
        """Points by wallet, in its minor unit."""

    def make(self, document: Gathered | Row) -> Sequence[Prepared] | Rejection:
        """Count one member."""
        assert isinstance(document, Gathered)
        newcomer = self._newcomers.whole(document)
        if isinstance(newcomer, Rejection):
            return newcomer
        self._keys.append(int.from_bytes(blake2b(newcomer.member_id.bytes, digest_size=8).digest()))
        self.members += 1
        self.openings += len(newcomer.openings)
        for opening in newcomer.openings:
            self.points[opening.wallet] += opening.points
        return ()

    def scattered(self) -> int:
        """How many members have rows in more than one place of the file."""
        ordered = sorted(self._keys)
        return sum(one == other for one, other in pairwise(ordered))


class Enrolled:
    """Enrols every member; what is refused was told before."""

    def __init__(self, newcomers: Newcomers) -> None:
        self._newcomers = newcomers
        self.documents = newcomers.documents

    def make(self, document: Gathered | Row) -> Sequence[Prepared] | Rejection:
        """The enrolment of one member."""
        assert isinstance(document, Gathered)
        newcomer = self._newcomers.whole(document)
        made = newcomer if isinstance(newcomer, Rejection) else self._newcomers.enrolment(newcomer)
        return made if isinstance(made, Rejection) else (made,)


class Opened:
    """Brings every opening balance; what is refused was told before."""

    def __init__(self, newcomers: Newcomers) -> None:
        self._newcomers = newcomers
        self.documents = newcomers.documents

    def make(self, document: Gathered | Row) -> Sequence[Prepared] | Rejection:
        """The opening balances of one member."""
        assert isinstance(document, Gathered)
        newcomer = self._newcomers.whole(document)
        if isinstance(newcomer, Rejection):
            return newcomer
        return [made for _, _, made in self._newcomers.openings(newcomer) if not isinstance(made, Rejection)]
