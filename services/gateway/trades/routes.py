"""The operations by which points are traded. Redemption decides, under the caller's Idempotency-Key, and at once."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from libs.contracts.redemption import Ask, RedemptionView
from libs.contracts.trades import LoanQuote, TradeAsk, TradeOperation, receipt_number
from libs.language.wording import day, money, number
from libs.promotions.rates import digits
from services.gateway.codes.asking import keyed, whose
from services.gateway.door.access import Caller, PointsReader, PointsSpender
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.intake.idempotency import REPLAYED
from services.gateway.members.lookup import one_member
from services.gateway.quotes.api import one_programme
from services.gateway.redemptions.bodies import described, read_body
from services.gateway.redemptions.routes import ASKED, KEYED, client_of
from services.gateway.trades import store
from services.gateway.trades.bodies import BuyBody, DonateBody, ExchangeBody, LoanBody
from services.gateway.trades.offers import offers
from services.gateway.trades.views import DonationReceipt, TradeOffers
from services.gateway.trades.words import TRADES

router = APIRouter(prefix="/v1", tags=["trades"])
_OF_MEMBER = ("member-unknown", "member-merged", "programme-needed", "version-unknown", "wallet-unknown")
_REFUSED = ("member-blocked", "trade-not-offered", "trade-too-small", "trade-step", "trade-limit", "currency-mismatch")
_LENDS = ("member-blocked", "trade-not-offered", "trade-too-small", "trade-step", "trade-limit", "loan-limit")
_SPENDS = ("insufficient-points", "in-debt")
_MEMBER = "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"
DonationId = Annotated[UUID, Path(description="The donation's id.", examples=["0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50"])]
OfMember = Annotated[UUID | None, Query(description="For this member's level.", examples=[_MEMBER])]


@router.get(
    "/trade-offers",
    operation_id="listTradeOffers",
    summary="What points may be traded for",
    responses=refusals("member-unknown", "programme-needed", "version-unknown", "request-invalid"),
)
async def list_trade_offers(
    caller: PointsReader, member_id: OfMember = None, programme: ProgrammeSlug = None
) -> TradeOffers:
    """List what the programme in force sells, exchanges and donates, by which rates, and what its campaigns have."""
    tier = None
    if member_id is not None:
        async with caller.parts.store.reading(caller.tenant_id) as reading:
            member = await one_member(reading, member_id, programme)
        tier, programme = member.tier, member.programme
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    now = caller.parts.clock.now()
    version = running.at(now)
    if version is None:
        raise ProblemError("version-unknown")
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        given = await store.given(reading, running.programme_id)
    return offers(running.programme, version.compiled.source, tier, given, now)


@router.post(
    "/point-purchases",
    operation_id="buyPoints",
    summary="Points that a member has paid for",
    status_code=201,
    response_model=RedemptionView,
    responses=refusals(*KEYED, *_OF_MEMBER, *_REFUSED, "price-differs"),
    openapi_extra=described(
        BuyBody, {"member_id": _MEMBER, "points": 1000, "paid_minor": 1200, "currency": "EUR", "payment": "psp-8812"}
    ),
)
async def buy_points(request: Request, caller: PointsSpender, programme: ProgrammeSlug = None) -> Response:
    """Give a member points that were paid for, once under one key.

    Nobody is charged by this: the shop takes the money, and confirms it here. What was paid is kept with the points.
    """
    body, document = await read_body(request, BuyBody)
    told = TradeAsk(paid_minor=body.paid_minor, payment=body.payment)
    return await _trade(
        request, caller, "buy", body, document, programme, told, points=body.points, currency=body.currency
    )


@router.post(
    "/point-exchanges",
    operation_id="exchangePoints",
    summary="Points to or from another programme",
    status_code=201,
    response_model=RedemptionView,
    responses=refusals(*KEYED, *_OF_MEMBER, *_REFUSED, *_SPENDS, "loan-open"),
    openapi_extra=described(ExchangeBody, {"member_id": _MEMBER, "partner": "skymiles", "points": 1000}),
)
async def exchange_points(request: Request, caller: PointsSpender, programme: ProgrammeSlug = None) -> Response:
    """Exchange points by the rate of the programme's version in force, once under one key.

    With `points` they leave, and the answer's `trade.other` says how many units the other programme owes the member.
    With `units` they come in, which the other programme has taken already.
    """
    body, document = await read_body(request, ExchangeBody)
    told = TradeAsk(partner=body.partner, units=body.units, payment=body.payment)
    way: TradeOperation = "exchange_in" if body.points is None else "exchange_out"
    return await _trade(request, caller, way, body, document, programme, told, points=body.points)


@router.post(
    "/donations",
    operation_id="donatePoints",
    summary="Points for a charity",
    status_code=201,
    response_model=RedemptionView,
    responses=refusals(*KEYED, *_OF_MEMBER, *_REFUSED, *_SPENDS, "pool-closed"),
    openapi_extra=described(DonateBody, {"member_id": _MEMBER, "points": 500, "pool": "reef-2024"}),
)
async def donate_points(request: Request, caller: PointsSpender, programme: ProgrammeSlug = None) -> Response:
    """Donate a member's points to a charity, or to one of its campaigns; all of them, or nothing is done."""
    body, document = await read_body(request, DonateBody)
    told = TradeAsk(charity=body.charity, pool=body.pool)
    return await _trade(request, caller, "donate", body, document, programme, told, points=body.points)


@router.post(
    "/point-loans/quote",
    operation_id="quotePointLoan",
    summary="What a loan of points would be",
    response_model=LoanQuote,
    responses=refusals(*ASKED, *_OF_MEMBER, "trade-not-offered"),
    openapi_extra=described(LoanBody, {"member_id": _MEMBER, "points": 500}),
)
async def quote_point_loan(request: Request, caller: PointsReader, programme: ProgrammeSlug = None) -> Response:
    """Tell the fee, what each later credit would repay and until when, how much may still be lent; nothing is lent."""
    body, _ = await read_body(request, LoanBody)
    who = await whose(caller, body, programme)
    ask = Ask(
        "quote",
        caller.tenant_id,
        caller.key.key_id,
        programme_id=who.programme_id,
        member_id=who.member_id,
        points=body.points,
        wallet=body.wallet,
        trade=TradeAsk(),
    )
    answer = await client_of(request).ask(ask)
    return Response(bytes(answer.body), media_type="application/json")


@router.post(
    "/point-loans",
    operation_id="lendPoints",
    summary="Points lent to a member",
    status_code=201,
    response_model=RedemptionView,
    responses=refusals(*KEYED, *_OF_MEMBER, *_LENDS, "in-debt"),
    openapi_extra=described(LoanBody, {"member_id": _MEMBER, "points": 500}),
)
async def lend_points(request: Request, caller: PointsSpender, programme: ProgrammeSlug = None) -> Response:
    """Lend a member points at once, once under one key: within what may be lent at a time, whatever else is asked.

    `trade.other` of the answer is what is to be repaid, and `trade.due_at` until when: a share of each later credit
    does so, and what is left then is owed.
    """
    body, document = await read_body(request, LoanBody)
    return await _trade(request, caller, "lend", body, document, programme, TradeAsk(), points=body.points)


@router.get(
    "/donations/{redemption_id}/receipt",
    operation_id="getDonationReceipt",
    summary="The receipt of a donation",
    responses=refusals("donation-unknown", "request-invalid"),
)
async def get_donation_receipt(caller: PointsReader, language: Language, redemption_id: DonationId) -> DonationReceipt:
    """Tell a donation so that it can be printed; it names the member by id, for the ledger knows nobody by name."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await store.donation(reading, redemption_id)
    if found is None:
        raise ProblemError("donation-unknown")
    trades = found.document.trades
    charity = None if trades is None else trades.charity(found.charity)
    pool = None if trades is None or found.pool is None else trades.pool(found.pool)
    named = receipt_number(redemption_id, found.traded_at)
    title = found.charity if charity is None else charity.title
    scale = next((one.scale for one in found.document.wallets if one.name == found.wallet), 0)
    words = TRADES.say(
        language,
        "receipt",
        number=named,
        day=day(found.traded_at.astimezone(found.zone).date(), language),
        points=number(found.points, language, scale),
        member=found.member_id,
        charity=title,
        worth=money(found.worth_minor, digits(found.currency), found.currency, language),
    )
    if pool is not None:
        words = f"{words} {TRADES.say(language, 'for', pool=pool.title)}"
    return DonationReceipt(
        number=named,
        redemption_id=redemption_id,
        programme=found.programme,
        member_id=found.member_id,
        donated_at=found.traded_at,
        points=found.points,
        charity=found.charity,
        charity_title=title,
        pool=found.pool,
        worth_minor=found.worth_minor,
        currency=found.currency,
        words=words,
    )


async def _trade(
    request: Request,
    caller: Caller,
    operation: TradeOperation,
    body: BuyBody | ExchangeBody | DonateBody | LoanBody,
    document: Any,
    programme: str | None,
    told: TradeAsk,
    *,
    points: int | None,
    currency: str | None = None,
) -> Response:
    who = await whose(caller, body, programme)
    ask = Ask(
        operation,
        **keyed(request, caller, document),
        programme_id=who.programme_id,
        member_id=who.member_id,
        points=points,
        wallet=body.wallet,
        reference=body.reference,
        currency=currency,
        trade=told,
    )
    answer = await client_of(request).ask(ask)
    made = bytes(answer.body)
    headers = {"Location": f"/v1/redemptions/{RedemptionView.model_validate_json(made).redemption_id}"}
    if answer.replayed:
        headers[REPLAYED] = "true"
    return Response(made, status_code=201, headers=headers, media_type="application/json")
