"""From a stored decision to its explanation, and from a request's path to the event that it names. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

import msgspec

from libs.contracts.codec import Canonical
from libs.contracts.events import PurchaseCompletedV1
from libs.language.catalogue import DEFAULT
from libs.promotions.compile import CompiledProgramme
from libs.promotions.explain import explain, explain_activity
from libs.promotions.facts import MemberFacts
from libs.promotions.pages import Moved, StoredDecision
from services.gateway.members.facts import ACTIVITY, PURCHASES, read_facts, receipt_named, shown_facts, shown_receipt
from services.gateway.receipts.views import (
    Explanation,
    LotView,
    MovedView,
    RateUsed,
    ReceiptLink,
    ReceiptView,
    WalletPoints,
)
from services.gateway.store import ProgrammeFacts
from services.gateway.words import movement_words, outcome_words, taken_back_words

PREFIX = b"/v1/receipts"
_purchase = Canonical(PurchaseCompletedV1).read


def receipt_name(raw_path: bytes) -> tuple[str, str] | None:
    """Read source and id from a path as it was sent; None when they can't be those of an event.

    Everything up to the last slash is the source; a slash inside the id is sent as `%2F`.
    """
    source, _, event_id = raw_path.removeprefix(PREFIX).rpartition(b"/")
    try:
        name = unquote_to_bytes(source).decode(), unquote_to_bytes(event_id).decode()
    except UnicodeDecodeError:
        return None
    return name if all(name) and "\x00" not in "".join(name) else None


def receipt_view(
    decision: StoredDecision,
    programme: ProgrammeFacts | None,
    compiled: CompiledProgramme | None,
    language: str = DEFAULT,
) -> ReceiptView:
    """Explain a decision; `compiled` is the version of the programme that decided, if one did."""
    judged = None if decision.judged is None else _purchase(msgspec.json.encode(decision.judged))
    explanation = _explanation(decision, judged, compiled, language)
    return ReceiptView(
        kind=decision.kind,
        source=decision.source,
        id=decision.id,
        programme=None if programme is None else programme.programme,
        outcome=decision.outcome,
        reason=decision.reason,
        words=_words(decision, explanation, language),
        member_id=decision.member_id,
        occurred_at=decision.occurred_at,
        arrived_at=decision.arrived_at,
        judged_at=decision.judged_at,
        points=tuple([WalletPoints(wallet=lot.wallet, points=lot.points) for lot in decision.lots]),
        lots=_lots(decision),
        moved=tuple([_moved(moved, language) for moved in decision.moved]),
        rate=None if decision.rate is None else RateUsed(version=decision.rate[0], rate=rate_text(decision.rate[1])),
        receipt=_link(decision, programme),
        judged=None if judged is None else shown_receipt(judged),
        explanation=explanation,
        inputs=shown_facts(decision),
    )


def by_number_path(number: str, store: str | None, programme: str | None) -> str:
    """The path at which everything about a receipt number is told."""
    wanted = {"number": number, "store": store, "programme": programme}
    return "/v1/receipts/by-number?" + urlencode({name: text for name, text in wanted.items() if text is not None})


def rate_text(rate_e9: int) -> str:
    """Write a rate, given times 10^9, as a decimal."""
    return f"{Decimal(rate_e9).scaleb(-9).normalize():f}"


def taken_back(decision: StoredDecision) -> int:
    """Points that an event took back, over all wallets."""
    return sum([moved.points for moved in decision.moved if moved.kind == "reverse"])


def brought(decision: StoredDecision) -> int:
    """By how much an event changed the points of its member, over all wallets."""
    taken = [moved.points for moved in decision.moved if moved.kind == "adjust" and moved.from_account == "active"]
    return sum([lot.points for lot in decision.lots]) - taken_back(decision) - sum(taken)


def _lots(decision: StoredDecision) -> tuple[LotView, ...]:
    return tuple(
        [
            LotView(lot=lot.seq, wallet=lot.wallet, points=lot.points, expires_at=lot.expires_at, carried=lot.carried)
            for lot in decision.lots
        ]
    )


def _moved(moved: Moved, language: str) -> MovedView:
    return MovedView(
        seq=moved.seq,
        kind=moved.kind,
        words=movement_words(moved.kind, moved.from_account, moved.to_account, language),
        wallet=moved.wallet,
        from_account=moved.from_account,
        to_account=moved.to_account,
        points=moved.points,
        corrects=moved.corrects,
    )


def _link(decision: StoredDecision, programme: ProgrammeFacts | None) -> ReceiptLink | None:
    named = receipt_named(decision)
    if named is None:
        return None
    number, store = named
    slug = None if programme is None else programme.programme
    return ReceiptLink(number=number, store=store, href=by_number_path(number, store, slug))


def _explanation(
    decision: StoredDecision, judged: Any, compiled: CompiledProgramme | None, language: str
) -> Explanation | None:
    if decision.evaluation is None or compiled is None:
        return None
    member = None if decision.member_id is None else MemberFacts(decision.member_id, decision.tier)
    if decision.kind == ACTIVITY and judged is None:
        told = explain_activity(
            decision.evaluation, read_facts(decision), compiled, member, decision.judged_at, language=language
        )
    elif judged is not None or decision.kind in PURCHASES:
        told = explain(
            decision.evaluation, judged or read_facts(decision), compiled, member, decision.judged_at, language=language
        )
    else:
        return None
    return Explanation(local_time=told.pop("inputs")["local_time"], **told)


def _words(decision: StoredDecision, explanation: Explanation | None, language: str) -> str:
    first = explanation.summary if decision.outcome == "credited" and explanation is not None else None
    back = taken_back(decision)
    if decision.outcome == "reversed" and back:
        first = taken_back_words(back, language)
    return outcome_words(decision.outcome, decision.reason, first, language)
