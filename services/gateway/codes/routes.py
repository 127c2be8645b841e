"""The operations about codes: shown at a till, handed out to members, looked up by people."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from libs.codes import postgres as codes
from libs.codes.passes import Pass, Wallet, pass_data
from libs.codes.pattern import canonical
from libs.codes.pictures import MEDIA_TYPES, Form, Kind, NotDrawn, picture
from libs.contracts.codes import PATH, CodeAsk, CodeCheck, CodeState, CodeUseView, CodeView, Operation
from services.gateway.codes import store
from services.gateway.codes.asking import ASKED, KEYED, OF_MEMBER, client_of, keeper_of, keyed, respond, whose
from services.gateway.codes.bodies import MemberBody, RedeemCodeBody, ValidateBody
from services.gateway.codes.views import CodeDetail, MemberCodes, PoolsView, PoolView, WalletPass
from services.gateway.door.access import Caller, PointsAdjuster, PointsReader, PointsSpender, RulesReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.redemptions.bodies import NoBody, described, read_body
from services.gateway.running import named

router = APIRouter(prefix="/v1", tags=["codes"])
CodeId = Annotated[UUID, Path(description="The code's id.", examples=["5b1c0a52-8a0e-5f4e-9a55-3f0d1c7be0aa"])]
UseId = Annotated[UUID, Path(description="The redemption's id.", examples=["8e1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50"])]
PoolName = Annotated[str, Path(description="The pool's name.", max_length=64, examples=["spring"])]
_ORDER = {"total_minor": 5000, "currency": "EUR", "store": "12", "channel": "store", "lines": []}
_SHOWN: dict[str, Any] = {"code": "SPRING-3F7K-9QRT-XCW4-H", "identifier": "card:98123456", "order": _ORDER}
_GUESSED = "codes-guessed"


@router.post(
    "/codes:validate",
    operation_id="validateCode",
    summary="Whether a code counts",
    response_model=CodeCheck,
    responses=refusals(*ASKED, *OF_MEMBER, "version-unknown", _GUESSED),
    openapi_extra=described(ValidateBody, _SHOWN, keyed=False),
)
async def validate_code(request: Request, caller: PointsSpender, programme: ProgrammeSlug = None) -> Response:
    """Tell whether a code counts for an order and a member: yes, or every reason against it. Nothing is done."""
    body, _ = await read_body(request, ValidateBody)
    who = await whose(caller, body, programme)
    ask = CodeAsk(
        "validate",
        caller.tenant_id,
        caller.key.key_id,
        programme_id=who.programme_id,
        member_id=who.member_id,
        code=body.code,
        order=body.order.order(),
    )
    return respond(await client_of(request).ask_value(PATH, ask))


@router.post(
    "/codes:redeem",
    operation_id="redeemCode",
    summary="Redeem a code",
    status_code=201,
    response_model=CodeUseView,
    responses=refusals(*KEYED, *OF_MEMBER, "version-unknown", "code-unknown", "code-not-valid", _GUESSED),
    openapi_extra=described(RedeemCodeBody, {**_SHOWN, "reference": "4711"}),
)
async def redeem_code(request: Request, caller: PointsSpender, programme: ProgrammeSlug = None) -> Response:
    """Redeem a code for an order, once, however often the request is repeated under its key."""
    body, document = await read_body(request, RedeemCodeBody)
    ask = keyed(request, caller, document)
    who = await whose(caller, body, programme)
    told = CodeAsk(
        "redeem",
        **ask,
        programme_id=who.programme_id,
        member_id=who.member_id,
        code=body.code,
        order=body.order.order(),
        reference=body.reference,
    )
    return respond(await client_of(request).ask_value(PATH, told), 201)


@router.post(
    "/code-redemptions/{use_id}/return",
    operation_id="returnCode",
    summary="Undo a redemption of a code",
    response_model=CodeUseView,
    responses=refusals(*KEYED, "code-use-unknown"),
    openapi_extra=described(NoBody, {}),
)
async def return_code(request: Request, caller: PointsSpender, use_id: UseId) -> Response:
    """Let a code count once more, for its order came back. Once undone it stays so."""
    return await _ask(request, caller, "return", use_id=use_id)


@router.post(
    "/code-pools/{pool}/codes:assign",
    operation_id="assignCode",
    summary="Give a member a code",
    status_code=201,
    response_model=CodeView,
    responses=refusals(*KEYED, *OF_MEMBER, "pool-exhausted"),
    openapi_extra=described(MemberBody, {"identifier": "card:98123456"}),
)
async def assign_code(
    request: Request, caller: PointsSpender, pool: PoolName, programme: ProgrammeSlug = None
) -> Response:
    """Take the next code of a pool for a member, and answer it in clear."""
    body, document = await read_body(request, MemberBody)
    ask = keyed(request, caller, document)
    who = await whose(caller, body, programme)
    told = CodeAsk("assign", **ask, programme_id=who.programme_id, member_id=who.member_id, pool=pool)
    return respond(await client_of(request).ask_value(PATH, told), 201)


@router.post(
    "/codes/{code_id}/publish",
    operation_id="publishCode",
    summary="Mark a code as published",
    response_model=CodeView,
    responses=refusals(*KEYED, "code-unknown", "code-ended"),
    openapi_extra=described(NoBody, {}),
)
async def publish_code(request: Request, caller: PointsSpender, code_id: CodeId) -> Response:
    """Say that a code was made known: sent, printed, shown. It sets what is redeemed against what was told."""
    return await _ask(request, caller, "publish", code_id=code_id)


@router.post(
    "/codes/{code_id}/void",
    operation_id="voidCode",
    summary="Make a code void",
    response_model=CodeView,
    responses=refusals(*KEYED, "code-unknown", "code-ended"),
    openapi_extra=described(NoBody, {}),
)
async def void_code(request: Request, caller: PointsAdjuster, code_id: CodeId) -> Response:
    """Let a code never count again."""
    return await _ask(request, caller, "void", code_id=code_id)


@router.get("/code-pools", operation_id="listCodePools", summary="The pools of codes", responses=refusals())
async def list_pools(caller: RulesReader) -> PoolsView:
    """List the pools of all programmes with how many of their codes are where."""
    found = []
    for running in named(await caller.parts.programmes.of(caller.tenant_id), None):
        async with caller.parts.store.reading(caller.tenant_id) as reading:
            pools = await codes.load_pools(reading.connection, *running.key)
        found += [store.pool_view(pool, running.programme) for pool in pools]
    return PoolsView(data=tuple(found))


@router.get(
    "/code-pools/{pool}",
    operation_id="getCodePool",
    summary="A pool of codes",
    responses=refusals("pool-unknown", "programme-needed", "request-invalid"),
)
async def get_pool(caller: RulesReader, pool: PoolName, programme: ProgrammeSlug = None) -> PoolView:
    """Tell what a pool says of its codes, and how many are where."""
    found = []
    for running in named(await caller.parts.programmes.of(caller.tenant_id), programme):
        async with caller.parts.store.reading(caller.tenant_id) as reading:
            pools = await codes.load_pools(reading.connection, *running.key, pool)
        found += [store.pool_view(each, running.programme) for each in pools]
    if len(found) != 1:
        raise ProblemError("programme-needed" if found else "pool-unknown")
    return found[0]


@router.get(
    "/codes/{code_id}",
    operation_id="getCode",
    summary="A code",
    responses=refusals("code-unknown", "request-invalid"),
)
async def get_code(caller: PointsReader, code_id: CodeId) -> CodeDetail:
    """Tell how a code stands and what became of it, without its text."""
    return (await _code(caller, code_id))[0]


@router.get(
    "/codes/{code_id}/picture",
    operation_id="getCodePicture",
    summary="A code as a picture",
    response_class=Response,
    responses=refusals("code-unknown", "code-not-drawn", "request-invalid")
    | {200: {"description": "The picture.", "content": {media: {} for media in MEDIA_TYPES.values()}}},
)
async def get_code_picture(
    request: Request,
    caller: PointsSpender,
    code_id: CodeId,
    kind: Annotated[Kind, Query(description="What scanners read.")] = "qr",
    form: Annotated[Form, Query(description="The format.")] = "svg",
) -> Response:
    """Draw a code as a QR or bar code, for an app, a mail or a till."""
    text = await _text(request, caller, code_id)
    try:
        drawn = picture(canonical(text), kind, form)
    except NotDrawn as error:
        raise ProblemError("code-not-drawn", str(error)) from None
    return Response(drawn, media_type=MEDIA_TYPES[form], headers={"Cache-Control": "no-store"})


@router.get(
    "/codes/{code_id}/pass",
    operation_id="getCodePass",
    summary="A code as a wallet pass",
    responses=refusals("code-unknown", "request-invalid"),
)
async def get_code_pass(
    request: Request,
    caller: PointsSpender,
    code_id: CodeId,
    wallet: Annotated[Wallet, Query(description="Whose form.")] = "apple",
) -> WalletPass:
    """Give the data of a wallet pass, unsigned: whoever issues passes signs it."""
    detail, _ = await _code(caller, code_id)
    text = await _text(request, caller, code_id)
    shown = Pass(str(code_id), text, detail.pool, detail.programme, detail.expires_at)
    return WalletPass(pass_data(wallet, shown))


@router.get(
    "/members/{member_id}/codes",
    operation_id="listMemberCodes",
    summary="A member's codes",
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def list_member_codes(
    request: Request,
    caller: PointsSpender,
    member_id: MemberId,
    state: Annotated[list[CodeState] | None, Query(description="Only those in one of these states.")] = None,
    programme: ProgrammeSlug = None,
) -> MemberCodes:
    """List the codes that were assigned to a member, with their texts, the last first."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        found = await store.codes_of_member(reading, member, state, keeper_of(request))
    return MemberCodes(data=tuple(found))


async def _code(caller: Caller, code_id: UUID) -> tuple[CodeDetail, bytes]:
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await store.one_code(reading, code_id)
    if found is None:
        raise ProblemError("code-unknown")
    return found


async def _text(request: Request, caller: Caller, code_id: UUID) -> str:
    _, sealed = await _code(caller, code_id)
    return keeper_of(request).open(caller.tenant_id, code_id, sealed)


async def _ask(request: Request, caller: Caller, operation: Operation, **told: Any) -> Response:
    _, document = await read_body(request, NoBody)
    ask = CodeAsk(operation, **keyed(request, caller, document), **told)
    return respond(await client_of(request).ask_value(PATH, ask))
