"""Digital goods: virtual items, downloads, licences; usable at once by a link or a key."""

from __future__ import annotations

from typing import Literal

from libs.catalogue.flow import Flow
from libs.catalogue.kinds.base import AT_ONCE, Issued, Issuing, Link, RewardKind, ValidDays, Words
from libs.promotions.parts import Part


class Digital(Part):
    """What it is; a download has a link, of which each order has its own."""

    kind: Literal["digital"]
    item: Words
    form: Literal["download", "licence", "in_app"]
    link: Link | None = None
    valid_days: ValidDays | None = None


def _flow(data: Digital) -> Flow:
    return AT_ONCE


def _issue(data: Digital, issuing: Issuing) -> Issued | None:
    until = issuing.until(data.valid_days)
    if data.link is not None:
        return Issued("link", f"{data.link}#{issuing.letters}", until)
    return Issued("code", f"DG-{issuing.letters}", until)


KIND = RewardKind("digital", Digital, _flow, issue=_issue)
