"""The operations on games and badges: kept by those who write the catalogue, played for members."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from libs.contracts.games import (
    PATH,
    AwardView,
    BadgeView,
    BidView,
    GameAsk,
    GameView,
    Operation,
    SpinView,
    TicketsView,
)
from libs.games.documents import NAME_PATTERN, Auction, Lottery, Texts, Wheel, parse_game, words
from libs.games.postgres import MemberBadge, MemberWin, load_awards, load_badges, load_games, load_played, load_record
from libs.games.record import DrawRecord
from libs.judging.versions import RunningProgramme
from services.gateway.codes.asking import KEYED, OF_MEMBER, client_of, keyed, respond, whose
from services.gateway.codes.bodies import MemberBody
from services.gateway.door.access import (
    Caller,
    PointsAdjuster,
    PointsReader,
    PointsSpender,
    RewardsReader,
    RewardsWriter,
)
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.games.bodies import AwardBody, BadgeBody, BidBody, BuyBody, GameBody, SpinBody
from services.gateway.games.views import (
    BadgesView,
    GamesView,
    MemberBadgesView,
    MemberBadgeView,
    MemberBidView,
    MemberGamesView,
    WinView,
)
from services.gateway.members.lookup import one_member
from services.gateway.redemptions.bodies import NoBody, described
from services.gateway.redemptions.bodies import read_body as read_keyed
from services.gateway.rules.bodies import body_of, read_body
from services.gateway.rules.desk import IF_MATCH, seen_by
from services.gateway.running import named

router = APIRouter(prefix="/v1", tags=["games"])
GameName = Annotated[str, Path(description="The game's name.", pattern=NAME_PATTERN, examples=["summer"])]
BadgeName = Annotated[str, Path(description="The badge's name.", max_length=64, examples=["barista"])]
_WHERE = ("programme-unknown", "programme-needed", "request-invalid")
_BODY = ("body-not-json", "body-too-large", "body-too-slow", "media-type-unsupported", "request-invalid")
_WRITE = (*_BODY, *_WHERE, "redemption-away", "version-unknown", "game-invalid")
_PLAY = (*KEYED, *OF_MEMBER, "programme-unknown", "version-unknown", "game-unknown", "game-for-others")
_PAID = ("insufficient-points", "in-debt", "wallet-unknown", "member-blocked")
_WHO = {"identifier": "card:98123456"}


@router.get("/games", operation_id="listGames", summary="The games", responses=refusals("request-invalid"))
async def list_games(caller: RewardsReader, programme: ProgrammeSlug = None) -> GamesView:
    """List lotteries, wheels and auctions: drafts, what is open, and what has ended with its seed."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await load_games(reading.connection, caller.tenant_id, programme)
    return GamesView(data=tuple(found))


@router.get(
    "/games/{game}",
    operation_id="getGame",
    summary="A game",
    responses=refusals("game-unknown", "programme-needed", "request-invalid"),
)
async def get_game(
    response: Response, caller: RewardsReader, game: GameName, programme: ProgrammeSlug = None
) -> GameView:
    """Tell a game with its odds and prizes, and its `ETag`; since it is open also what its draw is bound to."""
    found = await _game(caller, game, programme)
    response.headers["ETag"] = f'"{found.version}"'
    return found


@router.put(
    "/games/{game}",
    operation_id="putGame",
    summary="Write a game",
    response_model=GameView,
    responses=refusals(*_WRITE, "game-open", "precondition-failed", "precondition-missing"),
    openapi_extra=body_of(GameBody, IF_MATCH),
)
async def put_game(
    request: Request, caller: RewardsWriter, game: GameName, programme: ProgrammeSlug = None
) -> Response:
    """Write a draft: a new one with `If-None-Match: *`, else with `If-Match`. An open game is not written any more."""
    seen = seen_by(request).strip('"')
    if seen and not (seen.isdecimal() and len(seen) < 10):
        raise ProblemError("precondition-failed")
    body = await read_body(request, GameBody)
    at = await _programme(caller, programme)
    ask = _own(caller, "put", at, game, document=body.game, version=int(seen or 0))
    answer = await client_of(request).ask_value(PATH, ask)
    kept = GameView.model_validate_json(bytes(answer.body))
    return Response(bytes(answer.body), media_type="application/json", headers={"ETag": f'"{kept.version}"'})


@router.post(
    "/games/{game}/open",
    operation_id="openGame",
    summary="Open a game",
    response_model=GameView,
    responses=refusals(*KEYED, *_WHERE, "version-unknown", "game-unknown", "game-over"),
    openapi_extra=described(NoBody, {}),
)
async def open_game(
    request: Request, caller: RewardsWriter, game: GameName, programme: ProgrammeSlug = None
) -> Response:
    """Open a draft: a seed is made, of which the hash is told now and the seed when the game is over."""
    return await _manage(request, caller, "open", game, programme)


@router.post(
    "/games/{game}/end",
    operation_id="endGame",
    summary="End a game",
    response_model=GameView,
    responses=refusals(*KEYED, *_WHERE, "version-unknown", "game-unknown", "game-not-open", "game-not-over"),
    openapi_extra=described(NoBody, {}),
)
async def end_game(
    request: Request, caller: RewardsWriter, game: GameName, programme: ProgrammeSlug = None
) -> Response:
    """Draw a game whose time is over, which the clock does too, or stop a wheel at any time."""
    return await _manage(request, caller, "end", game, programme)


@router.get(
    "/games/{game}/record",
    operation_id="getGameRecord",
    summary="What a game was drawn by",
    responses=refusals("game-unknown", "record-unknown", "programme-needed", "request-invalid"),
)
async def get_game_record(caller: RewardsReader, game: GameName, programme: ProgrammeSlug = None) -> DrawRecord:
    """Tell everything that a draw follows from: `pointstream draws verify` draws again by it, without a connection."""
    found = await _game(caller, game, programme)
    at = await _programme(caller, found.programme)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        record = await load_record(reading.connection, caller.tenant_id, at.tenant, found)
    if record is None:
        raise ProblemError("record-unknown")
    return record


@router.post(
    "/games/{game}/tickets",
    operation_id="buyTickets",
    summary="Buy tickets of a lottery",
    status_code=201,
    response_model=TicketsView,
    responses=refusals(*_PLAY, *_PAID, "no-tickets-sold", "tickets-exceeded", "game-not-open"),
    openapi_extra=described(BuyBody, {**_WHO, "quantity": 3}),
)
async def buy_tickets(
    request: Request, caller: PointsSpender, game: GameName, programme: ProgrammeSlug = None
) -> Response:
    """Let a member pay points for tickets, once, however often the request is repeated under its key."""
    body, document = await read_keyed(request, BuyBody)
    return await _play(request, caller, "buy", game, programme, body, document, quantity=body.quantity)


@router.post(
    "/games/{game}/spins",
    operation_id="spinWheel",
    summary="Spin a wheel",
    status_code=201,
    response_model=SpinView,
    responses=refusals(*_PLAY, *_PAID, "not-a-wheel", "spins-exceeded", "game-not-open"),
    openapi_extra=described(SpinBody, {**_WHO, "word": "lucky me"}),
)
async def spin_wheel(
    request: Request, caller: PointsSpender, game: GameName, programme: ProgrammeSlug = None
) -> Response:
    """Spin a wheel for a member: by a ticket where there is one, else for its price."""
    body, document = await read_keyed(request, SpinBody)
    return await _play(request, caller, "spin", game, programme, body, document, word=body.word)


@router.post(
    "/games/{game}/bids",
    operation_id="placeBid",
    summary="Bid at an auction",
    status_code=201,
    response_model=BidView,
    responses=refusals(*_PLAY, *_PAID, "not-an-auction", "auction-not-open", "bid-too-low"),
    openapi_extra=described(BidBody, {**_WHO, "points": 1200}),
)
async def place_bid(
    request: Request, caller: PointsSpender, game: GameName, programme: ProgrammeSlug = None
) -> Response:
    """Bid for a member: the points are held; whoever was best has theirs back at once."""
    body, document = await read_keyed(request, BidBody)
    return await _play(request, caller, "bid", game, programme, body, document, points=body.points)


@router.get("/badges", operation_id="listBadges", summary="The badges", responses=refusals("request-invalid"))
async def list_badges(caller: RewardsReader, programme: ProgrammeSlug = None) -> BadgesView:
    """List badges with their texts and levels."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await load_badges(reading.connection, caller.tenant_id, programme)
    return BadgesView(data=tuple(found))


@router.put(
    "/badges/{badge}",
    operation_id="putBadge",
    summary="Write a badge",
    response_model=BadgeView,
    responses=refusals(*_WRITE),
    openapi_extra=body_of(BadgeBody),
)
async def put_badge(
    request: Request, caller: RewardsWriter, badge: BadgeName, programme: ProgrammeSlug = None
) -> Response:
    """Say what a badge looks like and which levels it has; effects of campaigns and prizes of games give it by name."""
    body = await read_body(request, BadgeBody)
    at = await _programme(caller, programme)
    return respond(await client_of(request).ask_value(PATH, _own(caller, "put_badge", at, badge, document=body.badge)))


@router.post(
    "/badges/{badge}/awards",
    operation_id="giveBadge",
    summary="Give a member a badge",
    status_code=201,
    response_model=AwardView,
    responses=refusals(*KEYED, *OF_MEMBER, "programme-unknown", "version-unknown"),
    openapi_extra=described(AwardBody, {**_WHO, "times": 1}),
)
async def give_badge(
    request: Request, caller: PointsAdjuster, badge: BadgeName, programme: ProgrammeSlug = None
) -> Response:
    """Give a badge by hand."""
    body, document = await read_keyed(request, AwardBody)
    return await _play(request, caller, "give_badge", badge, programme, body, document, quantity=body.times)


@router.get(
    "/members/{member_id}/games",
    operation_id="listMemberGames",
    summary="A member's tickets, prizes and bids",
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def list_member_games(
    caller: PointsReader, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> MemberGamesView:
    """Tell which tickets a member has, what was won, and how bids stand."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        played = await load_played(reading.connection, (caller.tenant_id, member.programme_id, member_id))
        games = await load_games(reading.connection, caller.tenant_id, member.programme) if played.wins else []
    known = {game.name: parse_game(game.document) for game in games}
    return MemberGamesView(
        member_id=member_id,
        programme=member.programme,
        tickets=played.tickets,
        wins=tuple(win_view(win, known[win.game], language) for win in played.wins),
        bids=tuple(MemberBidView(**bid._asdict()) for bid in played.bids),
    )


@router.get(
    "/members/{member_id}/badges",
    operation_id="listMemberBadges",
    summary="A member's badges",
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def list_member_badges(
    caller: PointsReader, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> MemberBadgesView:
    """Tell which badges a member has, at which level, and how far the next one is."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        found = await load_awards(reading.connection, (caller.tenant_id, member.programme_id, member_id))
    data = tuple(badge_view(each, language) for each in found)
    return MemberBadgesView(member_id=member_id, programme=member.programme, data=data)


def win_view(win: MemberWin, what: Lottery | Wheel | Auction, language: str) -> WinView:
    """Show what was won, by the title of the prize, or of the game where that has none."""
    texts: Texts = {}
    if isinstance(what, Lottery):
        texts = next((each.texts for each in what.prizes if each.name == win.prize), {})
    elif isinstance(what, Wheel):
        texts = next((each.texts for each in what.sectors if each.name == win.prize), {})
    else:
        texts = what.texts
    return WinView(**win._asdict(), title=words(texts, language, win.prize or win.game))


def badge_view(each: MemberBadge, language: str) -> MemberBadgeView:
    """Show a badge of a member."""
    reached, above = each.progress.level, each.progress.next
    return MemberBadgeView(
        badge=each.name,
        title=each.name if each.badge is None else words(each.badge.texts, language, each.name),
        picture=None if each.badge is None else each.badge.picture,
        times=each.progress.times,
        level=None if reached is None else reached.name,
        next_level=None if above is None else above.name,
        missing=each.progress.missing,
        first_at=each.first_at,
        last_at=each.last_at,
    )


async def _game(caller: Caller, name: str, programme: str | None) -> GameView:
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await load_games(reading.connection, caller.tenant_id, programme, name)
    if len(found) != 1:
        raise ProblemError("programme-needed" if found else "game-unknown")
    return found[0]


async def _programme(caller: Caller, slug: str | None) -> RunningProgramme:
    found = named(await caller.parts.programmes.of(caller.tenant_id), slug)
    if len(found) != 1:
        raise ProblemError("programme-needed" if found else "programme-unknown")
    return found[0]


def _own(caller: Caller, operation: Operation, at: RunningProgramme, name: str, **told: Any) -> GameAsk:
    """A request that says the same however often it is made: it needs no key."""
    return GameAsk(operation, caller.tenant_id, caller.key.key_id, at.key[1], name, **told)


async def _manage(request: Request, caller: Caller, operation: Operation, name: str, programme: str | None) -> Response:
    _, document = await read_keyed(request, NoBody)
    asked = keyed(request, caller, document)
    at = await _programme(caller, programme)
    ask = GameAsk(operation, **asked, programme_id=at.key[1], name=name)
    return respond(await client_of(request).ask_value(PATH, ask))


async def _play(
    request: Request, caller: Caller, operation: Operation, name: str, programme: str | None, body: MemberBody,
    document: Any, **told: Any,
) -> Response:  # fmt: skip
    asked = keyed(request, caller, document)
    who = await whose(caller, body, programme)
    assert who.programme_id is not None
    ask = GameAsk(operation, **asked, programme_id=who.programme_id, name=name, member_id=who.member_id, **told)
    return respond(await client_of(request).ask_value(PATH, ask), 201)
