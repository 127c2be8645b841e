"""The operations on receipts: one event explained, and everything under a receipt number."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from libs.runtime.keys import event_key, receipt_key
from services.gateway.door.access import ReceiptsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import EventId, Language, ProgrammeSlug, SourcePath
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.inbox.store import Whose
from services.gateway.inbox.till import till_texts
from services.gateway.receipts import explained as receipts
from services.gateway.receipts import store as receipt_store
from services.gateway.receipts.explaining import explained
from services.gateway.receipts.state_views import ReceiptState
from services.gateway.receipts.states import receipt_state
from services.gateway.receipts.views import ReceiptView

router = APIRouter(prefix="/v1")
Number = Annotated[
    str, Query(min_length=1, max_length=64, description="The number as printed on the receipt.", examples=["000123"])
]
StoreName = Annotated[
    str | None,
    Query(max_length=64, description="The store, as its receipts say it; none when they say none.", examples=["12"]),
]


@router.get(
    "/receipts/by-number",
    operation_id="getReceiptByNumber",
    summary="What stands under a receipt number",
    tags=["receipts"],
    responses=refusals("receipt-unknown", "request-invalid", "programme-needed"),
)
async def get_receipt_by_number(
    caller: ReceiptsReader, number: Number, store: StoreName = None, programme: ProgrammeSlug = None
) -> ReceiptState:
    """Tell what stands of a purchase, what came back, which points it brought and lost, and all that was said of it."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        among = await receipt_store.programmes(reading, programme)
        keys = {receipt_key(caller.tenant_id, one.programme_id, store, number): one for one in among}
        found = await receipt_store.receipts(reading, keys)
        if not found:
            where = "without a store" if store is None else "of this store"
            raise ProblemError("receipt-unknown", f"No receipt {where} has this number; `store` is part of its name.")
        if len(found) > 1:
            fault = FieldError(pointer="/query/programme", detail="name one programme")
            raise ProblemError("programme-needed", errors=[fault])
        decisions = await receipt_store.events_of(reading, found[0])
    return receipt_state(number, store, keys[found[0].receipt_key].programme, found[0], decisions)


@router.get(
    "/receipts/{source:path}/{receipt_id:path}",
    operation_id="getReceipt",
    summary="What became of a receipt, in words and numbers",
    tags=["receipts"],
    responses=refusals("receipt-unknown"),
)
async def get_receipt(
    request: Request, caller: ReceiptsReader, language: Language, source: SourcePath, receipt_id: EventId
) -> ReceiptView:
    """Explain the decision on a receipt: what it brought, which campaigns paid, and why others did not."""
    # The parameters come decoded, so that a slash inside the id looks like one of the source: the path as sent knows.
    name = receipts.receipt_name(request.scope.get("raw_path") or request.url.path.encode())
    if name is None:
        raise ProblemError("receipt-unknown")
    key = event_key(*name)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        decision = (await reading.decisions([key])).get(key)
        if decision is None:
            raise ProblemError("receipt-unknown")
        programme = await reading.programme_of_source(decision.source)
    (view,) = await explained(caller.parts, caller.tenant_id, [decision], language)
    if programme is None or view.member_id is None:
        return view
    whose = Whose(caller.tenant_id, programme.programme_id, view.member_id)
    return view.model_copy(update={"till": await till_texts(request, whose)})
