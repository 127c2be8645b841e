"""What agencies send, and the images that messages show."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from libs.messages.content import ChannelName
from libs.messages.template import Template, TemplateInvalid
from libs.templates import forms
from libs.templates.bundle import MOST_PACKED, Bundle, unpacked
from libs.templates.images import Image
from services.gateway.door.access import RulesPublisher, site_of
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.files.sending import chunks_of
from services.gateway.rules.desk import who
from services.gateway.templates.desk import desk_of_templates, problem
from services.gateway.templates.views import ImportedView, VersionView

router = APIRouter()
MEDIA_TYPE = "application/zip"
_ARCHIVE: dict[str, Any] = {
    "requestBody": {
        "description": "The archive.",
        "required": True,
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_FOR_EVER = "public, max-age=31536000, immutable"
_POLICY = "default-src 'none'; sandbox"


@router.post(
    "/v1/templates:import",
    operation_id="importTemplate",
    summary="Publish what an agency sent",
    tags=["messages"],
    response_model=ImportedView,
    responses=refusals(
        "archive-invalid",
        "body-too-large",
        "body-too-slow",
        "media-type-unsupported",
        "programme-needed",
        "programme-unknown",
        "request-invalid",
        "template-invalid",
    ),
    openapi_extra=_ARCHIVE,
)
async def import_template(
    request: Request,
    caller: RulesPublisher,
    name: Annotated[str, Query(pattern="^[a-z][a-z0-9_]{0,62}$", description="The message.", examples=["campaign"])],
    language: Annotated[str, Query(max_length=35, description="A language tag.", examples=["en"])],
    channel: Annotated[ChannelName, Query(description="Where it is sent.")] = "email",
    brand: Annotated[str, Query(max_length=64, description="For which brand.")] = "",
    title: Annotated[
        str | None, Query(max_length=500, description="The subject; without it, the page's title.")
    ] = None,
    dry_run: Annotated[bool, Query(description="Read and check it, and change nothing.")] = False,
    programme: ProgrammeSlug = None,
) -> ImportedView:
    """Read a ZIP archive of one HTML or MJML page and its images, and publish it: up to 10 MiB, 25 MiB unpacked.

    The images are stored and shown by this gateway, under its public address. The page may have the
    gaps of a template; scripts, forms and whatever loads from elsewhere are refused.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != MEDIA_TYPE:
        raise ProblemError("media-type-unsupported", f"Send {MEDIA_TYPE}.")
    body = bytearray()
    async for chunk in chunks_of(request, MOST_PACKED):
        body += chunk
        if len(body) > MOST_PACKED:
            raise ProblemError("body-too-large", f"At most {MOST_PACKED} bytes are taken.")

    def address(image: Image) -> str:
        return f"{site_of(request)}/media/{image.digest}"

    try:
        bundle: Bundle = await asyncio.to_thread(unpacked, bytes(body), address)
    except TemplateInvalid as invalid:
        raise problem(invalid, "archive-invalid") from None
    template = Template(name, language, channel, bundle.parts, brand)
    if title is not None:
        template = replace(template, parts={**template.parts, "title": title})
    desk = desk_of_templates(request)
    await desk.check(template)
    addresses = tuple(map(address, bundle.images))
    if dry_run:
        return ImportedView(published=False, version=None, template=forms.told(template), images=addresses)
    async with desk.store.opened(caller.tenant_id, programme) as opened:
        now = desk.clock.now()
        await opened.add_images(bundle.images, now)
        found, new = await opened.publish(template, now, who(caller), None)
    return ImportedView(published=new, version=VersionView.of(found), template=forms.told(template), images=addresses)


@router.get("/media/{digest}", include_in_schema=False)
async def image(request: Request, digest: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
    """Show an image of a message to whoever has its name; it never changes."""
    found = await desk_of_templates(request).store.image(digest)
    if found is None:
        raise ProblemError("not-found")
    request.state.headers.update(
        {"Content-Security-Policy": _POLICY, "Cross-Origin-Resource-Policy": "cross-origin"}
    )  # mail programs on the web show it on pages of their own
    headers = {"Cache-Control": _FOR_EVER, "ETag": f'"{digest}"', "Content-Disposition": "inline"}
    if request.headers.get("if-none-match") == f'"{digest}"':
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)
