"""What is told of codes: answers to callers, and events. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.codes.rules import Order, Reason, discount
from libs.contracts.codes import CodeCheck, CodeReason, CodeUseView, CodeView
from libs.contracts.events import CodeRedeemedV1, CodeReturnedV1, CodeVoidedV1
from libs.runtime.batch import Outgoing
from services.redemption import values
from services.redemption.codes.store import FoundCode

_OF_USE = ("use_id", "member_id", "reference", "store", "currency", "total_minor", "discount_minor")
_OF_CODE = (
    "code_id", "programme", "pool", "kind", "state", "uses", "member_id", "expires_at", "created_at", "assigned_at",
    "published_at", "redeemed_at", "voided_at",
)  # fmt: skip


def check(found: FoundCode | None, why: Sequence[Reason], order: Order) -> bytes:
    """Tell whether a code counts."""
    reasons = tuple(CodeReason(code=each.code, detail=each.detail) for each in why)
    if found is None:
        return CodeCheck(valid=False, reasons=reasons).model_dump_json().encode()
    ends = [end for end in (found.rules.valid_until, found.code.expires_at) if end is not None]
    view = CodeCheck(
        valid=not why,
        reasons=reasons,
        code_id=found.code.code_id,
        pool=found.pool,
        kind=found.kind,
        expires_at=min(ends, default=None),
        discount_minor=discount(found.rules, order) if not why and found.rules.benefit is not None else None,
        combines=found.rules.combines,
    )
    return view.model_dump_json().encode()


def code(found: FoundCode, **changed: Any) -> bytes:
    """Tell a code as it stands, with what has just changed, and without its text."""
    told = {name: found.row[name] for name in _OF_CODE} | changed
    return CodeView.model_validate({**told, "code": None}).model_dump_json().encode()


def use(found: FoundCode, kept: Mapping[str, Any], state: str) -> bytes:
    """Tell a redemption of a code."""
    view = CodeUseView.model_validate({**kept, "pool": found.pool, "kind": found.kind, "state": state})
    return view.model_dump_json().encode()


def redeemed(found: FoundCode, kept: Mapping[str, Any], now: datetime, *, back: bool) -> Outgoing:
    """The event of a redemption, or of its undoing."""
    kind = (CodeReturnedV1 if back else CodeRedeemedV1).event_type
    data = _named(found) | {name: kept[name] for name in _OF_USE}
    whose: UUID = kept["member_id"] or found.code.code_id
    return values.told(kind, (found.tenant, found.programme), kept["use_id"], whose, now, data)


def voided(found: FoundCode, now: datetime) -> Outgoing:
    """The event of a code that counts no more."""
    whose = found.code.member_id or found.code.code_id
    scope = (found.tenant, found.programme)
    return values.told(CodeVoidedV1.event_type, scope, found.code.code_id, whose, now, _named(found))


def _named(found: FoundCode) -> dict[str, Any]:
    return {"code_id": found.code.code_id, "pool": found.pool, "kind": found.kind}
