"""What a programme lets a member do with points, as their own page tells it."""

from __future__ import annotations

from datetime import datetime

from libs.judging.versions import RunningProgramme
from libs.language import wording
from libs.promotions.rates import digits
from services.gateway.store import Member


def may_share(running: RunningProgramme, now: datetime) -> bool:
    """Whether members of a programme may share points."""
    version = running.at(now)
    return version is not None and version.compiled.source.household is not None


def worth(running: RunningProgramme, member: Member, points: int, now: datetime, language: str) -> str:
    """What so many points pay at a till, in words; nothing where they pay nothing."""
    version = running.at(now)
    if version is None or version.compiled.source.payment is None:
        return ""
    source = version.compiled.source
    rate = version.compiled.source.payment.rate(member.tier, now)
    minor = 0 if rate is None else points * rate.minor // rate.points
    return wording.money(minor, digits(source.currency), source.currency, language) if minor else ""
