"""The operation that tells what a purchase would bring."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from msgspec.structs import replace

from libs.judging.programmes import Programmes
from libs.judging.versions import RunningProgramme
from services.gateway.carts.finding import find
from services.gateway.codes.asking import client_of, needs_spending
from services.gateway.door.access import Caller, QuotesReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.inbox.store import Whose
from services.gateway.inbox.till import till_texts
from services.gateway.intake.bodies import MOST_EVENT, read_json
from services.gateway.intake.description import quote_body
from services.gateway.quotes.answers import quote_view
from services.gateway.quotes.bodies import QuoteBody, read_quote
from services.gateway.quotes.foretold import Asked, counters_for, quote
from services.gateway.quotes.history_store import with_history
from services.gateway.quotes.views import QuoteView
from services.gateway.running import named

router = APIRouter(prefix="/v1")


@router.post(
    "/quote",
    operation_id="postQuote",
    summary="What a purchase would bring now",
    tags=["quotes"],
    response_model=QuoteView,
    responses=refusals(
        "body-not-json",
        "body-too-large",
        "body-too-slow",
        "media-type-unsupported",
        "event-invalid",
        "source-unknown",
        "member-unknown",
        "programme-needed",
        "request-invalid",
        "redemption-away",
        "codes-guessed",
        "version-unknown",
    ),
    openapi_extra=quote_body(),
)
async def post_quote(request: Request, caller: QuotesReader, language: Language) -> Response:
    """Tell what a cart would bring, to whom, why, and what is missing for more. Nothing is done, so no key is needed.

    It is decided by the function that decides purchases, on what is stored now: sent as a purchase at once, it brings
    just that, unless something else happens in between. With `codes`, `points` or `gift_cards`, which take the scope
    `points:spend`, it also tells which of them count and pay, what is left to be paid, and why.
    """
    body = read_quote(await read_json(request, MOST_EVENT), caller.parts.clock.now())
    asked = await asked_of(caller, body)
    if body.wants is None:
        used = await caller.parts.quotes.counters(asked.programme.key, counters_for(asked))
        view = quote_view(quote(asked, used), language)
    else:
        needs_spending(caller)
        found = await find(caller, client_of(request), asked, body.wants)
        view = quote_view(found.quote, language, found.view)
    if asked.till and view.member_id is not None:
        whose = Whose(caller.tenant_id, asked.programme.programme_id, view.member_id)
        view = view.model_copy(update={"till": await till_texts(request, whose)})
    return Response(view.model_dump_json(), media_type="application/json")


async def asked_of(caller: Caller, body: QuoteBody) -> Asked:
    """What a body asks, of whom, under which programme.

    Raises:
        ProblemError: nobody has this id, or the programme is not known.
    """
    parts = caller.parts
    programme = _programme(await parts.programmes.of(caller.tenant_id), body)
    identifiers = parts.names.names(body.purchase.identifiers)
    member = None
    if identifiers or body.member_id is not None:
        member = await parts.quotes.member(programme, identifiers, body.member_id, parts.clock.now())
    if member is None and body.member_id is not None:
        raise ProblemError("member-unknown")
    facts, ledger = (None, None) if member is None else (member.facts, member.ledger)
    if facts is not None:
        facts = await with_history(parts.store, programme, facts, body.at)
    purchase = replace(body.purchase, codes=(), cart=None)
    return Asked(programme, purchase, body.at, facts, ledger, member is not None and member.till)


def _programme(programmes: Programmes, body: QuoteBody) -> RunningProgramme:
    """The programme that is meant: that of the source, the named one, or the only one."""
    if body.source is not None:
        found = programmes.of_source(body.source)
        if found is None or body.programme not in (None, found.programme):
            detail = "not at or below a registered source of your company"
            raise ProblemError("source-unknown", errors=[FieldError(pointer="/body/source", detail=detail)])
        return found
    return one_programme(programmes, body.programme, "/body/programme")


def one_programme(programmes: Programmes, slug: str | None, pointer: str) -> RunningProgramme:
    """Return the programme of this slug, or the only one that the company has.

    Raises:
        ProblemError: there is none of this name, or it has to be named.
    """
    found = named(programmes, slug)
    if len(found) != 1:
        detail = "name one programme" if slug is None else "no programme of this name"
        raise ProblemError("programme-needed", errors=[FieldError(pointer=pointer, detail=detail)])
    return found[0]


def first_programme(programmes: Programmes, slug: str | None) -> RunningProgramme:
    """Return the programme of this slug, or the first that the company has: what a page shows.

    Raises:
        ProblemError: there is none of this name, or none at all.
    """
    found = named(programmes, slug)
    return found[0] if found else one_programme(programmes, slug, "/query/programme")
