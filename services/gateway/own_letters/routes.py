"""The operations that try a template on an address of one's own."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from libs.messages.template import Template
from libs.runtime.keys import event_id
from services.gateway.door.access import RulesPublisher, RulesReader, site_of
from services.gateway.door.middleware import operation_of
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.intake.bodies import fingerprint
from services.gateway.intake.description import KEY
from services.gateway.intake.idempotency import key_text
from services.gateway.own_letters.desk import desk_of_own_letters
from services.gateway.own_letters.views import Testing, TestLetterView, letter_view
from services.gateway.rules.bodies import body_of, read_body
from services.gateway.templates.desk import Asked

router = APIRouter(prefix="/v1", tags=["mass messages"])
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_KEYED = ("idempotency-key-missing", "idempotency-key-invalid", "idempotency-key-reused")
LetterId = Annotated[UUID, Path(description="The letter's id.", examples=["a3f1c2d4-5b6e-5f70-8192-a3b4c5d6e7f8"])]


@router.post(
    "/templates:test",
    operation_id="tryTemplate",
    summary="Send a template to an address of your own",
    status_code=202,
    response_model=TestLetterView,
    responses=refusals(*_BODY, *_KEYED, "programme-needed", "template-invalid", "member-unknown", "test-letters-spent"),
    openapi_extra=body_of(Testing, KEY),
)
async def try_template(
    request: Request, response: Response, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> TestLetterView:
    """Fill a draft, or the template that would be taken, and send it over its channel to an address of your own.

    It is nobody's message: no member is written to, no cap counts it, and its title says that it is a test. Filled with
    what is so of a member it takes `members:read` too; of their name only the beginning is told.
    """
    body = await read_body(request, Testing)
    if body.member_id is not None and not caller.key.allows("members:read"):
        raise ProblemError("scope-missing", "It takes the scope members:read.")
    what: Template | Asked
    if body.template is not None:
        what = body.template.template()
    elif body.message is not None and body.channel is not None:
        what = Asked(body.message, body.language, body.channel, body.brand)
    else:
        fault = FieldError(pointer="/body", detail="give a template, or message and channel")
        raise ProblemError("request-invalid", errors=[fault])
    cause = f"{caller.key.key_id}\x1f{operation_of(request.scope)}"
    name = UUID(event_id(str(caller.tenant_id), cause, "own-letter", key_text(request), 0))
    named = (name, fingerprint(request, body.model_dump(mode="json")))
    desk = desk_of_own_letters(request)
    found = await desk.test(caller, programme, what, body.member_id, body.address, named, site=site_of(request))
    response.headers["Location"] = f"/v1/test-letters/{name}"
    return letter_view(found)


@router.get(
    "/test-letters/{letter_id}",
    operation_id="getTestLetter",
    summary="What became of a letter to an address of your own",
    responses=refusals("test-letter-unknown", "request-invalid"),
)
async def get_test_letter(request: Request, caller: RulesReader, letter_id: LetterId) -> TestLetterView:
    """Tell whether the carrier took a letter, or why not. Its address and words are not kept once it is over."""
    return letter_view(await desk_of_own_letters(request).one(caller.tenant_id, letter_id))
