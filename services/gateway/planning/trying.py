"""Trying a draft on a sample basket, by the function of the quote: what it brings without the campaign, and with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.promotions.describe import Words
from libs.promotions.explain import describe, granted_words, why_not
from libs.promotions.extensions import EXTENSION
from libs.promotions.facts import MemberFacts
from services.gateway.planning.reading import Place, Posted, read_instant, read_money
from services.gateway.quotes.answers import quote_view
from services.gateway.quotes.bodies import read_quote
from services.gateway.quotes.foretold import Asked, quote
from services.gateway.quotes.views import QuoteView

_SINCE = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = 4
_MOST_PIECES = 1_000_000_000
MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class Sample:
    """A basket as the form has it: a purchase, when, and for whom; with the faults of its fields."""

    data: Mapping[str, Any]
    at: datetime
    member: MemberFacts
    faults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tried:
    """What a basket brings: in words, without the campaign and with it; and why it did not pay, if it did not."""

    before: str
    after: str
    gives: Sequence[str]
    not_paid: str | None


def read_sample(posted: Posted, place: Place, currency: str, now: datetime) -> Sample:
    """Read the fields of the basket; lines are `article; category; pieces; amount`."""
    faults: dict[str, str] = {}
    lines = []
    for number, text in enumerate(_one(posted, "try.lines").splitlines()[:MOST_LINES], start=1):
        if text.strip():
            try:
                lines.append(_line(number, text, place))
            except ValueError:
                faults["try.lines"] = "fault.lines"
    try:
        total = read_money(_one(posted, "try.total"), place.digits)
    except ValueError:
        total, faults["try.total"] = None, "fault.money"
    try:
        at = read_instant(_one(posted, "try.at"), place.zone) or now
    except ValueError:
        at, faults["try.at"] = now, "fault.instant"
    if total is None:
        total = sum(line["amount_minor"] for line in lines)
    data: dict[str, Any] = {"currency": currency, "total_minor": total, "lines": lines}
    data |= {name: text for name in ("store", "partner", "channel") if (text := _one(posted, f"try.{name}").strip())}
    segments = frozenset(one.strip() for one in _one(posted, "try.segments").split(",") if one.strip())
    member = MemberFacts(UUID(int=0), tier=_one(posted, "try.tier").strip() or None, segments=segments, lists=segments)
    return Sample(data, at, member, faults)


def live_in(document: Mapping[str, Any], campaign: str) -> dict[str, Any]:
    """The document with one campaign live, whatever its state."""
    campaigns = [{**one, "state": "live"} if one["id"] == campaign else one for one in document["campaigns"]]
    return {**document, "version": 1, "campaigns": campaigns}


def asked_of(running: RunningProgramme, version: ActiveVersion, sample: Sample) -> Asked:
    """What the basket would bring at its time by one version.

    Raises:
        ProblemError: it is no purchase.
    """
    alone = replace(running, versions=(replace(version, active_from=_SINCE),), counts_members=version.counts_members)
    return Asked(alone, read_quote({"data": dict(sample.data)}, sample.at).purchase, sample.at, sample.member, None)


def tried(before: Asked | None, after: Asked, used: Mapping[str, int], campaign: str, language: str) -> Tried:
    """Judge the basket by the programme as it is, and with the campaign; `used` is what limits have used."""
    version = after.programme.versions[0]
    without = None if before is None else quote_view(quote(before, used), language)
    with_it = quote_view(quote(after, used), language)
    gives = _gives(with_it, campaign, Words(version.compiled, language))
    failed = None
    if not gives:
        why = why_not(campaign, version.compiled, after.purchase, after.member, after.at)
        explained = with_it.explanation
        told = [one.words for one in explained.not_paid if one.campaign == campaign] if explained else []
        failed = describe(why, language) if why is not None else next(iter(told), "")
    return Tried("" if without is None else without.words, with_it.words, gives, failed)


def _gives(view: QuoteView, campaign: str, words: Words) -> tuple[str, ...]:
    explained = view.explanation
    if explained is None:
        return ()
    told = [f"{one.points} {one.wallet}" for one in explained.campaigns if one.campaign == campaign]
    off = sum(one.amount_minor for one in view.discounts if one.campaign == campaign)
    own = [one for one in explained.granted if one.campaign == campaign]
    gifts = [
        granted_words(one, words.language) if one.kind == EXTENSION else f"{one.quantity} {one.reference}"
        for one in own
    ]
    return (*told, *([words.money(-off)] if off else []), *gifts)


def _line(number: int, text: str, place: Place) -> dict[str, Any]:
    parts = [part.strip() for part in text.split(";")]
    if len(parts) != _FIELDS or not parts[0]:
        raise ValueError(text)
    amount, quantity = read_money(parts[3], place.digits), int(parts[2] or 1)
    if amount is None or abs(quantity) > _MOST_PIECES:
        raise ValueError(text)
    line = {"line": number, "sku": parts[0], "quantity": quantity, "amount_minor": amount}
    return line | ({"category": parts[1]} if parts[1] else {})


def _one(posted: Posted, name: str) -> str:
    return (posted.get(name) or [""])[-1]
