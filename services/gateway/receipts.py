"""From a stored decision to its explanation, and from a request's path to the receipt that it names. Pure."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from libs.contracts.codec import Canonical
from libs.contracts.events import PurchaseCompletedV1
from libs.promotions.compile import CompiledProgramme
from libs.promotions.explain import explain
from libs.promotions.pages import StoredDecision
from services.gateway.receipt_views import (
    Explanation,
    LineView,
    LotView,
    ReceiptFacts,
    ReceiptView,
    WalletPoints,
)
from services.gateway.store import ProgrammeFacts
from services.gateway.views import MaskedIdentifier, masked
from services.gateway.words import outcome_words

PREFIX = b"/v1/receipts"
_facts = Canonical(PurchaseCompletedV1).read


def receipt_name(raw_path: bytes) -> tuple[str, str] | None:
    """Read source and id from a path as it was sent; None when they can't be those of a receipt.

    Everything up to the last slash is the source; a slash inside the id is sent as `%2F`.
    """
    source, _, event_id = raw_path.removeprefix(PREFIX).rpartition(b"/")
    try:
        name = unquote_to_bytes(source).decode(), unquote_to_bytes(event_id).decode()
    except UnicodeDecodeError:
        return None
    return name if all(name) and "\x00" not in "".join(name) else None


def receipt_view(
    decision: StoredDecision, programme: ProgrammeFacts | None, compiled: CompiledProgramme | None
) -> ReceiptView:
    """Explain a decision; `compiled` is the version of the programme that decided, if one did."""
    receipt = _facts(bytes(decision.facts))
    explanation = _explanation(decision, receipt, compiled)
    return ReceiptView(
        source=decision.source,
        id=decision.id,
        programme=None if programme is None else programme.programme,
        outcome=decision.outcome,
        reason=decision.reason,
        words=_words(decision, explanation),
        member_id=decision.member_id,
        occurred_at=decision.occurred_at,
        arrived_at=decision.arrived_at,
        judged_at=decision.judged_at,
        points=tuple([WalletPoints(wallet=lot.wallet, points=lot.points) for lot in decision.lots]),
        lots=tuple(
            [
                LotView(
                    lot=lot.seq,
                    wallet=lot.wallet,
                    points=lot.points,
                    expires_at=lot.expires_at,
                    carried=lot.carried,
                )
                for lot in decision.lots
            ]
        ),
        explanation=explanation,
        inputs=_inputs(receipt),
    )


def _explanation(decision: StoredDecision, receipt: Any, compiled: CompiledProgramme | None) -> Explanation | None:
    if decision.evaluation is None or compiled is None:
        return None
    told = explain(decision.evaluation, receipt, compiled, at=decision.judged_at)
    return Explanation(local_time=told.pop("inputs")["local_time"], **told)


def _words(decision: StoredDecision, explanation: Explanation | None) -> str:
    first = explanation.summary if decision.outcome == "credited" and explanation is not None else None
    return outcome_words(decision.outcome, decision.reason, first)


def _inputs(receipt: Any) -> ReceiptFacts:
    return ReceiptFacts(
        number=receipt.receipt_number,
        identifiers=tuple([_identifier(one) for one in receipt.identifiers]),
        store=receipt.store,
        till=receipt.till,
        channel=receipt.channel,
        partner=receipt.partner,
        payment=receipt.payment,
        currency=receipt.currency,
        total_minor=receipt.total_minor,
        lines=tuple([LineView.model_validate(line, from_attributes=True) for line in receipt.lines]),
    )


def _identifier(identifier: Any) -> MaskedIdentifier:
    return masked(f"{identifier.kind}:{identifier.value}")
