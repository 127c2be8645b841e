"""The one day on which points lapse for everybody: as a date, and in words. Pure."""

from __future__ import annotations

from datetime import date, datetime

from libs.judging.versions import ActiveVersion
from libs.language import wording
from libs.promotions.wallets import Wallet
from services.gateway.question_words import QUESTIONS


def common_day(version: ActiveVersion, wallet: str, at: datetime) -> date | None:
    """Return the next last day of points of a wallet, in the programme's zone; None where none ever lapse."""
    coming = version.calendars[wallet].next_boundary(at)
    return None if coming is None else coming.local_date


def common_days(version: ActiveVersion, wallet: Wallet, at: datetime, language: str) -> list[str]:
    """Say when points of a wallet lapse next, and until when those earned today are good; nothing for never."""
    found = []
    coming = common_day(version, wallet.name, at)
    if coming is not None:
        found.append(QUESTIONS.say(language, "next", day=wording.day(coming, language)))
    earned = version.calendars[wallet.name].expires_at(at)
    if earned is not None and wallet.pending is None:
        found.append(QUESTIONS.say(language, "today", day=wording.day(earned.local_date, language)))
    return found
