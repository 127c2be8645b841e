"""The operations about gift cards: sold, used at a till, topped up, moved, paid out; statement and liability."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from libs.contracts.gift_cards import PATH, CardAsk, CardEntryView, GiftCardView, Operation
from libs.gift_cards import postgres as cards
from services.gateway.codes.asking import (
    ASKED,
    KEYED,
    OF_MEMBER,
    client_of,
    keyed,
    needs_adjusting,
    respond,
    whose,
)
from services.gateway.codes.bodies import (
    CashOutBody,
    IssueBody,
    NumberBody,
    RefundBody,
    StateBody,
    TopUpBody,
    TransferBody,
    UseCardBody,
)
from services.gateway.codes.views import CardLiabilities, CardLiability, MemberCards, Statement
from services.gateway.door.access import Caller, PointsAdjuster, PointsReader, PointsSpender
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import At, Limit, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.redemptions.bodies import described, read_body
from services.gateway.running import named

router = APIRouter(prefix="/v1", tags=["gift cards"])
CardId = Annotated[UUID, Path(description="The card's id.", examples=["3c9d0f7e-2b1a-5e6f-8c4d-9a7b6c5d4e3f"])]
_USABLE = ("card-unknown", "card-blocked", "card-expired")
_LAWS = ("law-unknown", "expiry-forbidden", "expiry-too-early", "expiry-past")
_NUMBER = "4821-0093-7745-1286-003"


@router.post(
    "/gift-cards",
    operation_id="issueGiftCard",
    summary="Sell a gift card, or give one away",
    status_code=201,
    response_model=GiftCardView,
    responses=refusals(*KEYED, *OF_MEMBER, *_LAWS),
    openapi_extra=described(IssueBody, {"amount_minor": 5000, "currency": "EUR", "law": "DE"}),
)
async def issue_card(request: Request, caller: PointsSpender, programme: ProgrammeSlug = None) -> Response:
    """Issue a card and answer its number, which is told in no other answer."""
    body, document = await read_body(request, IssueBody)
    ask = keyed(request, caller, document)
    if not body.paid:
        needs_adjusting(caller)
    who = await whose(caller, body, programme)
    programme_id = who.programme_id
    if programme_id is None:
        found = named(await caller.parts.programmes.of(caller.tenant_id), programme)
        if len(found) != 1:
            raise ProblemError("programme-needed")
        programme_id = found[0].key[1]
    told = CardAsk(
        "issue",
        **ask,
        programme_id=programme_id,
        member_id=who.member_id,
        **body.model_dump(include={"amount_minor", "currency", "law", "expires_at", "paid", "reference"}),
    )
    return respond(await client_of(request).ask_value(PATH, told), 201)


@router.post(
    "/gift-cards:look-up",
    operation_id="lookUpGiftCard",
    summary="What is on a gift card",
    response_model=GiftCardView,
    responses=refusals(*ASKED, *OF_MEMBER, "card-unknown", "codes-guessed"),
    openapi_extra=described(NumberBody, {"number": _NUMBER}, keyed=False),
)
async def look_up_card(request: Request, caller: PointsSpender, programme: ProgrammeSlug = None) -> Response:
    """Tell a card by the number that somebody shows."""
    body, _ = await read_body(request, NumberBody)
    who = await whose(caller, body, programme)
    ask = CardAsk("show", caller.tenant_id, caller.key.key_id, member_id=who.member_id, number=body.number)
    return respond(await client_of(request).ask_value(PATH, ask))


@router.post(
    "/gift-cards:use",
    operation_id="useGiftCard",
    summary="Pay with a gift card",
    response_model=GiftCardView,
    responses=refusals(*KEYED, *OF_MEMBER, *_USABLE, "balance-short", "currency-differs", "codes-guessed"),
    openapi_extra=described(UseCardBody, {"number": _NUMBER, "amount_minor": 1990, "reference": "4711"}),
)
async def use_card(request: Request, caller: PointsSpender, programme: ProgrammeSlug = None) -> Response:
    """Pay all or a part of an order with a card, once under one key. `entry.seq` is what a refund names."""
    body, document = await read_body(request, UseCardBody)
    ask = keyed(request, caller, document)
    who = await whose(caller, body, programme)
    fields = body.model_dump(include={"number", "card_id", "amount_minor", "currency", "reference"})
    told = CardAsk("use", **ask, programme_id=who.programme_id, member_id=who.member_id, **fields)
    return respond(await client_of(request).ask_value(PATH, told))


@router.post(
    "/gift-cards/{card_id}/top-ups",
    operation_id="topUpGiftCard",
    summary="Add money to a gift card",
    response_model=GiftCardView,
    responses=refusals(*KEYED, *_USABLE, "law-unknown"),
    openapi_extra=described(TopUpBody, {"amount_minor": 2500}),
)
async def top_up_card(request: Request, caller: PointsSpender, card_id: CardId) -> Response:
    """Add money; where the law counts from the last load, the card's date moves."""
    body, document = await read_body(request, TopUpBody)
    if not body.paid:
        needs_adjusting(caller)
    return await _ask(request, caller, "top_up", card_id, document, **body.model_dump())


@router.post(
    "/gift-cards/{card_id}/refunds",
    operation_id="refundToGiftCard",
    summary="Put a payment back onto a gift card",
    response_model=GiftCardView,
    responses=refusals(*KEYED, "card-unknown", "not-a-use", "refund-exceeded"),
    openapi_extra=described(RefundBody, {"of_seq": 2, "amount_minor": 990}),
)
async def refund_card(request: Request, caller: PointsSpender, card_id: CardId) -> Response:
    """Put back what a payment took, or a part of it; each cent once."""
    body, document = await read_body(request, RefundBody)
    return await _ask(request, caller, "refund", card_id, document, **body.model_dump())


@router.post(
    "/gift-cards/{card_id}/transfers",
    operation_id="transferGiftCard",
    summary="Move money to another gift card",
    response_model=GiftCardView,
    responses=refusals(*KEYED, *_USABLE, "balance-short", "same-card", "currency-differs", "date-extended"),
    openapi_extra=described(TransferBody, {"amount_minor": 1500, "to_number": _NUMBER}),
)
async def transfer_card(request: Request, caller: PointsSpender, card_id: CardId) -> Response:
    """Move money to another card, which keeps its own date."""
    body, document = await read_body(request, TransferBody)
    told = {
        "amount_minor": body.amount_minor,
        "other_number": body.to_number,
        "other_card_id": body.to_card_id,
        "reference": body.reference,
    }
    return await _ask(request, caller, "transfer", card_id, document, **told)


@router.post(
    "/gift-cards/{card_id}/cash-outs",
    operation_id="cashOutGiftCard",
    summary="Pay out what is left on a gift card",
    response_model=GiftCardView,
    responses=refusals(*KEYED, "card-unknown", "card-blocked", "nothing-left", "no-cash-out", "law-unknown"),
    openapi_extra=described(CashOutBody, {"goodwill": False}),
)
async def cash_out_card(request: Request, caller: PointsSpender, card_id: CardId) -> Response:
    """Pay out in cash what is left, where the rules of the card's jurisdiction ask for it."""
    body, document = await read_body(request, CashOutBody)
    if body.goodwill:
        needs_adjusting(caller)
    return await _ask(request, caller, "cash_out", card_id, document, **body.model_dump())


@router.post(
    "/gift-cards/{card_id}/state",
    operation_id="setGiftCardState",
    summary="Block a gift card, or unblock it",
    response_model=GiftCardView,
    responses=refusals(*KEYED, "card-unknown"),
    openapi_extra=described(StateBody, {"state": "blocked"}),
)
async def set_card_state(request: Request, caller: PointsAdjuster, card_id: CardId) -> Response:
    """Block a card that was lost; what is on it stays."""
    body, document = await read_body(request, StateBody)
    return await _ask(request, caller, "block" if body.state == "blocked" else "unblock", card_id, document)


@router.get(
    "/gift-cards/{card_id}",
    operation_id="getGiftCard",
    summary="A gift card",
    responses=refusals("card-unknown", "request-invalid"),
)
async def get_card(caller: PointsReader, card_id: CardId) -> GiftCardView:
    """Tell how a card stands, without its number."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await cards.card(reading.connection, caller.tenant_id, card_id)
    if found is None:
        raise ProblemError("card-unknown")
    return GiftCardView(**found, number=None)


@router.get(
    "/gift-cards/{card_id}/statement",
    operation_id="getGiftCardStatement",
    summary="What happened to a gift card's money",
    responses=refusals("card-unknown", "request-invalid"),
)
async def get_statement(
    caller: PointsReader,
    card_id: CardId,
    limit: Limit = 50,
    below: Annotated[int | None, Query(ge=1, description="Only entries with a lower number.")] = None,
) -> Statement:
    """List a card's entries, the last first, each with what was on the card then."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        if await cards.card(reading.connection, caller.tenant_id, card_id) is None:
            raise ProblemError("card-unknown")
        found = await cards.statement(reading.connection, caller.tenant_id, card_id, below, limit + 1)
    entries = tuple(CardEntryView(**entry) for entry in found[:limit])
    return Statement(data=entries, next_below=entries[-1].seq if len(found) > limit else None)


@router.get(
    "/members/{member_id}/gift-cards",
    operation_id="listMemberGiftCards",
    summary="A member's gift cards",
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def list_member_cards(caller: PointsReader, member_id: MemberId, programme: ProgrammeSlug = None) -> MemberCards:
    """List the cards of a member, the newest first."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        found = await cards.cards_of_member(reading.connection, caller.tenant_id, member.member_id, member.programme_id)
    return MemberCards(data=tuple(GiftCardView(**one, number=None) for one in found))


@router.get(
    "/gift-card-liability",
    operation_id="getGiftCardLiability",
    summary="What is owed on gift cards",
    responses=refusals("request-invalid"),
)
async def get_liability(caller: PointsReader, at: At = None, programme: ProgrammeSlug = None) -> CardLiabilities:
    """Tell what was on cards at an instant and where their money came from and went, apart from points."""
    instant = at or caller.parts.clock.now()
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await cards.liability(reading.connection, caller.tenant_id, instant, programme)
    return CardLiabilities(at=instant, data=tuple(CardLiability(**each) for each in found))


async def _ask(
    request: Request, caller: Caller, operation: Operation, card_id: UUID, document: Any, **told: Any
) -> Response:
    ask = CardAsk(operation, **keyed(request, caller, document), card_id=card_id, **told)
    return respond(await client_of(request).ask_value(PATH, ask))
