"""The operations on posts: write one, publish it on the company's pages, look at how it stands."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from libs.posts import postgres as posts
from libs.runtime.keys import event_id
from services.gateway.door.access import RulesPublisher, RulesReader, site_of
from services.gateway.door.middleware import operation_of
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_before, write_before
from services.gateway.door.parameters import CursorText, Limit, ProgrammeSlug
from services.gateway.intake.bodies import fingerprint
from services.gateway.intake.description import KEY
from services.gateway.intake.idempotency import key_text
from services.gateway.posts.bodies import NewPost
from services.gateway.posts.desk import Whole, desk_of_posts
from services.gateway.posts.views import PostPage, PostView, post_line, post_view
from services.gateway.quotes.api import one_programme
from services.gateway.rules.bodies import body_of, read_body

router = APIRouter(prefix="/v1", tags=["posts"])
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_KEYED = (*_BODY, "programme-needed", "idempotency-key-missing", "idempotency-key-invalid", "idempotency-key-reused")
_ONE = ("post-unknown", "request-invalid")
PostId = Annotated[UUID, Path(description="The post's id.", examples=["6f0c1d52-3b7a-5e41-8c2d-9a4b1e7f3c05"])]


@router.post(
    "/posts",
    operation_id="draftPost",
    summary="Write a post for the company's pages",
    status_code=201,
    response_model=PostView,
    responses=refusals(*_KEYED),
    openapi_extra=body_of(NewPost, KEY),
)
async def draft_post(
    request: Request, response: Response, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> PostView:
    """Store a draft: words by language, a link, a picture of the media store. Nothing is published.

    `POST /v1/posts/{post_id}:publish` publishes it, at its hour if it has one. A picture is stored by
    `POST /v1/media`.
    """
    body = await read_body(request, NewPost)
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    cause = f"{caller.key.key_id}\x1f{operation_of(request.scope)}"
    name = UUID(event_id(str(caller.tenant_id), cause, "post", key_text(request), 0))
    digest = fingerprint(request, body.model_dump(mode="json"))
    whole = await desk_of_posts(request).make(caller, running, (name, digest), body.wanted())
    response.headers["Location"] = f"/v1/posts/{name}"
    return _view(request, whole)


@router.get(
    "/posts", operation_id="listPosts", summary="Posts", responses=refusals("cursor-invalid", "request-invalid")
)
async def list_posts(
    request: Request, response: Response, caller: RulesReader, limit: Limit = 50, cursor: CursorText = None
) -> PostPage:
    """List posts, the newest first."""
    listing = f"posts {caller.tenant_id}"
    before = read_before(caller.parts.cursors, cursor, listing)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await posts.load(reading.connection, caller.tenant_id, before=before, most=limit + 1)
    more, found = len(found) > limit, found[:limit]
    following = None
    if more:
        following = write_before(caller.parts.cursors, (found[-1].made_at, found[-1].post_id), listing)
    link_next(request, response, following)
    return PostPage(data=tuple(map(post_line, found)), next_cursor=following, has_more=more)


@router.get(
    "/posts/{post_id}",
    operation_id="getPost",
    summary="How a post stands on its pages, and why it does not",
    responses=refusals(*_ONE),
)
async def get_post(request: Request, caller: RulesReader, post_id: PostId) -> PostView:
    """Tell what it says, how far it is, and on each page what the network calls it or why it is not there."""
    return _view(request, await desk_of_posts(request).one(caller.tenant_id, post_id))


@router.post(
    "/posts/{post_id}:{action}",
    operation_id="steerPost",
    summary="Publish a post, agree to it, call it off or have it tried again",
    responses=refusals(*_ONE, "post-elsewhere", "programme-needed", "second-person-needed"),
)
async def steer_post(
    request: Request,
    caller: RulesPublisher,
    post_id: PostId,
    action: Annotated[
        Literal["publish", "approve", "refuse", "cancel", "retry"],
        Path(description="What is to happen; `retry` tries the pages again that it failed on.", examples=["publish"]),
    ],
) -> PostView:
    """Do something with a post; the same again changes nothing, so that no key is needed.

    A page is read by everybody. In a programme of more members than one person may write to
    (`messages.approval_above`), it waits until somebody else than who had it published agrees.
    """
    return _view(request, await desk_of_posts(request).steer(caller, post_id, action))


def _view(request: Request, whole: Whole) -> PostView:
    return post_view(whole.seen, whole.pages, site_of(request))
