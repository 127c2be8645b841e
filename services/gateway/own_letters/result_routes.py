"""The operations on figures that people of the company get by mail."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from libs.deliveries.result_mails import Wish
from libs.runtime.keys import event_id
from services.gateway.door.access import RulesPublisher, RulesReader
from services.gateway.door.middleware import operation_of
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import ProgrammeSlug
from services.gateway.intake.bodies import fingerprint
from services.gateway.intake.description import KEY
from services.gateway.intake.idempotency import key_text
from services.gateway.own_letters.result_views import (
    NewResultMail,
    ResultMailsView,
    ResultMailView,
    result_mail_view,
)
from services.gateway.own_letters.results_desk import desk_of_results
from services.gateway.quotes.api import one_programme
from services.gateway.rules.bodies import body_of, read_body

router = APIRouter(prefix="/v1", tags=["mass messages"])
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_KEYED = ("idempotency-key-missing", "idempotency-key-invalid", "idempotency-key-reused")
ResultMailId = Annotated[UUID, Path(description="Its id.", examples=["b81c7d1e-0c6a-5a3e-9d2f-4e5f6a7b8c9d"])]


@router.post(
    "/result-mails",
    operation_id="addResultMail",
    summary="Have a programme's figures sent by mail",
    status_code=201,
    response_model=ResultMailView,
    responses=refusals(*_BODY, *_KEYED, "programme-needed"),
    openapi_extra=body_of(NewResultMail, KEY),
)
async def add_result_mail(
    request: Request, response: Response, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> ResultMailView:
    """Send somebody of the company the figures of the day, week or month that is over.

    They tell the points that were issued, redeemed and lapsed, what is outstanding, members who joined, and messages
    sent, opened, clicked and held back. The words are the template `results`, and may be yours.
    """
    body = await read_body(request, NewResultMail)
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    cause = f"{caller.key.key_id}\x1f{operation_of(request.scope)}"
    name = UUID(event_id(str(caller.tenant_id), cause, "result-mail", key_text(request), 0))
    named = (name, fingerprint(request, body.model_dump(mode="json")))
    wish = Wish(body.address, body.every, body.hour, body.language)
    return result_mail_view(await desk_of_results(request).add(caller, running, named, wish))


@router.get(
    "/result-mails",
    operation_id="listResultMails",
    summary="Who gets figures by mail",
    responses=refusals("request-invalid"),
)
async def list_result_mails(request: Request, caller: RulesReader) -> ResultMailsView:
    """List who gets figures, of every programme, with masked addresses."""
    found = await desk_of_results(request).all(caller.tenant_id)
    return ResultMailsView(data=tuple(map(result_mail_view, found)))


@router.delete(
    "/result-mails/{result_mail_id}",
    operation_id="removeResultMail",
    summary="Send somebody no more figures",
    status_code=204,
    responses=refusals("result-mail-unknown", "request-invalid"),
)
async def remove_result_mail(request: Request, caller: RulesPublisher, result_mail_id: ResultMailId) -> None:
    """Forget who was to get figures."""
    await desk_of_results(request).remove(caller.tenant_id, result_mail_id)
