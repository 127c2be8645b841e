"""The operations on what waits: receipts for a decision, a rate or an owner, and the rates themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from libs.promotions.pages import StoredDecision
from services.gateway.door.access import ReceiptsReader
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Limit, ProgrammeSlug
from services.gateway.members.shown import reference
from services.gateway.receipts import parked_store, rates_store
from services.gateway.receipts.explained import rate_text
from services.gateway.receipts.parked_store import Waiting
from services.gateway.receipts.parked_views import ParkedPage, RatesPage, RateView, WaitingReceipt
from services.gateway.receipts.rates_store import Rate
from services.gateway.words import reason_words, way_on

router = APIRouter(prefix="/v1")
WaitsFor = Annotated[
    Literal["decision", "claim"],
    Query(
        description="`decision`: an operator or an exchange rate, newest first. `claim`: an owner, by receipt number."
    ),
]
Currency = Annotated[str | None, Query(description="ISO 4217.", pattern="^[A-Z]{3}$", examples=["CHF"])]


@router.get(
    "/parked",
    operation_id="listParked",
    summary="Receipts that wait: for an operator, for a rate, or to be claimed",
    tags=["receipts"],
    responses=refusals("cursor-invalid", "request-invalid"),
)
async def list_parked(
    request: Request,
    response: Response,
    caller: ReceiptsReader,
    waits_for: WaitsFor = "decision",
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> ParkedPage:
    """List receipts that no rule decides, with the reason and what can be done about it."""
    listing = f"parked {caller.tenant_id} {waits_for} {programme or ''}"
    place = read_place(caller.parts.cursors, cursor, listing)
    read = parked_store.for_decision if waits_for == "decision" else parked_store.for_claim
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await read(reading, programme, place, limit + 1)
        more, found = len(found) > limit, found[:limit]
        decisions = await reading.decisions(waiting.event_key for waiting in found)
    following = caller.parts.cursors.write(_place(found[-1]), listing) if more else None
    link_next(request, response, following)
    data = tuple([_waiting(waiting, decisions) for waiting in found])
    return ParkedPage(data=data, next_cursor=following, has_more=more)


@router.get(
    "/rates",
    operation_id="listRates",
    summary="Exchange rates",
    tags=["receipts"],
    responses=refusals("cursor-invalid", "request-invalid"),
)
async def list_rates(
    request: Request,
    response: Response,
    caller: ReceiptsReader,
    currency: Currency = None,
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> RatesPage:
    """List the rates by which receipts in other currencies are converted, by currency, the newest version first.

    A receipt takes the last rate that was valid at its time, and of several the highest version.
    """
    listing = f"rates {caller.tenant_id} {currency or ''} {programme or ''}"
    place = read_place(caller.parts.cursors, cursor, listing)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await rates_store.rates(reading, programme, currency, place, limit + 1)
    more, found = len(found) > limit, found[:limit]
    following = caller.parts.cursors.write(found[-1].place, listing) if more else None
    link_next(request, response, following)
    return RatesPage(data=tuple(map(_rate, found)), next_cursor=following, has_more=more)


def _place(waiting: Waiting) -> Place:
    return Place(waiting.programme_id, waiting.recorded_at, waiting.receipt_key, waiting.receipt_number)


def _waiting(waiting: Waiting, decisions: Mapping[UUID, StoredDecision]) -> WaitingReceipt:
    decision = decisions.get(waiting.event_key)
    return WaitingReceipt(
        programme=waiting.programme,
        number=waiting.receipt_number,
        store=waiting.store,
        reason=waiting.reason,
        words=reason_words(waiting.reason),
        way_on=way_on(waiting.reason),
        member_id=waiting.member_id,
        currency=waiting.currency,
        occurred_at=waiting.occurred_at,
        recorded_at=waiting.recorded_at,
        receipt=None if decision is None else reference(decision),
    )


def _rate(rate: Rate) -> RateView:
    return RateView(
        programme=rate.programme,
        currency=rate.currency,
        into=rate.into,
        version=rate.version,
        rate=rate_text(rate.rate_e9),
        rate_e9=rate.rate_e9,
        valid_from=rate.valid_from,
        recorded_at=rate.recorded_at,
    )
