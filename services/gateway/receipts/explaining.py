"""Decisions explained by the versions that made them, which are compiled as they are needed."""

from __future__ import annotations

from collections.abc import Sequence

from libs.promotions.pages import StoredDecision
from services.gateway.door.access import Parts
from services.gateway.receipts import explained as receipts
from services.gateway.receipts.programmes import Name
from services.gateway.receipts.views import ReceiptView
from services.gateway.store import ProgrammeFacts


async def explained(
    parts: Parts, tenant_id: int, decisions: Sequence[StoredDecision], language: str
) -> list[ReceiptView]:
    """Explain decisions of a company's receipts and activities, each by the version that judged it."""
    found: list[tuple[StoredDecision, ProgrammeFacts | None, Name | None]] = []
    documents: dict[Name, bytes | None] = {}
    async with parts.store.reading(tenant_id) as reading:
        for decision in decisions:
            programme = await reading.programme_of_source(decision.source)
            version = _version(tenant_id, decision, programme)
            found.append((decision, programme, version))
            if version is not None and version not in documents and parts.versions.known(version) is None:
                documents[version] = await reading.programme_version(*version[1:])
    views = []
    for decision, programme, version in found:
        compiled = None if version is None else parts.versions.known(version)
        if version is not None and (document := documents.get(version)) is not None:
            compiled = await parts.versions.compile(version, document)
        views.append(receipts.receipt_view(decision, programme, compiled, language))
    return views


def _version(tenant_id: int, decision: StoredDecision, programme: ProgrammeFacts | None) -> Name | None:
    if programme is None or decision.evaluation is None:
        return None
    return tenant_id, programme.programme_id, decision.evaluation.version
