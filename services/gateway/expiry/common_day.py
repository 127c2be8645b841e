"""The one day on which points lapse for everybody: as a date, and in words. Pure."""

from __future__ import annotations

from datetime import date, datetime

from libs.judging.terms import policy_of
from libs.judging.versions import ActiveVersion
from libs.language import wording
from libs.ledger.policies import Rolling
from libs.promotions.expiry import AnniversaryExpiry
from libs.promotions.wallets import Wallet
from services.gateway.public.question_words import QUESTIONS


def common_day(version: ActiveVersion, wallet: str, at: datetime) -> date | None:
    """Return the next last day of points of a wallet, in the programme's zone; None where everybody has another one.

    So it is where none ever lapse, where they lapse so many days after each purchase, or with the membership year.
    """
    expiry = version.terms.expiry(wallet, None)
    policy = policy_of(expiry)
    if isinstance(expiry, AnniversaryExpiry) or (isinstance(policy, Rolling) and policy.scattered):
        return None
    coming = version.calendars[wallet].next_boundary(at)
    return None if coming is None else coming.local_date


def common_days(version: ActiveVersion, wallet: Wallet, at: datetime, language: str) -> list[str]:
    """Say when points of a wallet lapse next, and until when those earned today are good; nothing for never.

    The second is left out where it is not the same for everybody.
    """
    found = []
    coming = common_day(version, wallet.name, at)
    if coming is not None:
        found.append(QUESTIONS.say(language, "next", day=wording.day(coming, language)))
    earned = version.calendars[wallet.name].expires_at(at)
    alike = wallet.pending is None and not wallet.expiry_for and not isinstance(wallet.expiry, AnniversaryExpiry)
    if earned is not None and alike:
        found.append(QUESTIONS.say(language, "today", day=wording.day(earned.local_date, language)))
    return found
