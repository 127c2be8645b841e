"""Where providers of text messages call: no API key, for they sign what they send."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from services.gateway.callbacks.desk import desk_of_callbacks
from services.gateway.door.access import parts_of
from services.gateway.door.problems import ProblemError
from services.gateway.door.visitors import count_visit
from services.gateway.files.sending import chunks_of

router = APIRouter(include_in_schema=False)
_MOST_BYTES = 32 * 1024
_MOST_FIELDS = 100
_NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
Company = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]


@router.post("/callbacks/sms/{company}")
async def sms_callback(
    request: Request, company: Company, message: Annotated[str | None, Query(max_length=64)] = None
) -> Response:
    """Take in what became of a message, or what a member answered. The answer says nothing."""
    parts = parts_of(request)
    visitor = "" if request.client is None else request.client.host
    count_visit(request, f"callbacks {visitor}")
    tenant_id = await parts.store.company(company)
    if tenant_id is None:
        raise ProblemError("callback-not-signed")
    fields = await _fields(request)
    signature = request.headers.get("x-twilio-signature", "")
    await desk_of_callbacks(request).hear(tenant_id, message, fields, signature)
    return Response(_NOTHING, media_type="application/xml")


async def _fields(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in chunks_of(request, _MOST_BYTES):
        body += chunk
    if len(body) > _MOST_BYTES:
        raise ProblemError("body-too-large", f"At most {_MOST_BYTES} bytes are taken.")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise ProblemError("request-invalid", "A form is expected.") from None
