"""The operations on templates: what there is, what is wrong with one, how it looks, and publishing it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from libs.messages.content import ChannelName
from libs.messages.template import Template
from libs.templates import forms
from libs.templates.postgres import Place
from services.gateway.door.access import Caller, RulesPublisher, RulesReader, site_of
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.rules.bodies import body_of, read_body
from services.gateway.rules.desk import who
from services.gateway.templates.bodies import Checking, Previewing, PublishingTemplate, RestoringTemplate
from services.gateway.templates.desk import Asked, desk_of_templates
from services.gateway.templates.views import (
    CompiledView,
    PreviewView,
    PublishedTemplateView,
    TemplatesView,
    TemplateView,
    VersionView,
    compiled_view,
    preview_view,
    templates_view,
)

router = APIRouter(prefix="/v1")
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_PROGRAMME = ("programme-unknown", "programme-needed")
Message = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,62}$", description="The message.", examples=["welcome"])]
Tag = Annotated[str, Path(max_length=35, description="A language tag.", examples=["de-AT"])]
Channel = Annotated[ChannelName, Path(description="Where it is sent.")]
Brand = Annotated[str, Query(max_length=64, description="For which brand; without one, the programme's own.")]


@router.get(
    "/templates",
    operation_id="listTemplates",
    summary="Messages, what they can tell, and your own templates",
    tags=["messages"],
    responses=refusals(*_PROGRAMME, "request-invalid"),
)
async def list_templates(
    request: Request,
    caller: RulesReader,
    name: Annotated[str | None, Query(max_length=63, description="Of one message only.")] = None,
    programme: ProgrammeSlug = None,
) -> TemplatesView:
    """List every message with its variables and the last version at each place: brand, language and channel."""
    async with desk_of_templates(request).store.opened(caller.tenant_id, programme) as opened:
        return templates_view(opened.slug, await opened.heads(name), name)


@router.get(
    "/templates/{message}/{language}/{channel}",
    operation_id="getTemplate",
    summary="The template that is taken",
    tags=["messages"],
    responses=refusals(*_PROGRAMME, "request-invalid"),
)
async def get_template(
    request: Request,
    caller: RulesReader,
    message: Message,
    language: Tag,
    channel: Channel,
    brand: Brand = "",
    programme: ProgrammeSlug = None,
) -> TemplateView:
    """Tell which template a reader of a language gets, with its source: the brand's, the programme's or shipped."""
    asked = Asked(message, language, channel, brand)
    taken = await desk_of_templates(request).taken(caller.tenant_id, programme, asked)
    return TemplateView(
        asked={"message": message, "language": language, "channel": channel, "brand": brand},
        version=taken.version,
        template=forms.told(taken.template),
        versions=tuple(map(VersionView.of, taken.versions)),
    )


@router.post(
    "/templates:check",
    operation_id="checkTemplate",
    summary="What is wrong with a template",
    tags=["messages"],
    response_model=CompiledView,
    responses=refusals(*_BODY, "template-invalid"),
    openapi_extra=body_of(Checking),
)
async def check_template(request: Request, caller: RulesReader) -> CompiledView:
    """Check a template as publishing would, and return what would be kept. Nothing is changed."""
    template = (await read_body(request, Checking)).template.template()
    made = await desk_of_templates(request).check(template)
    return compiled_view(made, template.meant_for())


@router.post(
    "/templates:preview",
    operation_id="previewTemplate",
    summary="What a member would see",
    tags=["messages"],
    response_model=PreviewView,
    responses=refusals(*_BODY, *_PROGRAMME, "template-invalid", "member-unknown"),
    openapi_extra=body_of(Previewing),
)
async def preview_template(request: Request, caller: RulesReader, programme: ProgrammeSlug = None) -> PreviewView:
    """Fill a draft, or the template that would be taken, with samples or with what is so of a member.

    Of a member's name only the beginning is shown; it takes `members:read` too. Nothing is sent.
    """
    body = await read_body(request, Previewing)
    if body.member_id is not None:
        _needs(caller, "members:read")
    what: Template | Asked
    if body.template is not None:
        what = body.template.template()
    elif body.message is not None and body.channel is not None:
        what = Asked(body.message, body.language, body.channel, body.brand)
    else:
        fault = FieldError(pointer="/body", detail="give a template, or message and channel")
        raise ProblemError("request-invalid", errors=[fault])
    shown = await desk_of_templates(request).show(
        caller.parts, caller.tenant_id, programme, what, body.member_id, site=site_of(request)
    )
    return preview_view(shown.content, shown.channel, shown.version, shown.from_member)


@router.post(
    "/templates",
    operation_id="publishTemplate",
    summary="Publish a template",
    tags=["messages"],
    response_model=PublishedTemplateView,
    responses=refusals(*_BODY, *_PROGRAMME, "template-invalid"),
    openapi_extra=body_of(PublishingTemplate),
)
async def publish_template(
    request: Request, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> PublishedTemplateView:
    """Publish the next version at a place; it is taken within seconds. The same again changes nothing."""
    body = await read_body(request, PublishingTemplate)
    found, new = await desk_of_templates(request).publish(
        caller.tenant_id, programme, body.template.template(), who(caller), body.note
    )
    return PublishedTemplateView(published=new, version=VersionView.of(found))


@router.post(
    "/templates:rollback",
    operation_id="rollBackTemplate",
    summary="Take up an earlier version of a template",
    tags=["messages"],
    response_model=PublishedTemplateView,
    responses=refusals(*_BODY, *_PROGRAMME, "template-unknown", "template-invalid"),
    openapi_extra=body_of(RestoringTemplate),
)
async def roll_back_template(
    request: Request, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> PublishedTemplateView:
    """Publish an earlier version again, by default the one before; 0 withdraws, so that what lies behind is taken."""
    body = await read_body(request, RestoringTemplate)
    place = Place(body.name, body.brand, body.language, body.channel)
    found = await desk_of_templates(request).restore(
        caller.tenant_id, programme, place, body.to, who(caller), body.note
    )
    return PublishedTemplateView(published=True, version=VersionView.of(found))


def _needs(caller: Caller, scope: str) -> None:
    if not caller.key.allows(scope):
        raise ProblemError("scope-missing", f"It takes the scope {scope}.")
