"""One receipt at one instant for one member, with what is derived from it at most once."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from libs.promotions.facts import MemberFacts, ReceiptLike


class Situation:
    """What conditions and effects look at. Local time is converted only when something asks for it."""

    __slots__ = ("_local", "at", "member", "receipt", "tier", "zone")

    def __init__(self, receipt: ReceiptLike, member: MemberFacts | None, at: datetime, zone: tzinfo) -> None:
        self.receipt = receipt
        self.member = member
        self.tier = None if member is None else member.tier
        self.at = at
        self.zone = zone
        self._local: datetime | None = None

    def local(self) -> datetime:
        """Return the instant in the programme's zone."""
        if self._local is None:
            self._local = self.at.astimezone(self.zone)
        return self._local

    def today(self) -> date:
        """Return the day in the programme's zone."""
        return self.local().date()
