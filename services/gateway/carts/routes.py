"""The operations about carts: set aside for a receipt, looked at, let go."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Request, Response

from libs.codes.proof import CartProofs
from libs.contracts.carts import PATH, CartAsk, CartView
from libs.runtime.keys import receipt_key
from services.gateway.carts.bodies import CartWants
from services.gateway.carts.finding import Found, find
from services.gateway.carts.store import one_cart
from services.gateway.codes.asking import KEYED, client_of, keyed, respond
from services.gateway.door.access import PointsSpender
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.intake.bodies import MOST_EVENT, read_json
from services.gateway.intake.description import cart_body
from services.gateway.quotes.answers import quote_view
from services.gateway.quotes.api import asked_of
from services.gateway.quotes.bodies import read_quote
from services.gateway.redemptions.bodies import NoBody, described, read_body

router = APIRouter(prefix="/v1", tags=["carts"])
CartId = Annotated[UUID, Path(description="The cart's id.", examples=["4b7e0c55-6a0e-5f4e-9a55-3f0d1c7be0aa"])]


@router.post(
    "/carts",
    operation_id="holdCart",
    summary="Set a cart aside for its receipt",
    status_code=201,
    response_model=CartView,
    responses=refusals(
        *KEYED,
        "event-invalid",
        "source-unknown",
        "member-unknown",
        "programme-needed",
        "version-unknown",
        "codes-guessed",
        "cart-not-possible",
        "cart-ended",
        "receipt-has-cart",
        "code-unknown",
        "code-not-valid",
        "card-unknown",
        "card-blocked",
        "card-expired",
        "balance-short",
        "insufficient-points",
        "in-debt",
        "member-blocked",
    ),
    openapi_extra=cart_body(),
)
async def hold_cart(request: Request, caller: PointsSpender, language: Language) -> Response:
    """Hold the codes, points and gift cards of a cart for 15 minutes, all of them or none.

    The `token` goes with the receipt as its `cart`. The receipt redeems what is held; until then it can be let go, and
    when nothing comes it is let go by itself. What comes back of the receipt brings points and gift cards back in
    proportion, and its codes when all of it is back.
    """
    parts = caller.parts
    document = await read_json(request, MOST_EVENT)
    body = read_quote(document, parts.clock.now())
    number = _receipt_number(document)
    client, told = client_of(request), keyed(request, caller, document)
    known = await client.ask_value(PATH, CartAsk("known", **told))
    if known.made:
        return respond(known, 201)
    asked = await asked_of(caller, body)
    found = await find(caller, client, asked, body.wants or CartWants())
    if not found.view.possible:
        raise ProblemError("cart-not-possible", errors=_faults(found))
    programme, purchase = asked.programme, asked.purchase
    view = quote_view(found.quote, language, found.view)
    ask = CartAsk(
        "hold",
        **told,
        programme_id=programme.programme_id,
        member_id=None if asked.member is None else asked.member.member_id,
        receipt_key=receipt_key(*programme.key, purchase.store, number),
        receipt_number=number,
        store=purchase.store,
        currency=purchase.currency,
        total_minor=found.view.to_pay_minor,
        order=found.order,
        codes=found.codes,
        cards=found.cards,
        points=found.points,
        told=msgspec.Raw(view.model_dump_json().encode()),
    )
    return respond(await client.ask_value(PATH, ask), 201)


@router.get(
    "/carts/{cart_id}",
    operation_id="getCart",
    summary="A cart",
    responses=refusals("cart-unknown", "request-invalid"),
)
async def get_cart(request: Request, caller: PointsSpender, cart_id: CartId) -> CartView:
    """Tell what became of a cart."""
    proofs: CartProofs = request.app.state.proofs
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await one_cart(reading, proofs, cart_id)
    if found is None:
        raise ProblemError("cart-unknown")
    return found


@router.post(
    "/carts/{cart_id}/release",
    operation_id="releaseCart",
    summary="Let a cart go",
    response_model=CartView,
    responses=refusals(*KEYED, "cart-unknown", "cart-ended"),
    openapi_extra=described(NoBody, {}),
)
async def release_cart(request: Request, caller: PointsSpender, cart_id: CartId) -> Response:
    """Give back all that is held: the codes count again, points and gift cards can be spent elsewhere."""
    _, document = await read_body(request, NoBody)
    ask = CartAsk("release", **keyed(request, caller, document), cart_id=cart_id)
    return respond(await client_of(request).ask_value(PATH, ask))


def _receipt_number(document: Any) -> str:
    number = document["data"].get("receipt_number")
    if number is None:
        detail = "expected the number that the receipt will have"
        raise ProblemError("request-invalid", errors=[FieldError(pointer="/body/data/receipt_number", detail=detail)])
    return str(number)


def _faults(found: Found) -> list[FieldError]:
    """Everything that keeps a cart from being set aside."""
    view = found.view
    faults = [
        FieldError(pointer=f"/codes/{code.pool or 'none'}/{one.code}", detail=one.detail)
        for code in view.codes
        for one in code.reasons
    ]
    if view.points is not None and view.points.reason is not None:
        faults.append(FieldError(pointer=f"/points/{view.points.reason.code}", detail=view.points.reason.detail))
    faults += [
        FieldError(pointer=f"/gift_cards/{card.reason.code}", detail=card.reason.detail)
        for card in view.gift_cards
        if card.reason is not None
    ]
    return faults
